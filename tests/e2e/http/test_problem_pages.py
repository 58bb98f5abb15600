"""Error pages: they keep the organization's navigation, link to the next step, and mention no id."""

import html
import re

import httpx
import pytest

from tests.e2e.http.conftest import Served
from tests.e2e.http.pages import csrf_in
from tests.e2e.http.steps import fail
from tests.support.http_fixtures import ADMIN, STRANGER, VIEWER
from tests.support.systems import GLEANIN

NAVIGATION = '<nav class="wrap site-nav"'


def said(page: httpx.Response) -> str:
    (found,) = re.findall(r'role="alert">.*?<p>(.*?)</p>', page.text, re.DOTALL)
    return html.unescape(found)


def visible(page: httpx.Response) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", page.text))


@pytest.mark.parametrize(
    "path",
    [
        "{at}/nonsense",
        "{at}/integrations/mappings/unknownmap12/settings",
        "{at}/settings/api-keys/unknownkey12/revoke",
        "{at}/events/9999/agenda",
        "{at}/share-links.csv?mapping=unknownmap12",
    ],
)
def test_what_is_not_there_is_said_within_the_organization(served: Served, path: str) -> None:
    at = f"/organizations/{served.acme.organization}"
    page = served.signed_in(ADMIN).get(path.format(at=at))
    assert page.status_code == 404
    assert NAVIGATION in page.text
    assert f'href="{at}/events"' in page.text
    assert 'aria-label="Breadcrumb"' in page.text
    assert "unknown" not in said(page)
    assert "9999" not in said(page)


@pytest.mark.parametrize(
    "path", ["/mappings/{id}/records", "/runs/{id}", "/organizations/{id}/events", "/no"]
)
def test_what_may_not_be_seen_has_no_navigation_and_a_way_on(served: Served, path: str) -> None:
    ids = {"mappings": served.stranger.mapping, "runs": served.stranger.run, "no": ""}
    theirs = ids.get(path.split("/")[1], served.stranger.organization)
    page = served.signed_in(ADMIN).get(path.format(id=theirs))
    assert page.status_code == 404
    assert NAVIGATION not in page.text
    assert "Stranger" not in page.text
    assert '<a href="/organizations">View organizations</a>' in page.text


def test_a_right_that_is_missing_is_said_within_the_organization(served: Served) -> None:
    at = f"/organizations/{served.acme.organization}"
    page = served.signed_in(VIEWER).get(f"{at}/integrations/disconnect")
    assert page.status_code == 403
    assert NAVIGATION in page.text
    assert f'<a href="{at}/integrations">Integrations</a>' in page.text
    assert "Ask an admin" in said(page)


def test_a_halt_is_told_on_problem_pages_too(fresh: Served) -> None:
    at = f"/organizations/{fresh.acme.organization}"
    fail(fresh, system=GLEANIN)
    for role, path, status in (
        (ADMIN, f"{at}/nonsense", 404),
        (ADMIN, f"/mappings/{fresh.acme.mapping}/nonsense", 404),
        (ADMIN, f"/runs/{fresh.acme.run}/nonsense", 404),
        (VIEWER, f"{at}/integrations/disconnect", 403),
    ):
        page = fresh.browser(role).get(path)
        assert page.status_code == status, path
        assert "Sync is halted" in page.text, path
    assert "halted" not in fresh.browser(ADMIN).get(f"/runs/{fresh.stranger.run}").text


def test_rule_11_an_event_that_is_not_mapped_any_more_is_named(fresh: Served) -> None:
    browser, acme = fresh.browser(ADMIN), fresh.acme
    at = f"/organizations/{acme.organization}"
    secret = {"csrf_token": csrf_in(browser.get("/documentation"))}
    browser.post(f"{at}/integrations/mappings/{acme.mapping}/remove", data=secret)
    page = browser.post(f"/mappings/{acme.mapping}/sync", data=secret)
    assert page.status_code == 409
    assert said(page).startswith("Acme Days is no longer mapped.")
    assert acme.mapping not in visible(page)
    assert NAVIGATION in page.text
    assert f'<a href="{at}/integrations/mappings">Map events</a>' in page.text
    problem = fresh.client(ADMIN).post(f"/mappings/{acme.mapping}/runs", json={}).json()
    assert acme.mapping in problem["detail"]  # programs know it by its id


def test_somebody_who_is_not_signed_in_is_led_to_the_start(served: Served) -> None:
    page = served.browser().get("/sign-up/none")
    assert page.status_code == 404
    assert NAVIGATION not in page.text
    assert '<a href="/">Home</a>' in page.text


def test_a_stranger_sees_no_name_on_a_problem_page(served: Served) -> None:
    page = served.signed_in(STRANGER).get(f"/organizations/{served.acme.organization}/nonsense")
    assert (page.status_code, "Acme" in page.text) == (404, False)
