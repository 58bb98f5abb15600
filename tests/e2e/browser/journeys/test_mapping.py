"""Map Events and Event Settings (rules 4 to 7)."""

import pytest
from playwright.sync_api import Page, expect

from adapters.jobs.in_process import InProcessJobs
from core.domain.tenancy.event_mappings import ExhibitorName, TracksFrom
from core.usecases.mappings.queries import ListMappings
from core.usecases.runs.select_next_runs import SelectNextRuns
from entrypoints.container import Container
from entrypoints.sandbox.fault_injection import Fault
from tests.e2e.browser.journeys.conference import BRIGHT, CALM
from tests.support.browser_harness import Harness, expect_error, expect_message, open_menu
from tests.support.timeouts import wait_until

NEW = "integrations/mappings/new"
CONFIRMED = "The Gleanin event has the same time zone"


async def tick(container: Container) -> None:
    jobs = container.jobs()
    assert isinstance(jobs, InProcessJobs)
    await jobs.poll()


def test_rule_07_where_gleanin_tells_no_time_zone_the_admin_confirms_the_one_shown(
    harness: Harness, admin: Page
) -> None:
    harness.connect()
    admin.goto(harness.at("integrations/mappings"))
    admin.get_by_role("dialog").get_by_role("link", name="Add New Event Mapping").click()
    add = admin.get_by_role("button", name="Add Mapping")
    expect(add).to_be_disabled()
    admin.get_by_label("Gleanin event").select_option(label="Bright Days")
    expect(add).to_be_disabled()
    admin.get_by_label("Sessionboard event").select_option(label="Bright Days")
    expect(add).to_be_enabled()
    add.click()

    question = admin.get_by_role("dialog").get_by_text("In Sessionboard it is Europe/Paris (GMT+")
    expect(question).to_be_visible()
    expect(admin.get_by_label("Gleanin event").locator("option:checked")).to_have_text("Bright Days")
    expect(admin.get_by_label("Sessionboard event").locator("option:checked")).to_have_text("Bright Days")
    expect(add).to_be_disabled()
    admin.get_by_label(CONFIRMED).check()
    add.click()
    expect(admin.get_by_role("dialog", name="Event Settings")).to_be_visible()
    expect(admin.get_by_text("Europe/Paris (confirmed)")).to_be_visible()

    admin.get_by_role("button", name="Save settings").click()
    card = admin.get_by_role("list", name="Event mappings").get_by_role("listitem")
    expect(card).to_have_count(1)
    assert [line for line in card.inner_text().splitlines() if line][:4] == [
        "Gleanin event",
        "Bright Days",
        "Sessionboard event",
        "Bright Days",
    ]


def test_rule_07_a_time_zone_that_gleanin_tells_needs_no_confirmation(harness: Harness, admin: Page) -> None:
    harness.connect()
    admin.goto(harness.at(NEW))
    admin.get_by_label("Gleanin event").select_option(label="Calm Days")
    admin.get_by_label("Sessionboard event").select_option(label="Calm Days")
    admin.get_by_role("button", name="Add Mapping").click()
    expect(admin.get_by_role("dialog", name="Event Settings")).to_be_visible()


def test_rule_04_an_event_that_is_mapped_cannot_be_chosen_and_says_why(harness: Harness, admin: Page) -> None:
    harness.mapped(BRIGHT)
    admin.goto(harness.at(NEW))
    for side in ("Gleanin event", "Sessionboard event"):
        taken = admin.get_by_label(side).locator("option", has_text="Bright Days")
        expect(taken).to_have_text("Bright Days (mapped to Bright Days)")
        expect(taken).to_be_disabled()


def test_rule_04_an_event_that_was_mapped_meanwhile_is_refused_beside_its_field(
    harness: Harness, admin: Page
) -> None:
    harness.connect()
    admin.goto(harness.at(NEW))
    admin.get_by_label("Gleanin event").select_option(label="Bright Days")
    admin.get_by_label("Sessionboard event").select_option(label="Calm Days")
    harness.mapped(BRIGHT)
    admin.get_by_role("button", name="Add Mapping").click()
    expect_error(admin.get_by_label("Gleanin event"), "is already mapped")
    expect(admin.get_by_label("Sessionboard event").locator("option:checked")).to_have_text("Calm Days")


@pytest.mark.parametrize("side", ["Gleanin", "Sessionboard"])
def test_a_side_that_cannot_be_read_is_named_beside_the_mappings(
    harness: Harness, admin: Page, side: str
) -> None:
    harness.mapped(CALM)
    name = "gleanin" if side == "Gleanin" else "sessionboard"
    harness.control.inject_faults(Fault(sides=(name,), revoked_after=0))  # type: ignore[arg-type] # one of the two
    admin.goto(harness.at(NEW))
    expect(admin.get_by_role("heading", name=f"{side}'s events cannot be loaded")).to_be_visible()
    expect(admin.get_by_role("list", name="Event mappings").get_by_text("Calm Days").first).to_be_visible()
    expect(admin.get_by_role("button", name="Add Mapping")).to_have_count(0)
    harness.control.inject_faults()
    admin.get_by_role("link", name="Try again").click()
    expect(admin.get_by_role("button", name="Add Mapping")).to_be_disabled()


