"""Permissions of every page and form: each route of the application, with ids of all kinds.

The routes are read from the application, so new pages are covered automatically.
"""

import re
from dataclasses import dataclass, replace

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from entrypoints.http import health
from entrypoints.http.pages.access import openid
from entrypoints.http.pages.app import add_pages
from tests.e2e.http.conftest import Served
from tests.e2e.http.pages import csrf_in
from tests.support.http_fixtures import ACME_EVENT, ADMIN, EVERYWHERE, STRANGER, SUPPORT, VIEWER, Tenant

UNKNOWN = Tenant("unknownorg12", "unknownmap12", "unknownrun12", "person-0", "unknownkey12")
FOR_EVERYBODY = {
    "/": "leads to where one belongs",
    "/documentation": "is the same for everybody",
    "/healthz": "says only that it is alive",
    "/readyz": "says only whether the database answers",
    "/metrics": "has numbers, and no name or id",
    "/sign-in": "is where one signs in",
    "/sign-in/openid": "is where one signs in",
    "/sign-in/openid/callback": "is where one signs in",
    "/sign-in/once/{token}": "opens by the signed part of its address",
    "/sign-in/resume": "only gives a form back to the page of ours that it came from",
    "/sign-out": "ends what there is",
    "/sign-up/{token}": "opens by the signed part of its address",
    "/portal/{address:path}": "opens by its signed address (rule 31)",
}
"""Paths that need no sign-in, and why."""
SUPPORT_SENDS = {
    "/mappings/{mapping_id}/sync": "support may start a sync",
    "/organizations/{organization_id}/integrations/sync": "likewise, of all mappings",
    "/organizations/{organization_id}/events/{event_id}/read-again": "changes nothing: reads live once more",
    "/account/password": "is about one's own account",
}
VIEWERS_SEND = {path: SUPPORT_SENDS[path] for path in SUPPORT_SENDS if not path.endswith("/sync")}
"""Forms that need no permission to manage, and why; anyone may send `/sign-out`."""
SIGNED_OUT = "signed out"
FOREIGN = "This form has expired"


def site() -> FastAPI:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.include_router(health.routes)
    add_pages(app)
    app.include_router(openid.routes)
    return app


PATHS = {
    method: sorted(
        context.path
        for context in iter_route_contexts(site().routes)
        if context.path and method in (context.methods or ())
    )
    for method in ("GET", "POST")
}
GUARDED = {method: [each for each in PATHS[method] if each not in FOR_EVERYBODY] for method in PATHS}
OWNED = {
    method: [each for each in GUARDED[method] if re.search(r"\{(organization|mapping|run)_id\}", each)]
    for method in PATHS
}
PAGES, FORMS = (
    pytest.mark.parametrize("path", GUARDED["GET"]),
    pytest.mark.parametrize("path", GUARDED["POST"]),
)


@dataclass(frozen=True, slots=True)
class Asker:
    browser: httpx.Client
    csrf_token: str | None = None

    def ask(self, method: str, path: str, tenant: Tenant) -> httpx.Response:
        url = address(path, tenant)
        if method == "GET":
            return self.browser.get(url)
        form = {"person": f"speaker:{tenant.person}"}
        return self.browser.post(
            url, data=form | ({"csrf_token": self.csrf_token} if self.csrf_token else {})
        )


def address(path: str, tenant: Tenant) -> str:
    known = {
        "organization_id": tenant.organization,
        "mapping_id": tenant.mapping,
        "run_id": tenant.run,
        "key_id": tenant.key,
        "event_id": str(ACME_EVENT),
        "part": "agenda",
        "token": "none",
    }
    query = f"?mapping={tenant.mapping}" if path.endswith("/share-links.csv") else ""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda part: known.get(part[1], "unknown"), path) + query


def asker(served: Served, role: str | None) -> Asker:
    if role is None:
        return Asker(served.browser())
    browser = served.signed_in(role)
    return Asker(browser, csrf_in(browser.get("/documentation")))


def without_ids(answer: httpx.Response, tenant: Tenant) -> tuple[int, str, str | None]:
    text, leads_to = answer.text, answer.headers.get("Location")
    for id_ in (tenant.organization, tenant.mapping, tenant.run, tenant.key, tenant.person):
        text = text.replace(id_, "ID")
        leads_to = leads_to.replace(id_, "ID") if leads_to else leads_to
    return answer.status_code, text, leads_to


def test_every_exception_is_of_a_page_that_there_is() -> None:
    assert FOR_EVERYBODY.keys() <= {*PATHS["GET"], *PATHS["POST"]}
    assert SUPPORT_SENDS.keys() <= {*PATHS["POST"]}


@PAGES
def test_a_page_sends_whoever_is_not_signed_in_to_sign_in_and_back(served: Served, path: str) -> None:
    answer = asker(served, None).ask("GET", path, served.acme)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in?next=%2F")


@PAGES
def test_a_browser_that_signed_out_is_not_signed_in_any_more(served: Served, path: str) -> None:
    answer = signed_out(served).get(address(path, served.acme))
    assert (answer.status_code, answer.headers["Location"].partition("?")[0]) == (303, "/sign-in")


