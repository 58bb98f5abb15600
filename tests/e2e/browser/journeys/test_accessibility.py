"""axe finds nothing on any page, drawer or dialog, and no page scrolls sideways on a phone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import pytest
from fastapi.routing import APIRoute
from playwright.sync_api import Page, expect

from core.domain.access.authorization import Actor, Grant, Role
from core.domain.ids import SourceId
from core.domain.records.kinds import SPEAKER
from core.usecases.access.create_api_key import CreateApiKey
from core.usecases.access.create_portal_link import CreatePortalLink
from core.usecases.access.portal_person import PersonQuery
from core.usecases.mappings.queries import ListMappings
from core.usecases.results.queries import ListShareLinks
from entrypoints.container import Container
from entrypoints.http.pages.app import PAGE_MODULES
from entrypoints.http.pages.events.record_page import RECORD_PAGES
from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.fitting import NARROWEST, too_wide
from tests.e2e.browser.journeys.conference import BRIGHT, LANTERN, usual_world
from tests.support.axe import violations
from tests.support.browser_harness import ADMIN, EVERYWHERE, Harness, open_harness


class State(StrEnum):
    EMPTY = "empty"
    CONNECTED = "connected"
    MAPPED = "mapped"
    SYNCED = "synced"


NO_PAGES = re.compile(
    r"\.csv$|/progress$|^/sign-in/openid|^/$|^/organizations/\{organization_id\}$"
    r"|/account/password$|/sessionboard-token$|/integrations/token$|/continuous-sync$|/notices(/try)?$"
    r"|/api-keys$|/events/\{event_id\}$|/organizations/\{organization_id\}/records$|/mappings/new/pair$"
)
"""URLs that are downloads, streams or redirects."""
MENUS = "dialog .menu > summary, body:not(:has(dialog)) .menu > summary"
"""Menus that are reachable, not behind a dialog."""
EXPECTED_PROBLEMS = re.compile(r"9999|nobody|nowhere|made-up")
SHOWN_IN = {
    "/sign-up/{token}": None,  # only without any account: covered by another test
    "/sign-in": State.EMPTY,
    "/sign-in/once/{token}": State.EMPTY,
    "/account": State.EMPTY,
    "/documentation": State.EMPTY,
    "/organizations": State.EMPTY,
    "/organizations/new": State.EMPTY,
}
"""Pages that do not depend on the connection."""


@dataclass(frozen=True, slots=True)
class Site:
    harness: Harness
    state: State
    ids: dict[str, str]

    def addresses(self) -> list[str]:
        found = [url for template in templates() if (url := self._filled(template))]
        if self.state is State.SYNCED:
            found += self._more()
        return found

    def _filled(self, template: str) -> str:
        if SHOWN_IN.get(template, self.state) is not self.state:
            return ""
        if self.state is State.EMPTY and ("/disconnect" in template or template.endswith("/mappings/new")):
            return ""  # nothing to disconnect or to map
        names = re.findall(r"\{(\w+)(?::path)?\}", template)
        if not all(name in self.ids for name in names):
            return ""
        return re.sub(r"\{(\w+)(?::path)?\}", lambda found: self.ids[found[1]], template)

    def _more(self) -> list[str]:
        """Return URLs with a query: searched lists, and a dialog."""
        harness, run, mapping = self.harness, self.ids["run_id"], self.ids["mapping_id"]
        return [
            harness.event(LANTERN, "agenda?outcome=blocked"),
            harness.event(LANTERN, "agenda?q=nothing-has-this"),
            harness.event(LANTERN, "preview?kind=speaker"),
            harness.event(BRIGHT, "agenda"),
            harness.event(9999, "agenda"),
            f"/runs/{run}?outcome=blocked",
            f"/mappings/{mapping}/records?who=plume@example.org",
            f"/mappings/{mapping}/records?who=nobody",
            harness.at("share-links?missing=true"),
            harness.at(f"share-links?revoke=speaker:{self.ids['source_id']}"),
            "/nowhere",
            "/portal/made-up",
        ]


def templates() -> list[str]:
    """List the URLs of all pages."""
    routes = [route for part in PAGE_MODULES for route in part.routes.routes if isinstance(route, APIRoute)]
    return [
        path
        for route in routes
        if "GET" in (route.methods or ()) and not NO_PAGES.search(route.path)
        for path in dict.fromkeys(route.path.replace("{part}", page.scope) for page in RECORD_PAGES)
    ]


@pytest.fixture(scope="module", params=list(State), ids=str)
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    state: State = request.param
    with open_harness(usual_world(), tmp_path_factory.mktemp(state)) as harness:
        ids = {"organization_id": str(harness.organization), "event_id": str(LANTERN), "token": "any"}
        if state is State.CONNECTED:
            harness.connect()
        if state in {State.MAPPED, State.SYNCED}:
            mapping = harness.mapped(LANTERN)
            ids["mapping_id"] = mapping.id
            if state is State.SYNCED:
                ids["run_id"] = harness.sync(mapping.id).id
                ids |= harness.running.ask(lambda container: _made(container, harness))
        yield Site(harness, state, ids)


async def _made(container: Container, harness: Harness) -> dict[str, str]:
    """Create an API key and a portal address, so that pages can show them."""
    key, _ = await container.resolve(CreateApiKey)(
        "Nightly", Grant(Role.VIEWER, harness.organization), actor=Actor(ADMIN)
    )
    (mapping,) = await container.resolve(ListMappings)(harness.organization)
    people = await container.resolve(ListShareLinks)(mapping.id)
    person = next(person for person in people if person.kind is SPEAKER)
    who = PersonQuery(mapping.id, SPEAKER.name, SourceId(person.source_id))
    address = await container.resolve(CreatePortalLink)(who, actor=Actor(ADMIN))
    return {"key_id": key.id, "address": address, "source_id": person.source_id}


@pytest.fixture
def harness(pages: Site) -> Harness:
    return pages.harness


def test_of_every_page_it_is_known_how_to_open_it() -> None:
    known = {"organization_id", "event_id", "mapping_id", "run_id", "key_id", "address", "token"}
    for template in templates():
        assert set(re.findall(r"\{(\w+)", template)) <= known, template
    assert len(templates()) > 25


def look(page: Page) -> list[str]:
    """Return the accessibility problems of the page."""
    wrong = violations(page)
    is_narrow = page.viewport_size is not None and page.viewport_size["width"] == NARROWEST
    if not is_narrow and page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append("it scrolls sideways")
    return [*wrong, *(f"{each} scrolls sideways" for each in (too_wide(page) if is_narrow else ()))]


def settle(page: Page) -> None:
    """Wait until the page has finished loading its own updates."""
    expect(page.get_by_role("progressbar")).to_have_count(0)
    # Finish animations first: they change colours and positions.
    page.evaluate("document.getAnimations().forEach(each => each.finish())")


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        (1280, "light"),
        (360, "dark"),
        pytest.param(360, "light", marks=pytest.mark.long),
        pytest.param(1280, "dark", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    pages: Site, new_page: NewPage, width: int, scheme: str
) -> None:
    page = pages.harness.sign_in(new_page(width=width, color_scheme=scheme), EVERYWHERE)
    found = {}
    for url in pages.addresses():
        answer = page.goto(url)
        assert answer
        if answer.status >= 400 and not EXPECTED_PROBLEMS.search(url):
            found[url] = [f"it has the status {answer.status}"]
        settle(page)
        found |= {url: wrong} if (wrong := look(page)) else {}
        for menu in page.locator(MENUS).all()[:1]:
            menu.click()
            # An element half under an open menu counts as small while it is open.
            wrong = [each for each in look(page) if "target-size" not in each or ".menu" in each]
            found |= {f"{url}, with its menu": wrong} if wrong else {}
    assert found == {}
