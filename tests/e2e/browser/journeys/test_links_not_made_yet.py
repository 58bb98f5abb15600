"""People whose share links Gleanin has not created yet (rule 30)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.journeys.conference import BRIGHT, bright_days, state_of
from tests.e2e.browser.journeys.portals import phone, portal_address
from tests.support.browser_harness import Harness, open_harness


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    with open_harness(state_of(bright_days(), link_delay=3600), tmp_path) as harness:
        yield harness


def test_rule_30_who_has_no_link_yet_is_listed_and_told_so(
    harness: Harness, admin: Page, new_page: NewPage
) -> None:
    harness.sync(harness.mapped(BRIGHT).id)
    admin.goto(harness.at("share-links"))
    admin.get_by_role("link", name="Without a link 6").click()
    expect(admin.get_by_text("No link yet", exact=True)).to_have_count(6)
    address = portal_address(admin, harness, "Ada Lovelace")
    page = phone(new_page)
    page.goto(address)
    expect(page.get_by_role("heading", name="No link yet")).to_be_visible()
    expect(page.get_by_text("Your personal link is not ready yet.")).to_be_visible()
    expect(page.get_by_role("link")).to_have_count(0)
