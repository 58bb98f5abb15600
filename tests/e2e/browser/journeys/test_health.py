"""Health in the browser: a halted connection and how to fix it, and the first sync waiting for settings (rule 24)."""

import pytest
from playwright.sync_api import expect

from adapters.jobs.in_process import InProcessJobs
from core.domain.ids import MappingId
from core.domain.runs.run import Trigger
from entrypoints.container import Container
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import GLEANIN_TOKEN
from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.journeys.conference import BRIGHT
from tests.support.browser_harness import Harness, expect_message
from tests.support.page_checks import LOOKS, check
from tests.support.timeouts import wait_until


async def tick(container: Container) -> None:
    jobs = container.jobs()
    assert isinstance(jobs, InProcessJobs)
    await jobs.poll()


@pytest.mark.parametrize("look", LOOKS, ids=["light-1280", "dark-360"])
def test_a_halted_connection_is_told_everywhere_and_mended_from_any_page(
    harness: Harness, new_page: NewPage, look: dict[str, int | str]
) -> None:
    mapping = harness.mapped(BRIGHT)
    harness.control.inject_faults(Fault(sides=("gleanin",), revoked_after=0))
    harness.sync(mapping.id)
    harness.control.inject_faults()
    page = harness.sign_in(new_page(**look))  # type: ignore[arg-type] # a width and an option
    for path in ("events", "history", "share-links", "settings", "integrations", "integrations/mappings"):
        page.goto(harness.at(path))
        expect(page.get_by_role("heading", name="Sync is halted")).to_have_count(1)
        check(page)
    page.goto(harness.at("events"))
    expect(page.get_by_role("row", name="Bright Days")).to_contain_text("Halted")
    page.get_by_role("link", name="Replace token").first.click()
    page.get_by_label("Gleanin API Token").fill(GLEANIN_TOKEN)
    page.get_by_role("button", name="Replace token").click()
    expect_message(page, "The Gleanin API token was replaced.")
    expect(page.get_by_role("heading", name="Sync is halted")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_contain_text("has been replaced")
    check(page)
    page.get_by_role("dialog").get_by_role("button", name="Sync to Gleanin").click()
    expect_message(page, "Sync to Gleanin has started.")


def test_rule_24_the_first_continuous_sync_waits_for_the_last_step(
    harness: Harness, new_page: NewPage
) -> None:
    harness.connect(continuous=True)
    page = harness.sign_in(new_page())
    page.goto(harness.at("integrations/mappings/new"))
    for side in ("Gleanin event", "Sessionboard event"):
        page.get_by_label(side).select_option(label="Bright Days")
    page.get_by_role("button", name="Add Mapping").click()
    page.get_by_label("The Gleanin event has the same time zone").check()
    page.get_by_role("button", name="Add Mapping").click()
    settings = page.get_by_role("dialog", name="Event Settings")
    expect(settings).to_contain_text("Nothing is sent automatically until you save them.")
    harness.running.ask(tick)
    assert harness.writes == 0
    page.goto(harness.at("integrations/mappings"))
    expect(page.get_by_role("dialog")).to_contain_text("Waiting for settings")
    page.get_by_role("dialog").get_by_role("link", name="Event Settings").first.click()
    mapping_id = page.url.split("/")[-2]
    page.get_by_label("Sync Moderators").uncheck()
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_role("dialog")).not_to_contain_text("Waiting for settings")
    harness.running.ask(tick)
    mapping = MappingId(mapping_id)
    wait_until(lambda: harness.runs(mapping), "what was looked at has come to a run")
    assert [run.trigger for run in harness.runs(mapping)] == [Trigger.CONTINUOUS]
