"""Creating portal addresses and opening them on a phone."""

from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import NewPage
from tests.support.browser_harness import Harness

CLIPBOARD = ["clipboard-read", "clipboard-write"]


def portal_address(page: Page, harness: Harness, name: str) -> str:
    """Create a person's portal address as an admin."""
    page.goto(harness.at("share-links"))
    row = page.get_by_role("row", name=name)
    row.get_by_role("button", name=f"Copy portal address of {name}").click()
    made = row.get_by_text(f"{harness.url}/portal/")
    expect(made).to_be_visible()
    return made.inner_text()


def phone(new_page: NewPage) -> Page:
    return new_page(width=360, height=740, is_mobile=True, has_touch=True, permissions=CLIPBOARD)
