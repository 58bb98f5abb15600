"""An event's pages: agenda, exhibitors, preview (rule 11), and their actions."""

import csv
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.journeys.conference import BRIGHT, FAR, LANTERN, LONG, long_days
from tests.support.browser_harness import (
    VIEWER,
    Harness,
    expect_message,
    open_menu,
    start_sync,
    wait_for_agenda,
)


def test_rule_11_an_event_that_is_not_mapped_is_shown_and_offers_no_sync(
    harness: Harness, admin: Page
) -> None:
    harness.connect()
    admin.goto(harness.at("events"))
    admin.get_by_role("link", name="Bright Days").click()
    wait_for_agenda(admin)
    expect(admin.get_by_text("Not mapped to any Gleanin event.")).to_be_visible()
    expect(admin.get_by_role("cell", name="Analytical engines Ada Lovelace, Carla Chair")).to_be_visible()
    open_menu(admin, "Options")
    expect(admin.get_by_role("link", name="Export .CSV")).to_be_visible()
    for part in ("agenda", "exhibitors", "preview"):
        admin.goto(harness.event(BRIGHT, part))
        expect(admin.get_by_text("Data from")).to_be_visible()
        expect(admin.get_by_text("Sync to Gleanin (event", exact=False)).to_have_count(0)
    admin.get_by_role("link", name="Map this event").click()
    expect(admin.get_by_role("button", name="Add Mapping")).to_be_visible()


def test_rule_11_a_mapped_event_offers_the_sync_and_names_the_gleanin_event(
    harness: Harness, admin: Page
) -> None:
    mapping = harness.mapped(BRIGHT)
    admin.goto(harness.at("events"))
    row = admin.get_by_role("row", name="Bright Days")
    expect(row).to_contain_text(f"Mapped Bright Days ({mapping.events.destination_id})")
    row.get_by_role("link", name="Bright Days").click()
    wait_for_agenda(admin)
    expect(admin.get_by_text("Mapped to the Gleanin event Bright Days.")).to_be_visible()
    for part in ("agenda", "exhibitors"):
        admin.goto(harness.event(BRIGHT, part))
        open_menu(admin, "Options")
        offered = admin.get_by_role(
            "button", name=f"Sync to Gleanin (event: {mapping.events.destination_id})"
        )
        expect(offered).to_be_visible()


def test_an_outcomes_reason_shows_on_hover_on_focus_and_on_a_tap(
    harness: Harness, admin: Page, new_page: NewPage
) -> None:
    harness.mapped(LANTERN)
    admin.goto(harness.event(LANTERN))
    wait_for_agenda(admin)
    row = admin.get_by_role("row", name="Signs that sing")
    word, reason = row.get_by_role("button", name="skipped"), row.get_by_role("tooltip")
    expect(word).to_have_accessible_description("Its status is pending, not accepted.")
    expect(reason).to_be_hidden()
    word.hover()
    expect(reason).to_have_text("Its status is pending, not accepted.")
    expect(reason).to_be_visible()
    admin.mouse.move(0, 0)
    expect(reason).to_be_hidden()

    row.get_by_role("link").focus()
    admin.keyboard.press("Tab")
    expect(word).to_be_focused()
    expect(reason).to_be_visible()
    admin.keyboard.press("Escape")
    expect(reason).to_be_hidden()

    phone = harness.sign_in(new_page(width=360, has_touch=True, is_mobile=True))
    phone.goto(harness.event(LANTERN))
    wait_for_agenda(phone)
    row = phone.get_by_role("row", name="Unconference: bring a question")
    row.get_by_role("button", name="blocked").tap()
    expect(row.get_by_role("tooltip")).to_contain_text("Required fields are missing: starts at, ends at.")


def test_the_agenda_is_searched_and_filtered_by_what_a_sync_would_do(harness: Harness, admin: Page) -> None:
    harness.mapped(LANTERN)
    admin.goto(harness.event(LANTERN))
    wait_for_agenda(admin)
    rows = admin.get_by_role("region", name="Sessions").get_by_role("row")
    everything = rows.count()
    tabs = admin.get_by_role("navigation", name="What a sync would do")
    expect(tabs.get_by_role("link", name="All")).to_have_text(f"All {everything - 1}")

    tabs.get_by_role("link", name="Blocked").click()
    expect(rows).to_have_count(3)
    expect(admin.get_by_role("button", name="blocked")).to_have_count(2)
    tabs.get_by_role("link", name="All").click()

    search = admin.get_by_role("searchbox", name="Search sessions and speakers")
    search.fill("saltmarsh")
    search.press("Enter")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("Budgets without spreadsheets")
    search.fill("nobody has this")
    search.press("Enter")
    expect(admin.get_by_role("heading", name="No matches")).to_be_visible()
    admin.get_by_role("link", name="Clear").click()
    expect(rows).to_have_count(everything)


def test_times_are_in_the_events_zone_which_is_named(harness: Harness, admin: Page) -> None:
    admin.goto(harness.event(BRIGHT))
    wait_for_agenda(admin)
    expect(admin.get_by_role("columnheader", name="Time (Europe/Paris)")).to_be_visible()
    row = admin.get_by_role("row", name="Analytical engines")
    expect(row).to_contain_text("1 Jul 2099, 11:00 to 11:45")


