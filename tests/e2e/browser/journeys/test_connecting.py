"""Integrations > Connect: entering the token, and what is shown of it (rules 1 and 2)."""

import pytest
from playwright.sync_api import Page, expect

from entrypoints.sandbox.state import GLEANIN_TOKEN
from tests.support.browser_harness import ORGANIZATION, Harness, expect_error, expect_message, menu, open_menu

BAD_TOKEN = "wrong-token-0123456789"
TOKEN = "Gleanin API Token"


def test_rule_01_a_refused_token_is_told_beside_its_field_and_stores_nothing(
    harness: Harness, admin: Page
) -> None:
    admin.goto(harness.at("integrations"))
    expect(admin.get_by_text("Not connected", exact=True)).to_be_visible()
    admin.get_by_role("link", name="Connect", exact=True).click()
    drawer = admin.get_by_role("dialog", name="Gleanin")
    expect(drawer.get_by_role("button", name="Connect")).to_be_disabled()
    drawer.get_by_label(TOKEN).fill(BAD_TOKEN)
    drawer.get_by_role("button", name="Connect").click()

    field = drawer.get_by_label(TOKEN)
    expect_error(field, "The API token is not valid.")
    expect(field).to_have_value("")
    expect(field).to_be_focused()
    assert BAD_TOKEN not in admin.content()
    admin.goto(harness.at("integrations"))
    expect(admin.get_by_text("Not connected", exact=True)).to_be_visible()


def test_rule_02_after_connecting_only_the_tokens_last_characters_are_shown(
    harness: Harness, admin: Page
) -> None:
    admin.goto(harness.at("integrations/connect"))
    field = admin.get_by_label(TOKEN)
    field.fill(GLEANIN_TOKEN)
    expect(field).to_have_attribute("type", "password")
    eye = admin.get_by_role("button", name="Show what is typed")
    eye.click()
    expect(field).to_have_attribute("type", "text")
    expect(eye).to_have_attribute("aria-pressed", "true")
    eye.click()
    expect(field).to_have_attribute("type", "password")
    admin.get_by_role("button", name="Connect").click()

    expect_message(admin, "Connected to Gleanin. Map your events next.")
    expect(admin.get_by_role("dialog").get_by_role("heading", name="No event is mapped yet")).to_be_visible()
    for page in ("integrations", "integrations/connect", "settings", "settings/audit-log"):
        admin.goto(harness.at(page))
        assert GLEANIN_TOKEN not in admin.content()
    admin.goto(harness.at("integrations/connect"))
    expect(admin.get_by_text(f"ends in {GLEANIN_TOKEN[-4:]}")).to_be_visible()


def test_the_card_of_a_connected_organization_has_a_menu_for_the_keyboard(
    harness: Harness, admin: Page
) -> None:
    harness.connect()
    admin.goto(harness.at("integrations"))
    expect(admin.get_by_text("Connected", exact=True)).to_be_visible()
    dots, item = menu(admin, "More for Gleanin"), admin.get_by_role("link", name="Disconnect Integration")
    dots.focus()
    admin.keyboard.press("Enter")
    expect(item).to_be_visible()
    admin.keyboard.press("ArrowDown")
    expect(item).to_be_focused()
    admin.keyboard.press("Escape")
    expect(item).to_be_hidden()
    expect(dots).to_be_focused()
    admin.keyboard.press("Enter")
    expect(item).to_be_visible()
    admin.keyboard.press("ArrowDown")
    admin.keyboard.press("Enter")
    question = admin.get_by_role("dialog", name="Disconnect Gleanin?")
    expect(question).to_be_visible()
    admin.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(admin).to_have_url(harness.url + harness.at("integrations"))


def test_rule_08_disconnecting_wants_the_name_typed(harness: Harness, admin: Page) -> None:
    harness.connect()
    admin.goto(harness.at("integrations"))
    open_menu(admin, "More for Gleanin")
    admin.get_by_role("link", name="Disconnect Integration").click()
    question = admin.get_by_role("dialog", name="Disconnect Gleanin?")
    button, field = (
        question.get_by_role("button", name="Disconnect Integration"),
        question.get_by_label("Organization's name"),
    )
    expect(button).to_be_disabled()
    field.fill("Somebody else")
    button.click()
    expect(field).to_have_value("Somebody else")
    expect_error(field, "This is not the organization's name.")
    field.fill(ORGANIZATION)
    button.click()
    expect_message(admin, "Disconnected from Gleanin.")
    expect(admin.get_by_text("Not connected", exact=True)).to_be_visible()
    expect(admin.get_by_role("link", name="Connect", exact=True)).to_be_visible()


@pytest.mark.parametrize("way", ["Escape", "Close", "Cancel", "beside"])
def test_a_drawer_closes_in_every_usual_way_and_leads_back(harness: Harness, admin: Page, way: str) -> None:
    admin.goto(harness.at("integrations/connect"))
    drawer = admin.get_by_role("dialog", name="Gleanin")
    expect(drawer.get_by_role("heading", name="Gleanin")).to_be_focused()
    match way:
        case "Escape":
            admin.keyboard.press("Escape")
        case "beside":
            admin.mouse.click(20, 400)
        case _:
            drawer.get_by_role("link", name=way).click()
    expect(drawer).to_be_hidden()
    expect(admin).to_have_url(harness.url + harness.at("integrations"))
