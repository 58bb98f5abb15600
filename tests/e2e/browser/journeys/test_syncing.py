"""Watching a sync: progress, the closing message, results (rules 8, 21, 23, 26 to 28)."""

import json
import re
from urllib.request import Request, urlopen

from playwright.sync_api import Page, expect

from core.domain.runs.run import RunState
from entrypoints.sandbox.fault_injection import Fault
from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.journeys.conference import BRIGHT, CALM, LANTERN, LONG, long_days
from tests.support.browser_harness import (
    ORGANIZATION,
    SUPPORT_CONTACT,
    Harness,
    expect_message,
    open_menu,
    start_sync,
    wait_for_agenda,
)
from tests.support.timeouts import WITHIN

SLOW = Fault(sides=("gleanin",), methods=("POST", "PATCH"), latency_ms=400)


def progress_of(page: Page, kind: str) -> int:
    """Return the number of done records of a kind that the page shows."""
    return int(page.get_by_role("progressbar", name=kind).get_attribute("value") or 0)


def wait_for_more(page: Page, kind: str, than: int) -> int:
    page.wait_for_function(
        "([kind, than]) => [...document.querySelectorAll(`progress[aria-label=${kind}]`)]"
        ".some(each => each.value > than)",
        arg=[kind, than],
    )
    return progress_of(page, kind)


def test_rule_28_a_sync_tells_how_far_it_is_in_every_tab_and_how_it_ended(
    harness: Harness, admin: Page
) -> None:
    harness.control.replace_event(LONG, long_days(80))
    mapping = harness.mapped(LONG)
    admin.goto(harness.event(LONG))
    wait_for_agenda(admin)
    harness.control.inject_faults(SLOW)
    start_sync(admin, mapping.events.destination_id)
    first = wait_for_more(admin, "sessions", 0)
    assert wait_for_more(admin, "sessions", first) > first
    expect(admin.get_by_text(re.compile(r"^\d+ of 80$")).first).to_be_visible()

    admin.reload()
    expect(admin.get_by_role("heading", name="Sync to Gleanin: sessions and speakers")).to_be_visible()
    other = admin.context.new_page()
    other.goto(harness.event(LONG))
    expect(other.get_by_role("progressbar", name="sessions")).to_be_visible()
    harness.control.inject_faults()

    for tab in (admin, other):
        tab.bring_to_front()
        expect_message(tab, "Sync to Gleanin is complete. Synced: 80 sessions, 80 speakers.")
        expect(tab.locator("#flashes").get_by_role("link", name="View Results")).to_be_visible()
        expect(tab.get_by_role("progressbar")).to_have_count(0)
    admin.locator("#flashes").get_by_role("link", name="View Results").click()
    expect(admin.get_by_role("heading", name="Sync of Long Days")).to_be_visible()
    expect(admin.get_by_text("Completed", exact=True)).to_be_visible()


def test_rule_26_results_are_the_same_as_the_api_tells_and_can_be_searched(
    harness: Harness, admin: Page
) -> None:
    run = harness.sync(harness.mapped(LANTERN).id)
    admin.goto(f"/runs/{run.id}")
    counts = _from_api(harness, f"/api/v1/runs/{run.id}")["counts"]
    table = admin.get_by_role("region", name="Counts")
    kinds = [cell.inner_text() for cell in table.get_by_role("columnheader").all()]
    assert kinds == ["sessions", "speakers", "exhibitors"]
    for row in table.get_by_role("row").all()[1:]:
        word = row.get_by_role("rowheader").inner_text()
        shown = [int(cell.inner_text()) for cell in row.get_by_role("cell").all()]
        name = "succeeded" if word == "synced" else word
        assert shown == [counts[kind].get(name, 0) for kind in kinds], word

    tabs = admin.get_by_role("navigation", name="Outcomes")
    tabs.get_by_role("link", name="Blocked").click()
    blocked = sum(counts[kind]["blocked"] for kind in kinds)
    records = admin.get_by_role("region", name="Records").get_by_role("row")
    expect(records).to_have_count(blocked + 1)
    expect(tabs.get_by_role("link", name="Blocked")).to_have_text(f"Blocked {blocked}")
    search = admin.get_by_role("searchbox", name="Search names, e-mails and ids")
    search.fill("plume")
    search.press("Enter")
    expect(records).to_have_count(2)
    expect(records.nth(1)).to_contain_text("Required field is missing: last name.")


def _from_api(harness: Harness, path: str) -> dict[str, dict[str, dict[str, int]]]:
    request = Request(harness.url + path, headers={"Authorization": f"Bearer {harness.key()}"})
    with urlopen(request, timeout=WITHIN) as answer:
        document: dict[str, dict[str, dict[str, int]]] = json.loads(answer.read())
    return document


