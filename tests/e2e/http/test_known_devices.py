"""The known-device cookie: its attributes, and what it does and does not give access to."""

from contextlib import ExitStack
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import httpx
import pytest

from adapters.security.hash_queue import MAX_UNKNOWN
from core.domain.access.authorization import COMMAND_LINE
from core.usecases.access.create_sign_in_link import CreateSignInLink
from ports.passwords import HashRequest
from tests.e2e.http.conftest import Served, served_from
from tests.e2e.http.pages import csrf_in
from tests.e2e.http.steps import attempt, from_elsewhere
from tests.support.http_fixtures import ADMIN, PASSWORD, VIEWER, SeededDatabase

DEVICE = "gleanin_sync_device"
WRONG = "wrong-horse-battery"


def set_cookie(answer: httpx.Response, name: str) -> Morsel[str]:
    (cookie,) = (
        SimpleCookie(cookie)[name]
        for cookie in answer.headers.get_list("Set-Cookie")
        if cookie.startswith(f"{name}=")
    )
    return cookie


def device_of(browser: httpx.Client) -> str:
    return browser.cookies[DEVICE]


def on_device(served: Served, device: str, email: str = ADMIN, password: str = PASSWORD) -> httpx.Response:
    with from_elsewhere(served) as browser:
        browser.cookies.set(DEVICE, device)
        return served.sign_in(browser, email, password)


def test_the_cookie_is_kept_from_scripts_and_outlasts_the_sign_in(served: Served) -> None:
    answer = served.sign_in(served.browser(), ADMIN)
    cookie = set_cookie(answer, DEVICE)
    attributes = (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"], cookie["secure"])
    assert attributes == (True, "lax", "/", "", "")
    assert int(cookie["max-age"]) == 365 * 24 * 3600


def test_under_https_the_cookie_is_of_this_host_only(seeded_database: SeededDatabase, tmp_path: Path) -> None:
    with served_from(seeded_database, tmp_path, public_url="https://sync.example.org") as served:
        browser = served.browser()
        first = browser.get("/sign-in")
        session = set_cookie(first, "__Host-gleanin_sync").value
        form = {"csrf_token": csrf_in(first), "email": ADMIN, "password": PASSWORD}
        # The client sends no Secure cookie without TLS by itself.
        answer = browser.post("/sign-in", data=form, headers={"Cookie": f"__Host-gleanin_sync={session}"})
        cookie = set_cookie(answer, f"__Host-{DEVICE}")
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (
            True,
            True,
            "/",
            "",
        )


def test_who_locks_an_account_does_not_lock_out_its_owner_s_device(fresh: Served) -> None:
    browser = fresh.browser(ADMIN)
    device = device_of(browser)
    assert [attempt(fresh, ADMIN).status_code for _ in range(6)] == [401] * 5 + [429]
    assert attempt(fresh, ADMIN, PASSWORD).status_code == 429
    assert on_device(fresh, device).status_code == 303
    assert on_device(fresh, device, VIEWER, WRONG).status_code == 401, "to another account it is unknown"
    assert [on_device(fresh, device, password=WRONG).status_code for _ in range(6)] == [401] * 5 + [429]
    assert attempt(fresh, ADMIN, PASSWORD).status_code == 429


def test_a_device_is_known_whichever_way_somebody_signed_in_and_stays_so_when_signed_out(
    fresh: Served,
) -> None:
    offered = fresh.running.ask(
        lambda container: container.resolve(CreateSignInLink)(ADMIN, actor=COMMAND_LINE)
    )
    browser = fresh.browser()
    at = f"/sign-in/once/{offered}"
    browser.post(at, data={"csrf_token": csrf_in(browser.get(at))})
    device = device_of(browser)
    browser.post("/sign-out", data={"csrf_token": csrf_in(browser.get("/documentation"))})
    assert device_of(browser) == device
    for _ in range(5):
        attempt(fresh, ADMIN)
    assert on_device(fresh, device).status_code == 303


def test_a_new_password_makes_devices_unknown_but_the_one_it_was_entered_on(fresh: Served) -> None:
    here, there = fresh.browser(ADMIN), fresh.browser(ADMIN)
    new = "another-horse-battery"
    form = {
        "csrf_token": csrf_in(here.get("/account")),
        "present_password": PASSWORD,
        "new_password": new,
    }
    assert here.post("/account/password", data=form).status_code == 303
    for _ in range(5):
        attempt(fresh, ADMIN)
    assert on_device(fresh, device_of(there), password=new).status_code == 429
    assert on_device(fresh, device_of(here), password=new).status_code == 303


def test_a_device_opens_nothing(served: Served) -> None:
    known = served.browser(ADMIN)
    for name in (DEVICE, "gleanin_sync"):
        browser = served.browser()
        browser.cookies.set(name, device_of(known))
        assert browser.get("/account").headers["Location"].startswith("/sign-in")


def test_where_too_many_wait_it_is_said_at_once_when_to_come_back(
    fresh: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    browser = fresh.browser(ADMIN)
    passwords = fresh.running.container.passwords()
    with ExitStack() as waiting:
        for number in range(MAX_UNKNOWN):
            waiting.enter_context(passwords.place_for(HashRequest(str(number), is_known=False)))
        answer = attempt(fresh, ADMIN, PASSWORD)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 60
        assert "The service is busy" in answer.text
        output = capfd.readouterr()
        assert "access.throttled" in output.out + output.err
        assert on_device(fresh, device_of(browser)).status_code == 303
    assert attempt(fresh, ADMIN, PASSWORD).status_code == 303, "and it was no failure"
