"""Everything works without JavaScript: plain forms and links, and pages that reload by themselves."""

import pytest
from playwright.sync_api import Page, expect

from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import GLEANIN_TOKEN
from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.journeys.conference import BRIGHT
from tests.support.browser_harness import ORGANIZATION, Harness, expect_error, expect_message, open_menu


@pytest.fixture
def plain(harness: Harness, new_page: NewPage) -> Page:
    """Return an admin's page with JavaScript disabled."""
    return harness.sign_in(new_page(java_script_enabled=False))


def test_without_javascript_the_way_leads_from_connecting_to_results(harness: Harness, plain: Page) -> None:
    plain.goto(harness.at("integrations"))
    plain.get_by_role("link", name="Connect", exact=True).click()
    plain.get_by_label("Gleanin API Token").fill("wrong-token-0123456789")
    plain.get_by_role("button", name="Connect").click()
    expect_error(plain.get_by_label("Gleanin API Token"), "The API token is not valid.")
    plain.get_by_label("Gleanin API Token").fill(GLEANIN_TOKEN)
    plain.get_by_role("button", name="Connect").click()
    expect_message(plain, "Connected to Gleanin.")

    plain.get_by_role("link", name="Add New Event Mapping").click()
    plain.get_by_label("Gleanin event").select_option(label="Bright Days")
    plain.get_by_label("Sessionboard event").select_option(label="Bright Days")
    plain.get_by_role("button", name="Add Mapping").click()
    plain.get_by_label("The Gleanin event has the same time zone").check()
    plain.get_by_role("button", name="Add Mapping").click()
    plain.get_by_label("Sync Tags to Tracks").check()
    plain.get_by_role("button", name="Save settings").click()
    expect_message(plain, "The settings of Bright Days were saved.")

    plain.get_by_role("link", name="View events").click()
    plain.get_by_role("link", name="Bright Days").click()
    open_menu(plain, "Options")
    plain.get_by_role("button", name="Sync to Gleanin (event: ").click()
    expect_message(plain, "Sync to Gleanin is complete. Synced: 2 sessions, 4 speakers.")
    plain.locator("#flashes").get_by_role("link", name="View Results").click()
    row = plain.get_by_role("region", name="Records").get_by_role("row", name="Analytical engines")
    expect(row).to_contain_text("New in Gleanin.")
    (record, *_) = harness.control.records(harness.destination_id(BRIGHT), "sessions")
    assert record["attributes"]["tracks"] == ["steam"]


def test_without_javascript_a_sync_is_followed_by_pages_that_load_again(
    harness: Harness, plain: Page
) -> None:
    harness.mapped(BRIGHT)
    plain.goto(harness.event(BRIGHT))
    harness.control.inject_faults(Fault(sides=("gleanin",), methods=("POST",), latency_ms=1500))
    open_menu(plain, "Options")
    plain.get_by_role("button", name="Sync to Gleanin (event: ").click()
    expect_message(plain, "Sync to Gleanin has started.")
    other = plain.context.new_page()
    other.goto(harness.event(BRIGHT))
    for tab in (plain, other):
        expect(tab.get_by_role("heading", name="Sync to Gleanin: sessions and speakers")).to_be_visible()
    harness.control.inject_faults()
    for tab in (plain, other):
        expect_message(tab, "Sync to Gleanin is complete. Synced: 2 sessions, 4 speakers.")
    expect(plain.get_by_role("progressbar")).to_have_count(0)


def test_without_javascript_share_links_and_portals_work(
    harness: Harness, plain: Page, new_page: NewPage
) -> None:
    harness.sync(harness.mapped(BRIGHT).id)
    plain.goto(harness.at("share-links"))
    plain.get_by_role("button", name="Copy portal address of Ada Lovelace").click()
    expect(plain.get_by_role("heading", name="Portal address of Ada Lovelace")).to_be_visible()
    address = plain.get_by_text(f"{harness.url}/portal/").inner_text()
    portal = new_page(java_script_enabled=False, width=360)
    portal.goto(address)
    expect(portal.get_by_role("heading", name="Share Your Attendance")).to_be_visible()
    expect(portal.get_by_text("https://", exact=False).first).to_be_visible()
    expect(portal.get_by_role("button")).to_have_count(0)  # no buttons without a function

    plain.get_by_role("link", name="Back to share links").click()
    plain.get_by_role("link", name="Revoke the portal addresses of Ada Lovelace").click()
    plain.get_by_role("button", name="Revoke", exact=True).click()
    expect_message(plain, "The portal addresses of Ada Lovelace were revoked.")
    portal.goto(address)
    expect(portal.get_by_text("This link is no longer valid.")).to_be_visible()


def test_without_javascript_a_mapping_is_removed_and_gleanin_disconnected(
    harness: Harness, plain: Page
) -> None:
    harness.mapped(BRIGHT)
    plain.goto(harness.at("integrations/mappings"))
    open_menu(plain, "More for Bright Days")
    plain.get_by_role("link", name="Remove Mapping").click()
    plain.get_by_role("button", name="Remove Mapping").click()
    expect_message(plain, "The mapping of Bright Days was removed.")
    plain.goto(harness.at("integrations"))
    open_menu(plain, "More for Gleanin")
    plain.get_by_role("link", name="Disconnect Integration").click()
    plain.get_by_label("Organization's name").fill("Somebody else")
    plain.get_by_role("button", name="Disconnect Integration").click()
    expect_error(plain.get_by_label("Organization's name"), "This is not the organization's name.")
    plain.get_by_label("Organization's name").fill(ORGANIZATION)
    plain.get_by_role("button", name="Disconnect Integration").click()
    expect_message(plain, "Disconnected from Gleanin.")
