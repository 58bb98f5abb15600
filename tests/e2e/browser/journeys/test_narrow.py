"""On a phone the main content of a page is visible without scrolling sideways."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.fitting import too_wide
from tests.e2e.browser.journeys.conference import LANTERN
from tests.support.axe import violations
from tests.support.browser_harness import Harness


@pytest.mark.parametrize("part", ["agenda", "exhibitors", "preview"])
def test_what_a_sync_would_do_is_seen_on_a_phone(harness: Harness, new_page: NewPage, part: str) -> None:
    harness.mapped(LANTERN)
    phone = harness.sign_in(new_page(width=360, height=740, is_mobile=True, has_touch=True))
    phone.goto(harness.event(LANTERN, part))
    expect(phone.get_by_role("row").nth(1).locator(".outcome")).to_be_visible()
    assert not too_wide(phone)
    expect(phone.get_by_role("columnheader", name="On the next sync", exact=True)).to_be_attached()
    assert not violations(phone)