def test_a_long_agenda_comes_in_pages(harness: Harness, admin: Page) -> None:
    harness.control.replace_event(LONG, long_days())
    admin.goto(harness.event(LONG))
    wait_for_agenda(admin)
    pages = admin.get_by_role("navigation", name="Pages")
    expect(pages).to_contain_text("1 to 50 of 60")
    pages.get_by_role("link", name="Next").click()
    expect(pages).to_contain_text("51 to 60 of 60")
    expect(admin.get_by_role("region", name="Sessions").get_by_role("row")).to_have_count(11)
    pages.get_by_role("link", name="Previous").click()
    expect(pages).to_contain_text("1 to 50 of 60")


def test_the_agenda_is_exported_as_csv(harness: Harness, admin: Page, tmp_path: Path) -> None:
    harness.mapped(LANTERN)
    admin.goto(harness.event(LANTERN))
    wait_for_agenda(admin)
    open_menu(admin, "Options")
    with admin.expect_download() as download:
        admin.get_by_role("link", name="Export .CSV").click()
    assert download.value.suggested_filename == "agenda.csv"
    download.value.save_as(tmp_path / "agenda.csv")
    with (tmp_path / "agenda.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["title"]: row for row in csv.DictReader(file)}
    assert len(rows) == 20
    assert rows["Signs that sing"]["would_be"] == "skipped"
    assert rows["Signs that sing"]["reason"] == "Its status is pending, not accepted."
    assert rows["Surveys that people finish"]["speakers"] == "Sunniva Raskfjell"
    assert datetime.fromisoformat(rows["Surveys that people finish"]["starts_at"]).tzinfo is not None


def test_rule_07_an_agenda_says_beforehand_that_a_sync_would_stop(harness: Harness, admin: Page) -> None:
    harness.control.edit_event(FAR, event={"timezone": "Europe/Lisbon"})
    harness.mapped(FAR)
    admin.goto(harness.event(FAR))
    expect(admin.get_by_role("heading", name="A sync would stop before it writes anything")).to_be_visible()
    expect(admin.get_by_text("The time zones differ: Europe/Lisbon").first).to_be_visible()


def test_exhibitors_are_shown_with_who_stands_for_them_and_synced(harness: Harness, admin: Page) -> None:
    mapping = harness.mapped(LANTERN)
    admin.goto(harness.event(LANTERN))
    admin.get_by_role("link", name="Exhibitors", exact=True).click()
    table = admin.get_by_role("region", name="Exhibitors")
    expect(table.get_by_role("row", name="Beacon Badges Philippa Marchbank")).to_contain_text("Primary")
    expect(table.get_by_role("row", name="Beacon Badges Ruben Aldgrove")).to_contain_text("Team member")
    left_out = table.get_by_role("row", name="Café Solstício Amadeu Ribalonga")
    expect(left_out.get_by_role("button", name="blocked")).to_be_visible()

    start_sync(admin, mapping.events.destination_id)
    expect_message(admin, "Sync to Gleanin finished with problems: 8 exhibitors attempted, 6 synced.")
    admin.locator("#flashes").get_by_role("link", name="View Results").click()
    expect(admin.get_by_role("heading", name="Sync of Lantern Conf")).to_be_visible()
    expect(admin.get_by_role("row", name="created")).to_have_count(7)  # six contacts, and their count
    assert len(harness.control.records(mapping.events.destination_id, "sessions")) == 0


def test_a_preview_shows_old_and_new_values_and_does_what_it_showed(harness: Harness, admin: Page) -> None:
    mapping = harness.mapped(BRIGHT)
    harness.sync(mapping.id)
    harness.control.edit_event(BRIGHT, people=[{"id": "person-2", "title": "Rear admiral"}])
    written = harness.writes
    admin.goto(harness.event(BRIGHT, "preview"))
    tabs = admin.get_by_role("navigation", name="What a sync would do")
    tabs.get_by_role("link", name="Updated").click()
    row = admin.get_by_role("row", name="Grace Hopper")
    expect(row).to_contain_text("Changed: job title.")
    expect(row.locator("del")).to_have_text("Admiral")
    expect(row.locator("ins")).to_have_text("Rear admiral")
    assert harness.writes == written

    admin.get_by_role("button", name=f"Sync to Gleanin (event: {mapping.events.destination_id})").click()
    expect_message(admin, "Sync to Gleanin is complete. Synced: 2 sessions, 4 speakers, 2 exhibitors.")
    assert harness.writes == written + 1
    records = harness.control.records(mapping.events.destination_id, "speakers")
    assert "Rear admiral" in [each["attributes"]["job_title"] for each in records]
    admin.reload()
    expect(admin.get_by_role("navigation", name="What a sync would do")).to_contain_text("Unchanged 8")


@pytest.mark.parametrize("part", ["agenda", "exhibitors", "preview"])
def test_an_event_that_cannot_be_read_says_so(harness: Harness, new_page: NewPage, part: str) -> None:
    page = harness.sign_in(new_page(), VIEWER)
    page.goto(harness.event(9999, part))
    expect(page.get_by_role("heading", name="This event cannot be loaded")).to_be_visible()
    expect(page.get_by_role("link", name="Try again")).to_be_visible()
