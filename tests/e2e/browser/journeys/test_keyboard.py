"""From connecting to the results with the keyboard only."""

from playwright.sync_api import Locator, Page, expect

from entrypoints.sandbox.state import GLEANIN_TOKEN
from tests.e2e.browser.journeys.conference import BRIGHT
from tests.support.browser_harness import Harness, expect_message, menu

MOST_STOPS = 80


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until the element has the focus, and check that the focus is visible."""
    expect(target).to_be_attached()
    for _ in range(MOST_STOPS):
        if target.evaluate("each => each === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(target).to_be_focused()
    expect(target).to_be_visible()
    assert target.evaluate("each => getComputedStyle(each).outlineStyle") != "none"


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    tab_to(page, target)
    page.keyboard.press(key)


def choose_in_menu(page: Page, label: str, item: Locator) -> None:
    press(page, menu(page, label))
    expect(item).to_be_visible()
    tab_to(page, item)
    page.keyboard.press("Enter")


def test_an_arrow_key_right_after_a_menu_was_opened_goes_to_its_first_item(
    harness: Harness, admin: Page
) -> None:
    harness.mapped(BRIGHT)
    admin.goto(harness.event(BRIGHT))
    menu(admin, "Options").focus()
    admin.keyboard.press("Enter")
    admin.keyboard.press("ArrowDown")
    expect(admin.get_by_role("link", name="Export .CSV")).to_be_focused()


def test_the_keyboard_is_enough_to_connect_map_choose_settings_sync_and_read_results(
    harness: Harness, admin: Page
) -> None:
    admin.goto(harness.at("integrations"))
    admin.keyboard.press("Tab")
    expect(admin.get_by_role("link", name="Skip to main content")).to_be_focused()
    admin.keyboard.press("Enter")
    press(admin, admin.get_by_role("link", name="Connect", exact=True))
    field = admin.get_by_label("Gleanin API Token")
    tab_to(admin, field)
    admin.keyboard.type(GLEANIN_TOKEN)
    press(admin, admin.get_by_role("button", name="Show what is typed"), "Space")
    expect(field).to_have_attribute("type", "text")
    press(admin, admin.get_by_role("button", name="Connect"))
    expect_message(admin, "Connected to Gleanin.")

    press(admin, admin.get_by_role("dialog").get_by_role("link", name="Add New Event Mapping"))
    for side in ("Gleanin event", "Sessionboard event"):
        tab_to(admin, admin.get_by_label(side))
        admin.keyboard.type("Bright")
        expect(admin.get_by_label(side).locator("option:checked")).to_have_text("Bright Days")
    press(admin, admin.get_by_role("button", name="Add Mapping"))
    press(admin, admin.get_by_label("The Gleanin event has the same time zone"), "Space")
    press(admin, admin.get_by_role("button", name="Add Mapping"))
    switch = admin.get_by_role("switch", name="Continuous Sync")
    press(admin, switch, "Space")
    expect(switch).to_be_checked()
    press(admin, switch, "Space")  # off again, or continuous sync would start first
    tab_to(admin, admin.get_by_label("Sync Track to Tracks"))
    admin.keyboard.press("ArrowDown")
    expect(admin.get_by_label("Sync Tags to Tracks")).to_be_checked()
    press(admin, admin.get_by_role("button", name="Save settings"))
    expect_message(admin, "The settings of Bright Days were saved.")
    choose_in_menu(admin, "More for Bright Days", admin.get_by_role("link", name="Event Settings"))
    expect(admin.get_by_label("Sync Tags to Tracks")).to_be_checked()
    admin.keyboard.press("Escape")
    press(admin, admin.get_by_role("dialog").get_by_role("link", name="View events"))

    press(admin, admin.get_by_role("link", name="Bright Days"))
    expect(admin.get_by_role("region", name="Sessions")).to_be_visible()
    word = admin.get_by_role("row", name="Analytical engines").get_by_role("button", name="created")
    tab_to(admin, word)
    expect(admin.get_by_role("row", name="Analytical engines").get_by_role("tooltip")).to_be_visible()
    admin.keyboard.press("Escape")
    offered = admin.get_by_role("button", name="Sync to Gleanin (event:")
    choose_in_menu(admin, "Options", offered)
    expect_message(admin, "Sync to Gleanin is complete.")
    press(admin, admin.locator("#flashes").get_by_role("link", name="View Results"))
    expect(admin.get_by_role("heading", name="Sync of Bright Days")).to_be_visible()
