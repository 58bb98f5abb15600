"""Share links and the portals (rules 30 and 31)."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.domain.ids import DestinationEventId, SourceId
from core.domain.records.kinds import SPEAKER
from core.domain.records.synced_records import ShareLink
from core.usecases.mappings.queries import ListMappings
from core.usecases.results.queries import ListShareLinks
from entrypoints.container import Container
from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.journeys.conference import BRIGHT
from tests.e2e.browser.journeys.portals import CLIPBOARD, phone, portal_address
from tests.support.browser_harness import VIEWER, Harness, expect_message

HEADING = "Share Your Attendance"


def links_of(harness: Harness, name: str) -> list[str]:
    """Return a person's share links in Gleanin."""

    async def links(container: Container) -> list[str]:
        (mapping,) = await container.resolve(ListMappings)(harness.organization)
        people = await container.resolve(ListShareLinks)(mapping.id)
        return [link.url for person in people if person.label == name for link in person.links]

    return harness.running.ask(links)


def copied(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def expect_no_sideways_scrolling(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_rule_30_who_has_which_link_is_listed_searched_and_exported(harness: Harness, admin: Page) -> None:
    harness.sync(harness.mapped(BRIGHT).id)
    admin.goto(harness.at("share-links"))
    rows = admin.get_by_role("region", name="Share links").get_by_role("row")
    expect(rows).to_have_count(7)
    (link,) = links_of(harness, "Ada Lovelace")
    expect(admin.get_by_role("row", name="Ada Lovelace")).to_contain_text(link)
    search = admin.get_by_role("searchbox", name="Search names, e-mails and ids")
    search.fill("linus@")
    search.press("Enter")
    expect(rows).to_have_count(2)
    admin.get_by_role("link", name="Without a link").click()
    admin.get_by_role("link", name="Clear").click()
    with admin.expect_download() as download:
        admin.get_by_role("link", name="Export .CSV").click()
    assert link in download.value.path().read_text(encoding="utf-8-sig")


def test_rule_31_a_portal_address_is_copied_as_it_is_made(harness: Harness, admin: Page) -> None:
    harness.sync(harness.mapped(BRIGHT).id)
    admin.context.grant_permissions(CLIPBOARD)
    address = portal_address(admin, harness, "Ada Lovelace")
    expect(admin.locator("[data-copy*='/portal/']")).to_be_focused()
    assert copied(admin) == address


@pytest.mark.parametrize("name", ["Ada Lovelace", "Linus Kernel", "Dirk Team"])
def test_rule_31_a_portal_shows_one_persons_links_and_nothing_of_anybody_else(
    harness: Harness, admin: Page, new_page: NewPage, name: str
) -> None:
    harness.sync(harness.mapped(BRIGHT).id)
    address = portal_address(admin, harness, name)
    page = phone(new_page)
    page.goto(address)
    expect(page.get_by_role("heading", name=HEADING, level=1)).to_be_visible()
    expect(page.get_by_text(f"{name} · Bright Days")).to_be_visible()
    (link,) = links_of(harness, name)
    assert link.startswith("https://")
    expect(page.get_by_text(link, exact=True)).to_be_visible()
    others = {"Ada Lovelace", "Grace Hopper", "Linus Kernel", "Dirk Team", "Kernels", "Acme"} - {name}
    assert not [other for other in others if other in page.content()]
    assert len(set(re.findall(r"https://[\w.]*gleanin[\w./]*", page.content()))) == 1
    expect_no_sideways_scrolling(page)

    page.get_by_role("button", name="Copy link").tap()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert copied(page) == link
    assert page.context.cookies() == []


def test_rule_31_a_portal_address_is_copied_and_stops_when_it_is_revoked(
    harness: Harness, new_page: NewPage
) -> None:
    harness.sync(harness.mapped(BRIGHT).id)
    admin = harness.sign_in(new_page(permissions=CLIPBOARD))
    address = portal_address(admin, harness, "Ada Lovelace")
    others = portal_address(admin, harness, "Grace Hopper")
    portal_address(admin, harness, "Ada Lovelace")
    admin.get_by_role("button", name="Copy the portal address of Ada Lovelace").click()
    assert copied(admin).startswith(f"{harness.url}/portal/")

    admin.get_by_role("link", name="Revoke the portal addresses of Ada Lovelace").click()
    question = admin.get_by_role("dialog", name="Revoke the portal addresses?")
    question.get_by_role("button", name="Revoke").click()
    expect_message(admin, "The portal addresses of Ada Lovelace were revoked.")
    page = phone(new_page)
    page.goto(address)
    expect(page.get_by_text("This link is no longer valid.")).to_be_visible()
    assert "Ada" not in page.content()
    page.goto(others)
    expect(page.get_by_text("Grace Hopper")).to_be_visible()
    page.goto(f"{harness.url}/portal/made-up")
    expect(page.get_by_text("This link is no longer valid.")).to_be_visible()


def test_rule_30_only_https_links_are_shown(harness: Harness, admin: Page, new_page: NewPage) -> None:
    mapping = harness.mapped(BRIGHT)
    harness.sync(mapping.id)
    (good,) = links_of(harness, "Ada Lovelace")
    bad = "javascript:alert(1)", "http://plain.example.org/x", "data:text/html,x"
    links = *(ShareLink("Bad", url) for url in bad), ShareLink("Good", good)

    async def spoil(container: Container) -> None:
        async with container.units().write() as unit:
            event = DestinationEventId(mapping.events.destination_id)
            await unit.synced.save_links(harness.organization, event, SPEAKER, {SourceId("person-1"): links})
            await unit.commit()

    harness.running.ask(spoil)
    address = portal_address(admin, harness, "Ada Lovelace")
    row = admin.get_by_role("row", name="Ada Lovelace")
    page = phone(new_page)
    page.goto(address)
    expect(page.get_by_text(good, exact=True)).to_be_visible()
    for shown in (row.inner_html(), page.content()):
        assert [url for url in bad if url in shown] == []
    for link in page.get_by_role("link").all():
        assert (link.get_attribute("href") or "").startswith(("https://", "mailto:"))


def test_a_viewer_sees_links_and_makes_no_addresses(harness: Harness, new_page: NewPage) -> None:
    harness.sync(harness.mapped(BRIGHT).id)
    page = harness.sign_in(new_page(), VIEWER)
    page.goto(harness.at("share-links"))
    expect(page.get_by_role("row", name="Ada Lovelace")).to_be_visible()
    expect(page.get_by_text("portal address")).to_have_count(0)
    expect(page.get_by_role("link", name="Revoke")).to_have_count(0)
