"""Repeated attempts to sign in: throttled by account and by IP address, without revealing anything."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.e2e.http.conftest import Served
from tests.e2e.http.pages import csrf_in
from tests.e2e.http.steps import WRONG_PASSWORD, attempt, from_elsewhere, ip_addresses
from tests.support.http_fixtures import ADMIN, PASSWORD, ROLES, VIEWER
from tests.support.http_server import serving


def test_after_some_failures_an_account_has_to_wait_wherever_the_attempts_come_from(fresh: Served) -> None:
    failures = [attempt(fresh, ADMIN).status_code for _ in range(6)]
    assert failures == [401] * 5 + [429]
    right = attempt(fresh, ADMIN, PASSWORD)
    assert right.status_code == 429
    assert 0 < int(right.headers["Retry-After"]) <= 15
    assert attempt(fresh, ADMIN.upper(), PASSWORD).status_code == 429
    assert attempt(fresh, VIEWER, PASSWORD).status_code == 303


def test_after_some_failures_an_address_has_to_wait_whatever_account_it_tries(fresh: Served) -> None:
    address = next(ip_addresses)
    failures = [
        attempt(fresh, f"nobody{number}@example.org", address=address).status_code for number in range(6)
    ]
    assert failures == [401] * 5 + [429]
    assert attempt(fresh, ADMIN, PASSWORD, address).status_code == 429
    assert attempt(fresh, ADMIN, PASSWORD).status_code == 303


def test_no_header_makes_another_address_of_it(fresh: Served) -> None:
    address, statuses = next(ip_addresses), list[int]()
    for number in range(6):
        with from_elsewhere(fresh, address) as browser:
            browser.headers["X-Forwarded-For"] = f"10.0.0.{number}"
            browser.headers["Forwarded"] = f"for=10.0.0.{number}"
            statuses.append(fresh.sign_in(browser, f"nobody{number}@example.org", WRONG_PASSWORD).status_code)
    assert statuses == [401] * 5 + [429]


def test_of_fifty_attempts_at_once_no_more_are_looked_at_than_one_by_one(fresh: Served) -> None:
    with ExitStack() as opened:
        browsers = [opened.enter_context(from_elsewhere(fresh)) for _ in range(50)]
        forms = [
            {"csrf_token": csrf_in(browser.get("/sign-in")), "email": ADMIN, "password": WRONG_PASSWORD}
            for browser in browsers
        ]
        with ThreadPoolExecutor(25) as pool:
            statuses = Counter(
                pool.map(
                    lambda each: each[0].post("/sign-in", data=each[1]).status_code,
                    zip(browsers, forms, strict=True),
                )
            )
    assert statuses == {401: 5, 429: 45}


def test_waiting_outlasts_a_restart_and_holds_for_all_processes(fresh: Served) -> None:
    for _ in range(3):
        attempt(fresh, ADMIN)
    with serving(fresh.seeded_database.settings()) as other, ExitStack() as clients:
        beside = Served(other, fresh.seeded_database, clients)
        assert [attempt(beside, ADMIN).status_code for _ in range(3)] == [401, 401, 429]
        assert attempt(fresh, ADMIN, PASSWORD).status_code == 429
    with serving(fresh.seeded_database.settings()) as later, ExitStack() as clients:
        assert attempt(Served(later, fresh.seeded_database, clients), ADMIN, PASSWORD).status_code == 429


def refused(served: Served, email: str) -> tuple[float, str]:
    """Return the time until the refusal, and the page without the values of this attempt."""
    with from_elsewhere(served) as browser:
        token = csrf_in(browser.get("/sign-in"))
        began = time.perf_counter()
        answer = browser.post(
            "/sign-in", data={"csrf_token": token, "email": email, "password": WRONG_PASSWORD}
        )
        took = time.perf_counter() - began
    assert answer.status_code == 401
    return took, answer.text.replace(email, "WHO").replace(token, "TOKEN")


def test_nothing_tells_whether_there_is_an_account(fresh: Served) -> None:
    known = [refused(fresh, email) for email in ROLES]
    unknown = [refused(fresh, f"nobody{number}@example.org") for number in range(len(ROLES))]
    assert len({text for _, text in known + unknown}) == 1
    assert "The e-mail or password is wrong." in known[0][1]
    # To hash no password at all would take a tenth of the time, also on a busy machine.
    fastest, slowest = sorted(min(took for took, _ in each) for each in (known, unknown))
    assert slowest < 4 * fastest


@pytest.mark.parametrize("password", ["", "x" * 50_000, "\0" * 20, "💻" * 1000])
def test_a_password_of_any_length_is_only_wrong(fresh: Served, password: str) -> None:
    assert attempt(fresh, ADMIN, password).status_code == 401