def test_rule_21_a_second_sync_writes_nothing_and_says_so(harness: Harness, admin: Page) -> None:
    mapping = harness.mapped(BRIGHT)
    harness.sync(mapping.id)
    written = harness.writes
    admin.goto(harness.event(BRIGHT))
    wait_for_agenda(admin)
    start_sync(admin, mapping.events.destination_id)
    expect_message(admin, "Sync to Gleanin is complete. Synced: 2 sessions, 4 speakers.")
    admin.locator("#flashes").get_by_role("link", name="View Results").click()
    expect(admin.get_by_role("navigation", name="Outcomes")).to_contain_text("Unchanged 6")
    assert harness.writes == written


def test_rule_28_a_sync_with_problems_says_what_to_do_and_whom_to_ask(harness: Harness, admin: Page) -> None:
    mapping = harness.mapped(LANTERN)
    admin.goto(harness.event(LANTERN))
    wait_for_agenda(admin)
    start_sync(admin, mapping.events.destination_id)
    expect_message(
        admin,
        "Sync to Gleanin finished with problems: 14 sessions attempted, 12 synced; 15 speakers attempted, "
        "11 synced. Check that your sessions and speakers have all the required fields. "
        f"If this persists, contact {SUPPORT_CONTACT}.",
    )
    admin.locator("#flashes").get_by_role("link", name="View Results").click()
    expect(admin.get_by_role("main")).to_contain_text("Finished with problems")
    admin.get_by_role("link", name="Plume").click()
    expect(admin.get_by_role("heading", name="Plume")).to_be_visible()
    story = admin.get_by_role("region", name="History")
    expect(story.get_by_role("row")).to_have_count(2)
    expect(story).to_contain_text("(Europe/Lisbon)")


def test_why_a_person_is_not_in_gleanin_is_looked_up_in_the_history(harness: Harness, admin: Page) -> None:
    mapping = harness.mapped(LANTERN)
    harness.sync(mapping.id)
    harness.sync(mapping.id)
    admin.goto(harness.at("history"))
    expect(admin.get_by_role("region", name="Syncs").get_by_role("row")).to_have_count(3)
    admin.get_by_label("E-mail or id").fill("plume@example.org")
    admin.get_by_role("button", name="Look up").click()
    story = admin.get_by_role("region", name="History")
    expect(story.get_by_text("blocked")).to_have_count(2)
    expect(story.get_by_text("Required field is missing: last name.").first).to_be_visible()
    again = admin.get_by_role("searchbox", name="E-mail or id")
    again.fill("nobody@example.org")
    again.press("Enter")
    expect(admin.get_by_role("heading", name="No match for “nobody@example.org”")).to_be_visible()


def test_rule_23_asking_during_a_run_books_exactly_one_more(harness: Harness, admin: Page) -> None:
    mapping = harness.mapped(CALM)
    admin.goto(harness.event(CALM))
    wait_for_agenda(admin)
    harness.control.inject_faults(Fault(sides=("gleanin",), methods=("POST",), latency_ms=4000))
    start_sync(admin, mapping.events.destination_id)
    for _ in range(3):
        open_menu(admin, "Options")
        admin.get_by_role("button", name="Sync to Gleanin").click()
        expect_message(admin, "Another sync of this event is running. Yours starts when it has finished.")
    expect(admin.get_by_text("Waiting for another sync of this event to finish.")).to_be_visible()
    assert len(harness.runs(mapping.id)) == 2
    harness.control.inject_faults()
    expect(admin.locator("#flashes").get_by_text("Sync to Gleanin is complete.")).to_have_count(2)
    assert [run.state for run in harness.runs(mapping.id)] == [RunState.COMPLETED] * 2
    assert harness.writes == 2


def test_rule_08_a_run_that_disconnecting_stopped_says_so(
    harness: Harness, admin: Page, new_page: NewPage
) -> None:
    harness.control.replace_event(LONG, long_days(80))
    mapping = harness.mapped(LONG)
    admin.goto(harness.event(LONG))
    wait_for_agenda(admin)
    harness.control.inject_faults(SLOW)
    start_sync(admin, mapping.events.destination_id)
    wait_for_more(admin, "sessions", 0)
    other = harness.sign_in(new_page())
    other.goto(harness.at("integrations/disconnect"))
    other.get_by_label("Organization's name").fill(ORGANIZATION)
    other.get_by_role("button", name="Disconnect Integration").click()
    expect_message(other, "Disconnected from Gleanin.")
    written = harness.writes
    expect_message(admin, "The organization was disconnected.")
    admin.locator("#flashes").get_by_role("link", name="View Results").click()
    expect(admin.get_by_text("Stopped", exact=True)).to_be_visible()
    assert harness.writes <= written + 16, "what was under way, and nothing after it"
    assert harness.writes < 160
