"""Log events and metrics of sign-ins and refused access."""

import re

import pytest

from tests.e2e.http.conftest import Served
from tests.support.http_fixtures import ADMIN, PASSWORD

WRONG = "wrong-horse-battery"


def number(served: Served, event: str) -> float:
    text = served.browser().get("/metrics").text
    found = re.search(rf'^gleanin_sync_access_events_total{{event="{event}"}} (\S+)$', text, re.MULTILINE)
    return float(found[1]) if found else 0


@pytest.mark.parametrize("event", ["signed_in", "sign_in_failed", "key_refused", "hook", "form_forged"])
def test_it_is_told_with_the_network_address_and_without_what_was_typed(
    fresh: Served, capfd: pytest.CaptureFixture[str], event: str
) -> None:
    browser = fresh.browser()
    name = "key_refused" if event == "hook" else event
    before = number(fresh, name)
    capfd.readouterr()
    match event:
        case "signed_in":
            fresh.sign_in(browser, ADMIN)
        case "sign_in_failed":
            fresh.sign_in(browser, ADMIN, WRONG)
        case "key_refused":
            browser.get("/api/v1/organizations", headers={"Authorization": f"Bearer {WRONG}"})
        case "hook":
            url = f"/hooks/sessionboard/{fresh.acme.organization}"
            browser.post(url, headers={"X-Webhook-Secret": WRONG}, json={})
        case _:
            fresh.signed_in(ADMIN).post("/account/password", data={"csrf_token": WRONG})
            before = min(before, number(fresh, name) - 1)
    output = "".join(capfd.readouterr())
    assert f"access.{name}" in output
    assert "127.0.0.1" in output
    for secret in (ADMIN, PASSWORD, WRONG):
        assert secret not in output
    assert number(fresh, name) == before + 1
