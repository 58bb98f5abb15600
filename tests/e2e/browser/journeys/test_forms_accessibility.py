"""axe finds no violations on pages that follow a form: errors, confirmations, secrets shown once, a running sync."""

import pytest
from playwright.sync_api import expect

from core.domain.access.authorization import COMMAND_LINE
from core.usecases.access.create_sign_up_link import CreateSignUpLink
from core.usecases.access.queries import ListAccounts
from core.usecases.access.remove_account import RemoveAccount
from entrypoints.container import Container
from entrypoints.sandbox.fault_injection import Fault
from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.journeys.conference import BRIGHT, CALM
from tests.support.browser_harness import Harness, expect_message, start_sync, wait_for_agenda
from tests.support.page_checks import LOOKS, check


@pytest.mark.parametrize("look", LOOKS, ids=["light-1280", "dark-360"])
def test_forms_that_came_back_and_what_they_lead_to(
    harness: Harness, new_page: NewPage, look: dict[str, int | str]
) -> None:
    page = harness.sign_in(new_page(**look))  # type: ignore[arg-type] # a width and an option
    page.goto(harness.at("integrations/connect"))
    page.get_by_label("Gleanin API Token").fill("wrong-token-0123456789")
    page.get_by_role("button", name="Connect").click()
    expect(page.locator(".field-error")).to_be_visible()
    check(page)

    harness.connect()
    page.goto(harness.at("integrations/mappings/new"))
    for side in ("Gleanin event", "Sessionboard event"):
        page.get_by_label(side).select_option(label="Bright Days")
    page.get_by_role("button", name="Add Mapping").click()
    expect(page.get_by_role("heading", name="Confirm the time zone")).to_be_visible()
    check(page)

    harness.sync(harness.mapped(BRIGHT).id)
    page.goto(harness.at("integrations/mappings/new"))
    page.get_by_label("Gleanin event").select_option(label="Calm Days")
    page.get_by_label("Sessionboard event").select_option(label="Calm Days")
    harness.mapped(CALM)
    page.get_by_role("button", name="Add Mapping").click()
    expect(page.locator(".field-error").first).to_be_visible()
    check(page)

    page.goto(harness.at("integrations/disconnect"))
    page.get_by_label("Organization's name").fill("Somebody else")
    page.get_by_role("button", name="Disconnect Integration").click()
    expect(page.locator(".field-error")).to_be_visible()
    check(page)

    page.goto(harness.at("settings"))
    page.get_by_label("Name", exact=True).fill("Nightly export")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("region", name="API key")).to_be_visible()
    check(page)

    page.goto(harness.at("share-links"))
    page.get_by_role("button", name="Copy portal address of Ada Lovelace").click()
    expect(page.get_by_text(f"{harness.url}/portal/")).to_be_visible()
    check(page)

    harness.control.inject_faults(Fault(sides=("sessionboard",), revoked_after=0))
    page.goto(harness.at("events"))
    expect(page.get_by_role("heading", name="The events cannot be loaded")).to_be_visible()
    check(page)
    page.goto(harness.at("integrations/mappings/new"))
    check(page)


@pytest.mark.parametrize("look", LOOKS, ids=["light-1280", "dark-360"])
def test_an_event_that_is_being_read_and_a_sync_that_goes_on(
    harness: Harness, new_page: NewPage, look: dict[str, int | str]
) -> None:
    mapping = harness.mapped(CALM)
    page = harness.sign_in(new_page(**look))  # type: ignore[arg-type] # a width and an option
    harness.control.inject_faults(Fault(sides=("sessionboard",), latency_ms=1500))
    page.goto(harness.event(CALM))
    expect(page.get_by_role("progressbar", name="Reading from Sessionboard")).to_be_visible()
    check(page)
    harness.control.inject_faults()
    wait_for_agenda(page)
    harness.control.inject_faults(Fault(sides=("gleanin",), methods=("POST",), latency_ms=3000))
    start_sync(page, mapping.events.destination_id)
    expect(page.get_by_role("progressbar", name="sessions")).to_be_visible()
    check(page)
    harness.control.inject_faults()
    expect_message(page, "Sync to Gleanin is complete.")
    check(page)


@pytest.mark.parametrize("look", LOOKS, ids=["light-1280", "dark-360"])
def test_signing_in_and_making_the_first_account(
    harness: Harness, new_page: NewPage, look: dict[str, int | str]
) -> None:
    page = new_page(**look)  # type: ignore[arg-type] # a width and an option
    page.goto("/sign-in")
    check(page)
    page.get_by_label("E-mail").fill("nobody@example.org")
    page.get_by_label("Password", exact=True).fill("wrong-horse-battery")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check(page)

    async def offer(container: Container) -> str | None:
        for account in await container.resolve(ListAccounts)():
            await container.resolve(RemoveAccount)(account.email, actor=COMMAND_LINE)
        return await container.resolve(CreateSignUpLink)()

    page.goto(f"/sign-up/{harness.running.ask(offer)}")
    expect(page.get_by_role("heading", name="Create the first account")).to_be_visible()
    check(page)
