"""The sign-in expires in the middle of a form: the entered values are restored, with JavaScript and without."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.domain.access.authorization import Actor, Grant, Role
from core.usecases.access.add_account import AddAccount, NewAccount
from core.usecases.access.change_password import ChangePassword
from entrypoints.container import Container
from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.journeys.conference import LANTERN
from tests.support.axe import violations
from tests.support.browser_harness import Harness

CLARA, PASSWORD = "clara@acme.example.org", "correct-horse-battery"


def signed_in(harness: Harness, page: Page) -> Page:
    async def add(container: Container) -> None:
        new = NewAccount(CLARA, Grant(Role.ADMIN), PASSWORD)
        await container.resolve(AddAccount)(new, actor=Actor("test"))

    harness.running.ask(add)
    return harness.sign_in(page, CLARA)


def end_sign_ins(harness: Harness) -> None:
    harness.running.ask(
        lambda container: container.resolve(ChangePassword)(CLARA, PASSWORD, actor=Actor("test"))
    )


def sign_in(page: Page) -> None:
    expect(page.get_by_role("heading", name="Your session had expired")).to_be_visible()
    page.get_by_label("E-mail").fill(CLARA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_form_stands_there_again_and_is_sent_once_more(
    harness: Harness, new_page: NewPage, *, scripts: bool
) -> None:
    page = signed_in(harness, new_page(java_script_enabled=scripts))
    page.goto(harness.at("settings"))
    page.get_by_label("Name").fill("Nightly export")
    page.get_by_label("Admin").check()
    end_sign_ins(harness)
    page.get_by_role("button", name="Create key").click()
    if scripts:
        expect(page.get_by_label("Password", exact=True)).to_be_visible()
        assert not violations(page)
    sign_in(page)
    expect(page.get_by_text("so the form was not sent")).to_be_visible()
    expect(page.get_by_label("Name")).to_have_value("Nightly export")
    expect(page.get_by_label("Admin")).to_be_checked()
    if scripts:
        expect(page).to_have_url(re.compile("/settings$"))
        assert not violations(page)
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_role("region", name="API key")).to_be_visible()


def test_a_drawer_stands_open_again_with_the_note_in_it(harness: Harness, new_page: NewPage) -> None:
    mapping = harness.mapped(LANTERN)
    page = signed_in(harness, new_page())
    page.goto(harness.at(f"integrations/mappings/{mapping.id}/settings"))
    page.get_by_label("Sync Moderators").uncheck()
    end_sign_ins(harness)
    page.get_by_role("button", name="Save settings").click()
    sign_in(page)
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("so the form was not sent")).to_be_visible()
    expect(drawer.get_by_label("Sync Moderators")).not_to_be_checked()
    drawer.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("were saved")).to_be_visible()


def test_a_part_of_a_page_leads_to_signing_in_and_back(harness: Harness, new_page: NewPage) -> None:
    harness.sync(harness.mapped(LANTERN).id)
    page = signed_in(harness, new_page())
    page.goto(harness.at("share-links"))
    end_sign_ins(harness)
    page.get_by_role("button", name="Copy portal address").first.click()
    expect(page.get_by_text("so the form was not sent")).to_be_visible()
    page.get_by_label("E-mail").fill(CLARA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Share links", level=1)).to_be_visible()
