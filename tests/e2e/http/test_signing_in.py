"""Attempts to sign in that must fail."""

from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest

from core.domain.access.authorization import COMMAND_LINE
from core.usecases.access.create_sign_in_link import CreateSignInLink
from tests.e2e.http.conftest import Served, served_from
from tests.e2e.http.pages import csrf_in
from tests.support.http_fixtures import ADMIN, PASSWORD, SUPPORT, VIEWER, SeededDatabase


def cookie_of(answer: httpx.Response) -> SimpleCookie:
    return SimpleCookie(answer.headers["Set-Cookie"])


def test_the_cookie_of_a_sign_in_is_kept_from_scripts_and_other_sites(served: Served) -> None:
    browser = served.browser()
    cookie = cookie_of(served.sign_in(browser, ADMIN))["gleanin_sync"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (
        True,
        "lax",
        "/",
        "",
    )
    assert not cookie["secure"]  # served locally without TLS


def test_under_a_public_https_address_cookies_travel_by_https_only(
    seeded_database: SeededDatabase, tmp_path: Path
) -> None:
    with served_from(seeded_database, tmp_path, public_url="https://sync.example.org") as served:
        answer = served.browser().get("/sign-in", headers={"Host": "sync.example.org"})
        cookie = cookie_of(answer)["__Host-gleanin_sync"]
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (
            True,
            True,
            "/",
            "",
        )
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
        client = served.client(ADMIN)
        made = client.post(
            f"/mappings/{served.acme.mapping}/people/speaker/{served.acme.person}/portal-address"
        ).json()
        assert made["address"].startswith("https://sync.example.org/portal/")


def test_nothing_that_a_browser_had_before_is_kept_by_a_sign_in(served: Served) -> None:
    browser = served.browser()
    before = csrf_in(browser.get("/sign-in"))
    planted = dict(browser.cookies)
    served.sign_in(browser, ADMIN)
    assert dict(browser.cookies) != planted
    assert csrf_in(browser.get("/documentation")) != before
    other = served.browser()
    other.cookies.update(planted)
    assert other.get("/organizations").headers["Location"].startswith("/sign-in")


def test_a_cookie_that_was_changed_is_none(served: Served) -> None:
    cookie = served.signed_in(ADMIN).cookies["gleanin_sync"]
    payload, at, signature = cookie.split(".")
    for forged in (
        f"{payload}.{at}.{signature[:-2]}AA",
        f"{payload}..{signature}",
        f"e30=.{at}.{signature}",
        "x",
        payload,
    ):
        browser = served.browser()
        browser.cookies.set("gleanin_sync", forged)
        assert browser.get("/organizations").headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("method", ["get", "head", "put"])
def test_only_a_form_signs_somebody_in_or_out(served: Served, method: str) -> None:
    browser = served.signed_in(SUPPORT)
    browser.request(method, "/sign-out")
    browser.request(method, "/sign-in", params={"email": ADMIN, "password": PASSWORD})
    assert browser.get("/organizations").status_code == 200


NEXT = [
    "//evil.example.org",
    "///evil.example.org",
    "/\\evil.example.org",
    "\\\\evil.example.org",
    "https://evil.example.org",
    "https:evil.example.org",
    "HTTPS:/evil.example.org",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example.org",
    "/\t/evil.example.org",
    "\t//evil.example.org",
    " //evil.example.org",
    "/\n/evil.example.org",
    "/%0d%0aLocation: https://evil.example.org",
    "/\r\nLocation: https://evil.example.org",
    "//[evil",
    "/。evil.example.org",
    "@evil.example.org",
    "",
]


@pytest.mark.parametrize("wanted", NEXT)
def test_a_sign_in_leads_to_no_page_of_others(served: Served, wanted: str) -> None:
    browser = served.browser()
    page = browser.get("/sign-in", params={"next": wanted})
    assert page.status_code == 200
    answer = served.sign_in(browser, VIEWER, next=wanted)
    leads_to = httpx.URL(served.url).join(answer.headers["Location"])
    assert (leads_to.host, leads_to.scheme) == ("127.0.0.1", "http")
    location = answer.headers["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert location.isprintable()
    assert (
        "location" not in {name.lower() for name in answer.headers if "evil" in answer.headers[name]}
        or "%0d%0a" in location
    )


def test_a_sign_in_leads_back_to_the_page_that_was_asked_for(served: Served) -> None:
    target = f"/organizations/{served.acme.organization}/history?before=1"
    answer = served.sign_in(served.browser(), VIEWER, next=target)
    assert answer.headers["Location"] == target


def test_an_address_that_signs_in_is_not_used_up_by_what_only_opens_it(served: Served) -> None:
    offered = served.running.ask(
        lambda container: container.resolve(CreateSignInLink)(ADMIN, actor=COMMAND_LINE)
    )
    at, preview = f"/sign-in/once/{offered}", served.browser()
    for method in ("get", "head"):
        preview.request(method, at)
    assert preview.get("/organizations").headers["Location"].startswith("/sign-in")

    browser = served.browser()
    form = {"csrf_token": csrf_in(browser.get(at))}
    assert browser.post(at).status_code == 403
    assert browser.post(at, data=form).headers["Location"] == "/organizations"
    assert browser.get("/account").status_code == 200
    again = served.browser()
    assert again.post(at, data={"csrf_token": csrf_in(again.get(at))}).status_code == 404


def test_a_sign_in_ends_the_one_that_the_browser_had(served: Served) -> None:
    browser, other = served.browser(VIEWER), served.browser()
    other.cookies.update(dict(browser.cookies))
    assert other.get("/account").status_code == 200
    assert served.sign_in(browser, VIEWER, "wrong").status_code == 401
    assert other.get("/account").status_code == 200, "it takes a new one to end it"
    served.sign_in(browser, VIEWER)
    assert browser.get("/account").status_code == 200
    assert other.get("/account").headers["Location"].startswith("/sign-in")
