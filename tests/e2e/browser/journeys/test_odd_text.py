"""External text may have any length and script, and is always shown as plain text."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.domain.access.authorization import Actor, Grant, Role
from core.domain.ids import OrganizationId
from core.domain.notifications.notification import Channel
from core.domain.tenancy.secrets import Token
from core.usecases.access.add_account import AddAccount, NewAccount
from core.usecases.access.create_api_key import CreateApiKey
from core.usecases.notifications.choose_recipient import ChooseRecipient
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from entrypoints.container import Container
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN
from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.fitting import NARROWEST, too_wide
from tests.e2e.browser.journeys.conference import BRIGHT, bright_days, person, session, state_of
from tests.support.browser_harness import ADMIN, EVERYWHERE, Harness, open_harness

SCRIPT = '<script>window.taken = "over"</script><img src=x onerror="window.taken=1">'
LONG = "Supercalifragilistic" * 500
WORDS = "a long story " * 769
RTL = "إضاءة المسرح: قصة في عشر دقائق \u202e"
EMOJI = "👩🏽\u200d💻🏳️\u200d🌈" * 40
TEXTS = {
    "script": SCRIPT,
    "long": LONG,
    "words": WORDS,
    "rtl": RTL,
    "emoji": EMOJI,
    "template": "{{ 7 * 7 }}",
}


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    event = bright_days()
    event["sessions"] = [
        session(number, text, [person(number, name, text, title=text)])
        for number, (name, text) in enumerate(TEXTS.items(), start=1)
    ]
    event["exhibitors"] = [
        {
            "id": f"exhibitor-{name}",
            "name": text,
            "contacts": [{"id": f"contact-{name}", "full_name": text, "email": f"x{name}@example.org"}],
        }
        for name, text in TEXTS.items()
    ]
    with open_harness(state_of(event), tmp_path) as harness:
        yield harness


@pytest.mark.parametrize("width", [1280, 360])
def test_any_text_is_shown_as_text_and_breaks_no_page(
    harness: Harness, new_page: NewPage, width: int
) -> None:
    mapping = harness.mapped(BRIGHT)
    run = harness.sync(mapping.id)
    page = harness.sign_in(new_page(width=width))
    pages = [
        *(harness.event(BRIGHT, part) for part in ("agenda", "exhibitors", "preview")),
        *(harness.at(part) for part in ("history", "share-links")),
        f"/runs/{run.id}",
        f"/mappings/{mapping.id}/records?who=session-1",
        f"/mappings/{mapping.id}/records?who=session-2",
    ]
    for url in pages:
        page.goto(url)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if "/events/" in url:
            expect(page.get_by_text("Data from")).to_be_visible()
        assert page.evaluate("window.taken === undefined"), url
        assert page.locator("main script, main img[src=x]").count() == 0, url
        if width == NARROWEST:
            assert not too_wide(page), url
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), url
        heights = page.locator("tbody tr").evaluate_all("rows => rows.map(row => row.offsetHeight)")
        assert max([*heights, 0]) < 700, url

    page.goto(harness.event(BRIGHT))
    row = page.get_by_role("region", name="Sessions").get_by_role("row").filter(has_text="{{ 7 * 7 }}")
    expect(row).to_have_count(1)
    page.get_by_role("searchbox").fill("<script>")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("link", name='<script>window.taken = "over"</script>')).to_be_visible()


def test_the_portal_of_somebody_with_any_name_shows_it_as_text(harness: Harness, new_page: NewPage) -> None:
    harness.sync(harness.mapped(BRIGHT).id)
    admin = harness.sign_in(new_page())
    for name in TEXTS:
        admin.goto(harness.at(f"share-links?q={name.lower()}@example.org"))
        row = admin.get_by_role("region", name="Share links").get_by_role("row").nth(1)
        row.get_by_role("button", name="Copy portal address").click()
        made = row.get_by_text(f"{harness.url}/portal/")
        expect(made).to_be_visible()
        portal = new_page(width=360)
        portal.goto(made.inner_text())
        expect(portal.get_by_role("heading", name="Share Your Attendance")).to_be_visible()
        assert portal.title() == "Share Your Attendance"
        assert portal.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_an_event_with_a_long_name_is_mapped_removed_and_shown(harness: Harness, new_page: NewPage) -> None:
    page: Page = harness.sign_in(new_page(width=360))
    mapping = harness.mapped(BRIGHT)
    harness.control.edit_event(BRIGHT, event={"name": LONG})
    harness.sync(mapping.id)
    for url in (
        "events",
        "integrations/mappings/new",
        f"integrations/mappings/{mapping.id}/settings",
        f"integrations/mappings/{mapping.id}/remove",
        f"events/{BRIGHT}/agenda",
        "history",
        "share-links",
    ):
        page.goto(harness.at(url))
        expect(page.get_by_role("heading").first).to_be_visible()
        assert not too_wide(page), url
        assert page.evaluate("document.documentElement.scrollHeight < 20 * innerHeight"), url


async def _add_long_organization(container: Container, sandbox: Sandbox) -> OrganizationId:
    new = NewOrganization("x" * 200, sandbox.sessionboard_url, Token(SESSIONBOARD_TOKEN))
    added = await container.resolve(AddOrganization)(new, actor=Actor(ADMIN))
    await container.resolve(Connect)(added.id, Token(GLEANIN_TOKEN), actor=Actor(ADMIN))
    grant = Grant(Role.ADMIN, added.id)
    await container.resolve(AddAccount)(
        NewAccount(f"{'y' * 60}@{'z' * 60}.example.org", grant, None), actor=Actor(ADMIN)
    )
    await container.resolve(CreateApiKey)("k" * 100, Grant(Role.VIEWER, added.id), actor=Actor("b" * 100))
    webhook = f"{sandbox.sessionboard_url}/{'w' * 500}"
    await container.resolve(ChooseRecipient)(added.id, Channel.WEBHOOK, webhook, actor=Actor(ADMIN))
    return added.id


def test_an_organization_with_a_long_name_fits_a_phone(harness: Harness, new_page: NewPage) -> None:
    added = harness.running.ask(lambda container: _add_long_organization(container, harness.sandbox))
    page = harness.sign_in(new_page(width=NARROWEST), EVERYWHERE)
    for part in (
        "",
        f"/{added}/events",
        f"/{added}/history",
        f"/{added}/share-links",
        f"/{added}/integrations",
        f"/{added}/integrations/disconnect",
        f"/{added}/settings",
        f"/{added}/settings/audit-log",
        f"/{added}/nothing",
    ):
        page.goto(f"/organizations{part}")
        expect(page.get_by_role("heading").first).to_be_visible()
        assert not too_wide(page), part
