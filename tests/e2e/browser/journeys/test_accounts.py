"""Accounts, roles, API keys and the audit log in the browser."""

import re
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Page, expect

from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.usecases.access.add_account import AddAccount, NewAccount
from core.usecases.access.create_sign_up_link import CreateSignUpLink
from core.usecases.access.queries import ListAccounts
from core.usecases.access.remove_account import RemoveAccount
from entrypoints.container import Container
from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.journeys.conference import BRIGHT
from tests.support.browser_harness import (
    ADMIN,
    PASSWORD,
    SUPPORT,
    VIEWER,
    Harness,
    expect_message,
    open_menu,
    start_sync,
    wait_for_agenda,
)
from tests.support.timeouts import WITHIN

CHANGING = re.compile(
    "^(Connect|Disconnect|Sync to|Add |Remove|Replace|Save|Make|Revoke|Copy portal|Map (this|the) )"
)


def with_password(harness: Harness, email: str = "paula@example.org") -> str:
    async def add(container: Container) -> None:
        await container.resolve(AddAccount)(
            NewAccount(email, Grant(Role.VIEWER, harness.organization), PASSWORD), actor=COMMAND_LINE
        )

    harness.running.ask(add)
    return email


def fill_in(page: Page, email: str, password: str, button: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name=button).click()


def test_somebody_signs_in_wrongly_then_rightly_and_out_again(harness: Harness, page: Page) -> None:
    email = with_password(harness)
    page.goto(harness.at("history"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    fill_in(page, email, "wrong-horse-battery", "Sign in")
    expect(page.get_by_role("alert")).to_contain_text("The e-mail or password is wrong.")
    expect(page.get_by_label("E-mail")).to_have_value(email)
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    fill_in(page, email, PASSWORD, "Sign in")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect_message(page, "You are signed out.")
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_the_first_account_is_made_at_an_address_that_works_once(
    harness: Harness, page: Page, new_page: NewPage
) -> None:
    async def empty(container: Container) -> str:
        for account in await container.resolve(ListAccounts)():
            await container.resolve(RemoveAccount)(account.email, actor=COMMAND_LINE)
        offered = await container.resolve(CreateSignUpLink)()
        assert offered
        return offered

    offered = f"/sign-up/{harness.running.ask(empty)}"
    page.goto(offered)
    fill_in(page, "first@example.org", "short", "Create account")
    expect(page.get_by_role("alert")).to_contain_text("Use 12 to 1,000 characters")
    fill_in(page, "first@example.org", PASSWORD, "Create account")
    expect_message(page, "Welcome. You are an admin of all organizations as first@example.org.")
    expect(page.get_by_role("link", name="Add an organization")).to_be_visible()
    late = new_page()
    late.goto(offered)
    expect(late.get_by_text("This link is no longer valid.")).to_be_visible()


def test_an_api_key_is_shown_once_and_opens_nothing_once_it_is_revoked(harness: Harness, admin: Page) -> None:
    admin.goto(harness.at("settings"))
    make = admin.get_by_role("button", name="Create key")
    expect(make).to_be_disabled()
    admin.get_by_label("Name", exact=True).fill("Nightly export")
    make.click()
    shown = admin.get_by_role("region", name="API key")
    expect(shown).to_contain_text("will never be shown again")
    key = shown.locator("code").inner_text()
    assert _status(harness, key) == 200
    admin.get_by_role("link", name="I have copied it").click()
    expect(admin.get_by_role("row", name="Nightly export")).to_contain_text(f"by {ADMIN}")
    assert key not in admin.content()
    admin.get_by_role("link", name="Revoke Nightly export").click()
    question = admin.get_by_role("dialog", name="Revoke this API key?")
    question.get_by_role("button", name="Revoke the key").click()
    expect_message(admin, "The API key Nightly export was revoked.")
    assert _status(harness, key) == 401

    admin.goto(harness.at("settings/audit-log"))
    log = admin.get_by_role("region", name="Audit log")
    last = log.get_by_role("row").nth(1)
    expect(last).to_contain_text("Revoked the API key Nightly export.")
    expect(last).to_contain_text(f"by {ADMIN}")


def _status(harness: Harness, key: str) -> int:
    request = Request(
        f"{harness.url}/api/v1/organizations/{harness.organization}",
        headers={"Authorization": f"Bearer {key}"},
    )
    try:
        with urlopen(request, timeout=WITHIN) as answer:
            status: int = answer.status
            return status
    except HTTPError as error:
        with error:
            return error.code


def test_the_audit_log_tells_who_did_what(harness: Harness, admin: Page) -> None:
    mapping = harness.mapped(BRIGHT)
    admin.goto(harness.event(BRIGHT))
    wait_for_agenda(admin)
    start_sync(admin, mapping.events.destination_id)
    admin.goto(harness.at("settings"))
    admin.get_by_role("link", name="Audit log").click()
    log = admin.get_by_role("region", name="Audit log")
    for did in ("Started a sync", "Mapped events: ", "Connected Acme Events to Gleanin."):
        expect(log.get_by_role("row").filter(has_text=did)).to_contain_text(ADMIN)


@pytest.mark.parametrize("who", [VIEWER, SUPPORT])
def test_who_may_not_change_things_sees_everything_and_nothing_that_would_be_refused(
    harness: Harness, new_page: NewPage, who: str
) -> None:
    mapping = harness.mapped(BRIGHT)
    run = harness.sync(mapping.id)
    page = harness.sign_in(new_page(), who)
    seen = [
        *(harness.at(part) for part in ("events", "integrations", "history", "share-links", "settings")),
        *(harness.at(f"integrations/{part}") for part in ("connect", "mappings")),
        harness.at(f"integrations/mappings/{mapping.id}/settings"),
        harness.at("settings/audit-log"),
        *(harness.event(BRIGHT, part) for part in ("agenda", "exhibitors", "preview")),
        f"/runs/{run.id}",
        f"/mappings/{mapping.id}/records?who=ada@example.org",
    ]
    for url in seen:
        answer = page.goto(url)
        assert answer
        assert answer.status == 200, url
        offered = [
            text
            for control in page.locator("a:not(footer a), button").all()
            if CHANGING.match(text := control.inner_text().strip() or control.text_content() or "")
        ]
        may_sync = who == SUPPORT and url.startswith(harness.at("events/"))
        assert [each for each in offered if not (may_sync and each.startswith("Sync to Gleanin"))] == [], url


def test_support_starts_a_sync_and_is_named_for_it(harness: Harness, new_page: NewPage) -> None:
    mapping = harness.mapped(BRIGHT)
    page = harness.sign_in(new_page(), SUPPORT)
    page.goto(harness.event(BRIGHT))
    wait_for_agenda(page)
    start_sync(page, mapping.events.destination_id)
    expect_message(page, "Sync to Gleanin is complete.")
    page.locator("#flashes").get_by_role("link", name="View Results").click()
    expect(page.get_by_text(SUPPORT, exact=True)).to_be_visible()


def test_a_viewer_is_told_whom_to_ask_for_a_sync(harness: Harness, new_page: NewPage) -> None:
    harness.mapped(BRIGHT)
    page = harness.sign_in(new_page(), VIEWER)
    page.goto(harness.event(BRIGHT))
    wait_for_agenda(page)
    expect(page.get_by_text("To start a sync you need a different role. Ask an admin.")).to_be_visible()
    open_menu(page, "Options")
    expect(page.get_by_role("link", name="Export .CSV")).to_be_visible()