def test_rule_21_each_setting_is_kept_and_shown_again(harness: Harness, admin: Page) -> None:
    mapping = harness.mapped(BRIGHT)
    admin.goto(harness.at("integrations/mappings"))
    open_menu(admin, "More for Bright Days")
    admin.get_by_role("link", name="Event Settings").click()
    expect(admin.get_by_role("switch", name="Continuous Sync")).not_to_be_checked()
    expect(admin.get_by_label("Sync Track to Tracks")).to_be_checked()
    for name in ("Sync Chairpersons", "Sync Moderators"):
        expect(admin.get_by_label(name)).to_be_checked()

    admin.get_by_role("switch", name="Continuous Sync").check()
    admin.get_by_label("Sync Tags to Tracks").check()
    expect(admin.get_by_label("Sync Track to Tracks")).not_to_be_checked()  # either tracks or tags
    admin.get_by_label("Sync Chairpersons").uncheck()
    admin.get_by_label("Sync Moderators").uncheck()
    admin.get_by_label("One name is enough").check()
    admin.get_by_label("Only accepted roles").uncheck()
    admin.get_by_label("The exhibitor's name").check()
    admin.get_by_role("button", name="Save settings").click()
    expect_message(admin, "The settings of Bright Days were saved.")
    expect(admin.get_by_role("dialog").get_by_text("Continuous sync", exact=True)).to_be_visible()

    open_menu(admin, "More for Bright Days")
    admin.get_by_role("link", name="Event Settings").click()
    expect(admin.get_by_role("switch", name="Continuous Sync")).to_be_checked()
    expect(admin.get_by_label("Sync Tags to Tracks")).to_be_checked()
    expect(admin.get_by_label("Sync Chairpersons")).not_to_be_checked()
    expect(admin.get_by_label("Sync Moderators")).not_to_be_checked()
    expect(admin.get_by_label("One name is enough")).to_be_checked()
    expect(admin.get_by_label("Only accepted roles")).not_to_be_checked()
    expect(admin.get_by_label("The exhibitor's name")).to_be_checked()

    async def read(container: Container) -> object:
        (known,) = await container.resolve(ListMappings)(harness.organization)
        assert known.id == mapping.id
        return (
            known.settings.tracks,
            known.settings.chairpersons,
            known.settings.moderators,
            known.settings.exhibitor_name,
            known.continuous_sync,
        )

    assert harness.running.ask(read) == (TracksFrom.TAGS, False, False, ExhibitorName.EXHIBITOR, True)


def test_rule_24_continuous_sync_that_is_switched_on_syncs_by_itself(harness: Harness, admin: Page) -> None:
    mapping = harness.mapped(BRIGHT)
    harness.running.ask(tick)
    assert harness.running.ask(lambda container: container.resolve(SelectNextRuns)(64)) == [], (
        "nothing is to be started"
    )
    assert harness.runs(mapping.id) == []
    admin.goto(harness.at(f"integrations/mappings/{mapping.id}/settings"))
    admin.get_by_role("switch", name="Continuous Sync").check()
    admin.get_by_role("button", name="Save settings").click()
    expect_message(admin, "The settings of Bright Days were saved.")
    harness.running.ask(tick)
    wait_until(lambda: harness.runs(mapping.id), "what was looked at has come to a run")
    admin.goto(harness.at("history"))
    row = admin.get_by_role("region", name="Syncs").get_by_role("row", name="Bright Days")
    expect(row).to_contain_text("Continuous sync")


def test_rule_05_a_removed_mapping_can_be_made_again_and_goes_on_and_no_other_one(
    harness: Harness, admin: Page
) -> None:
    harness.sync(harness.mapped(BRIGHT).id)
    written = harness.writes
    admin.goto(harness.at("integrations/mappings"))
    open_menu(admin, "More for Bright Days")
    admin.get_by_role("link", name="Remove Mapping").click()
    question = admin.get_by_role("dialog", name="Remove this mapping?")
    expect(question.get_by_text("the two events stay bound to each other")).to_be_visible()
    question.get_by_role("button", name="Remove Mapping").click()
    expect_message(admin, "The mapping of Bright Days was removed.")

    admin.get_by_role("dialog").get_by_role("link", name="Add New Event Mapping").click()
    admin.get_by_label("Gleanin event").select_option(label="Bright Days (was synced with Bright Days)")
    admin.get_by_label("Sessionboard event").select_option(label="Calm Days")
    admin.get_by_role("button", name="Add Mapping").click()
    expect_error(admin.get_by_label("Gleanin event"), "was synced with Bright Days under this connection")

    admin.get_by_label("Sessionboard event").select_option(label="Bright Days (was synced with Bright Days)")
    admin.get_by_role("button", name="Add Mapping").click()
    admin.get_by_label(CONFIRMED).check()
    admin.get_by_role("button", name="Add Mapping").click()
    expect(admin.get_by_role("dialog", name="Event Settings")).to_be_visible()
    (again,) = harness.running.ask(lambda container: container.resolve(ListMappings)(harness.organization))
    run = harness.sync(again.id)
    assert run.counts.all_succeeded
    assert harness.writes == written, "it continues where it stopped"
