"""Disconnecting and the records that were sent before it (rules 9 and 10)."""

from playwright.sync_api import Page, expect

from entrypoints.sandbox.state import GLEANIN_TOKEN
from tests.e2e.browser.journeys.conference import BRIGHT, session
from tests.support.browser_harness import ORGANIZATION, Harness, expect_message, start_sync, wait_for_agenda


def test_rule_10_what_was_sent_before_disconnecting_is_not_sent_there_again_and_the_results_say_why(
    harness: Harness, admin: Page
) -> None:
    mapping = harness.mapped(BRIGHT)
    harness.sync(mapping.id)
    harness.control.edit_event(BRIGHT, people=[{"id": "person-2", "title": "Rear admiral"}])
    harness.control.edit_event(BRIGHT, sessions=[session(3, "New since", [])])
    written = harness.writes
    admin.goto(harness.at("integrations/disconnect"))
    admin.get_by_label("Organization's name").fill(ORGANIZATION)
    admin.get_by_role("button", name="Disconnect Integration").click()
    expect_message(admin, "Disconnected from Gleanin.")

    admin.get_by_role("link", name="Connect", exact=True).click()
    admin.get_by_label("Gleanin API Token").fill(GLEANIN_TOKEN)
    admin.get_by_role("button", name="Connect").click()
    admin.get_by_role("dialog").get_by_role("link", name="Add New Event Mapping").click()
    for side in ("Gleanin event", "Sessionboard event"):
        admin.get_by_label(side).select_option(label="Bright Days")
    sentence = "2 sessions, 4 speakers and 2 exhibitors sent to this Gleanin event before the organization was disconnected"
    expect(admin.get_by_role("dialog")).to_contain_text(sentence)
    admin.get_by_role("button", name="Add Mapping").click()
    admin.get_by_label("The Gleanin event has the same time zone").check()
    admin.get_by_role("button", name="Add Mapping").click()
    expect(admin.get_by_role("dialog", name="Event Settings")).to_be_visible()

    admin.goto(harness.event(BRIGHT))
    wait_for_agenda(admin)
    start_sync(admin, mapping.events.destination_id)
    expect_message(admin, "Sync to Gleanin is complete. Synced: 1 session, 0 speakers.")
    admin.locator("#flashes").get_by_role("link", name="View Results").click()
    records = admin.get_by_role("region", name="Records")
    why = "It was synced before you disconnected, so it is no longer updated in this Gleanin event."
    for name in ("Analytical engines", "Compilers at sea", "Ada Lovelace", "Grace Hopper"):
        row = records.get_by_role("row", name=name)
        expect(row).to_contain_text("skipped")
        expect(row).to_contain_text(why)
    expect(records.get_by_role("row", name="New since")).to_contain_text("created")
    assert harness.writes == written + 1
