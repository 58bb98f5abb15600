"""A form that was sent after the sign-in expired is not processed; it comes back with what was entered."""

import html
import re
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from entrypoints.http.pages.saved_forms import MAX_BYTES, SECRET
from tests.e2e.http.conftest import Served
from tests.e2e.http.pages import csrf_in
from tests.support.http_fixtures import ADMIN, EVERYWHERE, PASSWORD, VIEWER

TEMPLATES = Path("src/entrypoints/http/templates")
TYPED = 'Nightly "export" <b>'
OWN = {"Sec-Fetch-Site": "same-origin"}
FOREIGN: Mapping[str, Mapping[str, str]] = {
    "another site": {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.org"},
    "a neighbour": {"Sec-Fetch-Site": "same-site"},
    "another origin": {"Origin": "https://evil.example.org"},
    "a sandboxed frame": {"Origin": "null"},
    "nobody knows": {},
}


def settings(served: Served) -> str:
    return f"/organizations/{served.acme.organization}/settings"


def keys(served: Served) -> str:
    return f"{settings(served)}/api-keys"


def send(
    served: Served,
    browser: httpx.Client,
    page: str,
    to: str,
    headers: Mapping[str, str] = OWN,
    /,
    **fields: str,
) -> httpx.Response:
    """Send a form like a browser that has had the page open."""
    return browser.post(to, data=fields, headers={**headers, "Referer": served.url + page})


def whose_sign_in_ended(served: Served, role: str = ADMIN) -> tuple[httpx.Client, str]:
    """Return a browser that has a page open and was signed out in another window, and the page's CSRF token."""
    browser, other = served.browser(role), served.browser()
    secret = csrf_in(browser.get("/documentation"))
    other.cookies.update(dict(browser.cookies))
    other.post("/sign-out", data={"csrf_token": secret})
    return browser, secret


def value_of(page: httpx.Response, name: str) -> str | None:
    (tag,) = re.findall(rf'<input[^>]*\sname="{name}"[^>]*>', page.text)
    found = re.search(r'\svalue="([^"]*)"', tag)
    return html.unescape(found[1]) if found else None


def kept_in(page: httpx.Response) -> str:
    return value_of(page, "kept_form") or ""


def names_of_keys(served: Served) -> list[str]:
    items = served.client(ADMIN).get(f"/organizations/{served.acme.organization}/api-keys").json()["items"]
    return [item["name"] for item in items]


@pytest.mark.parametrize("with_cookie", [True, False])
def test_what_was_typed_before_the_sign_in_ended_stands_in_its_form_again(
    served: Served, *, with_cookie: bool
) -> None:
    browser, secret = whose_sign_in_ended(served)
    typed = f"{TYPED} {with_cookie}"
    if not with_cookie:
        browser.cookies.clear()
    fields = {"csrf_token": secret, "name": typed, "role": "hook"}
    answer = send(served, browser, settings(served), keys(served), **fields)
    assert answer.status_code == 401
    assert "Your session had expired" in answer.text
    assert typed not in answer.text  # escaped
    wrong = _sign_in(served, browser, answer, password="wrong")
    assert wrong.status_code == 401
    again = _sign_in(served, browser, wrong)
    assert again.status_code == 200
    assert value_of(again, "name") == typed
    assert re.search(r'value="hook"[^>]* checked', again.text)
    assert not re.search(r'value="viewer"[^>]* checked', again.text)
    assert "the form was not sent" in again.text
    assert "Enter them again" not in again.text
    assert typed not in names_of_keys(served)
    sent = send(served, browser, settings(served), keys(served), **{**fields, "csrf_token": csrf_in(again)})
    assert sent.status_code == 201
    assert typed in names_of_keys(served)


def _sign_in(served: Served, browser: httpx.Client, page: httpx.Response, **more: str) -> httpx.Response:
    fields = {"email": ADMIN, "password": PASSWORD, "next": "/", "kept_form": kept_in(page), **more}
    return send(served, browser, "/sign-in", "/sign-in", csrf_token=csrf_in(page), **fields)


def test_secrets_are_neither_in_a_page_nor_in_a_form_again(served: Served) -> None:
    browser, secret = whose_sign_in_ended(served, EVERYWHERE)
    at = "/organizations/new"
    typed = {"name": "Late", "sessionboard_url": "https://x.example.org", "token": "s3cret-token"}
    answer = send(served, browser, at, at, csrf_token=secret, **typed)
    assert "s3cret" not in answer.text
    again = _sign_in(served, browser, answer, email=EVERYWHERE)
    assert (value_of(again, "name"), value_of(again, "token")) == ("Late", None)
    assert "s3cret" not in again.text
    assert "Enter them again" in again.text


def test_every_field_that_hides_what_is_typed_is_known_as_a_secret() -> None:
    asked = {
        name
        for each in TEMPLATES.rglob("*.html")
        for name in re.findall(r'ui\.password\("(\w+)"', each.read_text(encoding="utf-8"))
    }
    assert asked
    assert all(SECRET.search(each) for each in asked)


def test_a_button_is_pressed_again_by_whoever_sees_its_page(served: Served) -> None:
    browser, secret = whose_sign_in_ended(served)
    event = f"/organizations/{served.acme.organization}/events/5101/preview"
    asked = send(served, browser, event, f"/mappings/{served.acme.mapping}/sync?scope=all", csrf_token=secret)
    assert "then try again" in asked.text
    answer = _sign_in(served, browser, asked)
    assert (answer.status_code, answer.headers["Location"]) == (303, event)
    assert "Nothing was changed" in browser.get(event).text


def test_a_form_from_before_the_session_was_renewed_is_filled_again_and_not_carried_out(
    served: Served,
) -> None:
    browser = served.browser(ADMIN)
    old = csrf_in(browser.get(settings(served)))
    served.sign_in(browser, ADMIN)
    fields = {"name": "Renewed meanwhile", "role": "viewer"}
    again = send(served, browser, settings(served), keys(served), csrf_token=old, **fields)
    assert again.status_code == 403
    assert value_of(again, "name") == "Renewed meanwhile"
    assert "This page had expired" in again.text
    assert "Renewed meanwhile" not in names_of_keys(served)
    fields["csrf_token"] = csrf_in(again)
    assert send(served, browser, settings(served), keys(served), **fields).status_code == 201


def test_checkboxes_choices_and_hidden_fields_of_a_form_that_is_filled_again(served: Served) -> None:
    browser = served.browser(ADMIN)
    acme = served.acme
    at = f"/organizations/{acme.organization}/integrations/mappings/{acme.mapping}/settings"
    before = browser.get(at)
    assert re.search(r'name="chairpersons"[^>]* checked', before.text)
    served.sign_in(browser, ADMIN)
    again = send(
        served,
        browser,
        at,
        at,
        csrf_token="old",
        tracks="tags",
        moderators="on",
        confirmed_zone="Forged/Zone",
    )
    assert re.search(r'value="tags"[^>]* checked', again.text)
    assert re.search(r'name="moderators"[^>]* checked', again.text)
    assert not re.search(r'name="chairpersons"[^>]* checked', again.text)
    assert "Forged" not in again.text


def test_a_sign_in_page_that_was_open_for_too_long_keeps_the_email(served: Served) -> None:
    browser = served.browser()
    again = send(served, browser, "/sign-in", "/sign-in", csrf_token="old", email=VIEWER, password=PASSWORD)
    assert (again.status_code, value_of(again, "email")) == (403, VIEWER)
    assert PASSWORD not in again.text
    assert browser.get("/account").status_code == 303


def test_who_signed_in_in_another_window_goes_on_without_signing_in_twice(served: Served) -> None:
    browser, secret = whose_sign_in_ended(served)
    fields = {"csrf_token": secret, "name": "Elsewhere", "role": "viewer"}
    answer = send(served, browser, settings(served), keys(served), **fields)
    to = "/sign-in/resume"
    still_out = send(served, browser, keys(served), to, kept_form=kept_in(answer))
    assert (still_out.status_code, kept_in(still_out)) == (401, kept_in(answer))
    served.sign_in(browser, ADMIN)
    for page, more in ((to, {}), ("/sign-in", {"csrf_token": "old", "email": ADMIN, "password": PASSWORD})):
        again = send(served, browser, keys(served), page, kept_form=kept_in(answer), **more)
        assert (again.status_code, value_of(again, "name")) == (200, "Elsewhere")
    assert "Elsewhere" not in names_of_keys(served)


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("is_signed_in", [True, False])
def test_a_form_of_another_site_puts_nothing_into_ours(
    served: Served, origin: str, *, is_signed_in: bool
) -> None:
    browser = served.browser(ADMIN) if is_signed_in else whose_sign_in_ended(served)[0]
    for to, fields in (
        (keys(served), {"name": "Forged", "role": "admin"}),
        (
            f"{settings(served)}/notices",
            {"channel": "webhook", "address": "https://forged.example.org/Forged"},
        ),
        ("/sign-in/resume", {"kept_form": f'["{settings(served)}", "{keys(served)}", [["name", "Forged"]]]'}),
        ("/sign-in", {"email": "Forged@example.org", "password": PASSWORD, "kept_form": "[]"}),
    ):
        answer = send(served, browser, settings(served), to, FOREIGN[origin], **fields)
        assert answer.status_code in {303, 403}, to
        assert "Forged" not in answer.text
        if answer.status_code == 303:
            assert answer.headers["Location"] == "/sign-in"
            assert "Forged" not in browser.get("/sign-in").text


@pytest.mark.parametrize(
    "kept",
    [
        "",
        "nonsense",
        "[" * 5000,
        '{"a": 1}',
        '["/a", "/b", [["name"]]]',
        '["/a", "/b", [[1, 2]]]',
        '["https://evil.example.org/", "/b", []]',
        '["//evil.example.org/", "/b", [["name", "x"]]]',
        '["/a", "//evil.example.org", [["name", "x"]]]',
    ],
)
def test_what_is_kept_leads_nowhere_else(served: Served, kept: str) -> None:
    answer = send(served, served.signed_in(ADMIN), "/", "/sign-in/resume", kept_form=kept)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/organizations")


@pytest.mark.parametrize(
    "page", ["/metrics", "/runs/{run}/progress", "/api/v1/openapi.json", "/nothing", "/"]
)
def test_a_page_that_has_no_form_is_just_shown(served: Served, page: str) -> None:
    at = page.format(run=served.acme.run)
    kept = f'["{at}", "{at}", [["name", "x"]]]'
    answer = send(served, served.signed_in(ADMIN), "/", "/sign-in/resume", kept_form=kept)
    assert (answer.status_code, answer.headers["Location"]) == (303, at)


def test_what_is_too_large_to_be_kept_is_told(served: Served) -> None:
    browser, secret = whose_sign_in_ended(served)
    fields = {"csrf_token": secret, "name": "x" * MAX_BYTES, "role": "viewer"}
    answer = send(served, browser, settings(served), keys(served), **fields)
    assert answer.status_code == 401
    assert len(answer.text) < MAX_BYTES
    assert _sign_in(served, browser, answer).headers["Location"] == settings(served)


def test_a_part_of_a_page_is_not_replaced_by_the_page_to_sign_in(served: Served) -> None:
    browser, secret = whose_sign_in_ended(served)
    page = f"/organizations/{served.acme.organization}/share-links"
    answer = browser.post(
        f"/mappings/{served.acme.mapping}/portal-address",
        data={"csrf_token": secret, "person": f"speaker:{served.acme.person}"},
        headers={**OWN, "HX-Request": "true", "Referer": served.url + page},
    )
    assert (answer.status_code, answer.text) == (204, "")
    leads_to = answer.headers["HX-Redirect"]
    assert leads_to.startswith("/sign-in?next=")
    assert "the form was not sent" in browser.get(leads_to).text


@pytest.mark.parametrize(
    "path",
    [
        "/account/password",
        "{at}/settings/sessionboard-token",
        "{at}/integrations/token",
        "{at}/settings/notices/try",
    ],
)
def test_the_address_of_a_form_that_was_sent_leads_back_to_its_page(served: Served, path: str) -> None:
    at = f"/organizations/{served.acme.organization}"
    assert served.signed_in(ADMIN).get(path.format(at=at)).status_code == 303
