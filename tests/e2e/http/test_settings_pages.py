"""An organization's settings, its audit log, one's own account, and the documentation."""

import html
import re

import pytest

from core.domain.access.audit import Action
from entrypoints.http.pages.settings.audit_log import SENTENCES
from entrypoints.sandbox.state import SESSIONBOARD_TOKEN
from tests.e2e.http.conftest import Served
from tests.e2e.http.pages import post
from tests.e2e.http.steps import settings
from tests.support.http_fixtures import ADMIN, EVERYWHERE, PASSWORD, STRANGER, VIEWER

NEW_PASSWORD = "another-horse-battery"


def test_who_has_access_is_told_as_far_as_somebody_may_know(served: Served) -> None:
    seen = served.browser(ADMIN).get(settings(served)).text
    assert VIEWER in seen
    assert EVERYWHERE not in seen
    assert STRANGER not in seen
    assert EVERYWHERE in served.browser(EVERYWHERE).get(settings(served)).text


def test_who_may_only_read_is_offered_nothing_to_change(served: Served) -> None:
    viewer = served.browser(VIEWER)
    page = viewer.get(settings(served)).text
    assert page.count("<form") == 1, "the one that signs out"
    assert "API keys" not in page.replace("create API keys", "")
    for url in ("/remove", "/api-keys", f"/api-keys/{served.acme.key}/revoke"):
        assert viewer.get(settings(served) + url).status_code == 403


def test_the_sessionboard_token_is_tried_before_it_is_replaced(fresh: Served) -> None:
    browser, at = fresh.browser(ADMIN), settings(fresh)
    url = f"{at}/sessionboard-token"
    refused = post(browser, url, page=at, token="wrong-wrong-wrong")
    assert refused.status_code == 422
    assert "refused the Sessionboard token" in refused.text
    assert post(browser, url, page=at, token=SESSIONBOARD_TOKEN).headers["Location"] == at


def test_an_api_key_is_shown_once_opens_the_organization_and_is_revoked(fresh: Served) -> None:
    browser, at = fresh.browser(ADMIN), settings(fresh)
    made = post(browser, f"{at}/api-keys", page=at, name="Nightly export", role="viewer")
    assert made.status_code == 201
    (secret,) = re.findall(r"<code>(gls_[^<]+)</code>", made.text)
    client = fresh.browser()
    client.headers["Authorization"] = f"Bearer {secret}"
    path = f"/api/v1/organizations/{fresh.acme.organization}"
    assert client.get(path).status_code == 200
    listed = browser.get(at).text
    assert secret not in listed
    (revoke,) = re.findall(r'href="([^"]+/revoke)">Revoke<span class="sr-only"> Nightly export', listed)
    assert post(browser, revoke).headers["Location"] == f"{at}#api-keys"
    assert client.get(path).status_code == 401
    assert browser.get(revoke).status_code == 404


@pytest.mark.parametrize(
    ("name", "role"), [("", "viewer"), ("x" * 101, "viewer"), ("Good", "support"), ("Good", "")]
)
def test_a_key_that_cannot_be_one_is_not_made(served: Served, name: str, role: str) -> None:
    browser, at = served.browser(ADMIN), settings(served)
    refused = post(browser, f"{at}/api-keys", page=at, name=name, role=role)
    assert refused.status_code == 422
    assert 'class="field-error"' in refused.text
    assert "gls_" not in refused.text


def test_an_organization_is_removed_only_when_it_is_disconnected_and_named(fresh: Served) -> None:
    browser, at = fresh.browser(EVERYWHERE), settings(fresh)
    at_first = post(browser, f"{at}/remove", page=at, confirmation="Acme")
    assert at_first.status_code == 409
    assert "Disconnect it before you remove it" in at_first.text
    post(browser, f"/organizations/{fresh.acme.organization}/integrations/disconnect", confirmation="Acme")
    unnamed = post(browser, f"{at}/remove", confirmation="Stranger")
    assert unnamed.status_code == 422
    assert "To confirm, enter its name" in unnamed.text
    assert post(browser, f"{at}/remove", confirmation="Acme").headers["Location"] == "/organizations"
    assert browser.get(at).status_code == 404


def test_the_audit_log_tells_newest_first_in_sentences_part_by_part(fresh: Served) -> None:
    browser, at = fresh.browser(ADMIN), settings(fresh)
    for number in range(51):
        post(browser, f"{at}/api-keys", page=at, name=f"Key {number}", role="viewer")
    page = browser.get(f"{at}/audit-log").text
    assert page.index("Created the API key Key 50 (viewer).") < page.index(
        "Created the API key Key 1 (viewer)."
    )
    assert f"by {ADMIN}" in page
    assert "(UTC)" in page
    (older,) = re.findall(r'rel="next" href="([^"]+)"', page)
    rest = browser.get(html.unescape(older)).text
    assert "Created the API key Key 0 (viewer)." in rest
    assert "Connected Acme to Gleanin." in rest
    assert "Key 1 (viewer)" not in rest
    for nonsense in ("0", "-1", "x", str(2**63)):
        assert browser.get(f"{at}/audit-log", params={"before": nonsense}).status_code == 404


def test_every_action_has_its_sentence() -> None:
    assert set(SENTENCES) == set(Action)


def test_somebody_changes_the_own_password_and_stays_signed_in_here_only(fresh: Served) -> None:
    here, elsewhere = fresh.browser(ADMIN), fresh.browser(ADMIN)
    url, page = "/account/password", "/account"
    wrong = post(here, url, page=page, present_password="wrong", new_password=NEW_PASSWORD)
    assert wrong.status_code == 422
    assert "This is not your current password." in wrong.text
    short = post(here, url, page=page, present_password=PASSWORD, new_password="short")
    assert short.status_code == 422
    assert short.text.count("Use 12 to 1,000 characters") == 2, "the hint and the error"
    done = post(here, url, page=page, present_password=PASSWORD, new_password=NEW_PASSWORD)
    assert done.headers["Location"] == page
    assert here.get(page).status_code == 200
    assert elsewhere.get(page).status_code == 303
    assert fresh.sign_in(fresh.browser(), ADMIN).status_code == 401
    assert fresh.sign_in(fresh.browser(), ADMIN, NEW_PASSWORD).status_code == 303


def test_the_documentation_is_for_everybody(served: Served) -> None:
    page = served.browser().get("/documentation")
    assert page.status_code == 200
    assert "Nothing is ever removed from Gleanin" in page.text
    assert "help@example.org" in page.text, "the support contact"
    assert VIEWER in served.browser(VIEWER).get("/documentation").text


def test_ones_own_account_needs_a_sign_in(served: Served) -> None:
    answer = served.browser().get("/account")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=%2Faccount")