def signed_out(served: Served) -> httpx.Client:
    """Return a browser that sends the cookie of its ended session."""
    if SIGNED_OUT not in served.browsers:
        browser, after = served.browser(ADMIN), served.browser()
        after.cookies.update(dict(browser.cookies))
        token = csrf_in(browser.get("/documentation"))
        assert browser.post("/sign-out", data={"csrf_token": token}).status_code == 303
        served.browsers[SIGNED_OUT] = after
    return served.browsers[SIGNED_OUT]


@FORMS
def test_a_form_of_nobody_changes_nothing(served: Served, path: str) -> None:
    assert asker(served, None).ask("POST", path, served.acme).status_code in {303, 403}


@PAGES
@pytest.mark.parametrize("role", [ADMIN, VIEWER, SUPPORT, EVERYWHERE])
def test_a_page_is_shown_or_the_right_is_missing(served: Served, path: str, role: str) -> None:
    answer = asker(served, role).ask("GET", path, served.acme)
    shown = {200, 303} if role in {ADMIN, EVERYWHERE} and path != "/organizations/new" else {200, 303, 403}
    assert answer.status_code in shown, answer.text


@pytest.mark.parametrize("path", PATHS["POST"])
def test_a_form_without_its_secret_is_refused(served: Served, path: str) -> None:
    browser = served.signed_in(EVERYWHERE)
    answer = Asker(browser).ask("POST", path, served.acme)
    assert answer.status_code == 403
    assert FOREIGN in answer.text


@pytest.mark.parametrize("path", GUARDED["POST"])
def test_a_form_with_the_secret_of_another_browser_is_refused(served: Served, path: str) -> None:
    other = asker(served, SUPPORT).csrf_token
    answer = Asker(served.signed_in(EVERYWHERE), other).ask("POST", path, served.acme)
    assert (answer.status_code, FOREIGN in answer.text) == (403, True)


@FORMS
@pytest.mark.parametrize("role", [VIEWER, SUPPORT])
def test_a_form_of_somebody_without_the_right_is_refused(served: Served, path: str, role: str) -> None:
    may = path in (SUPPORT_SENDS if role == SUPPORT else VIEWERS_SEND)
    answer = asker(served, role).ask("POST", path, served.acme)
    assert FOREIGN not in answer.text
    assert (answer.status_code == 403) is not may, answer.text


@pytest.mark.parametrize("path", PATHS["POST"])
def test_a_form_cannot_be_sent_by_its_address_alone(served: Served, path: str) -> None:
    if path in PATHS["GET"]:
        return  # is a page, too; tested above
    answer = asker(served, ADMIN).ask("GET", path, served.acme)
    assert answer.status_code in {404, 405}


def of_somebody_else(own: Tenant, other: Tenant, path: str) -> list[Tenant]:
    """Yield all combinations of another organization's ids with one's own."""
    parts = {"organization_id": "organization", "mapping_id": "mapping", "run_id": "run", "key_id": "key"}
    asked = [attribute for name, attribute in parts.items() if f"{{{name}}}" in path]
    single = [replace(own, **{each: getattr(other, each)}) for each in asked]
    return [other, *single] if len(asked) > 1 else [other]


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for method in ("GET", "POST") for path in OWNED[method]]
)
@pytest.mark.parametrize("role", [ADMIN, VIEWER, STRANGER])
def test_what_is_a_strangers_is_answered_like_what_does_not_exist(
    served: Served, method: str, path: str, role: str
) -> None:
    one = asker(served, role)
    own, other = (served.acme, served.stranger) if role != STRANGER else (served.stranger, served.acme)
    for strange, unknown in zip(
        of_somebody_else(own, other, path), of_somebody_else(own, UNKNOWN, path), strict=True
    ):
        answer, expected = (one.ask(method, path, tenant) for tenant in (strange, unknown))
        assert FOREIGN not in answer.text
        assert answer.status_code in ({404} if role != VIEWER else {403, 404}), answer.text
        assert without_ids(answer, strange) == without_ids(expected, unknown)


@pytest.mark.parametrize("path", [each for each in OWNED["GET"] if "mapping_id" not in each])
def test_a_strangers_mapping_is_not_shown_where_the_address_names_one_after_the_question_mark(
    served: Served, path: str
) -> None:
    browser = asker(served, ADMIN).browser
    strange, unknown = (
        browser.get(address(path, served.acme), params={"mapping": each.mapping, "who": each.person})
        for each in (served.stranger, UNKNOWN)
    )
    assert strange.status_code == unknown.status_code
    assert "Sten" not in strange.text


@PAGES
def test_nothing_that_an_admin_is_shown_tells_that_there_is_another_organization(
    served: Served, path: str
) -> None:
    answer = asker(served, ADMIN).ask("GET", path, served.acme)
    strange = re.compile(
        "|".join(
            [
                "Stranger",
                "stranger.example",
                "Sten",
                *(getattr(served.stranger, part) for part in Tenant.__slots__),
            ]
        )
    )
    found = strange.search(answer.text + str(answer.headers))
    assert not found, found


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_what_operators_read_names_nobody(served: Served, path: str) -> None:
    served.client(ADMIN).get(f"/runs/{served.acme.run}").raise_for_status()
    text = served.browser().get(path).text
    for part in ("Acme", "@", served.acme.organization, served.acme.mapping, served.acme.run):
        assert part not in text
