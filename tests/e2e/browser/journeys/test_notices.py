"""An admin chooses the destination of notifications, with and without JavaScript; axe finds no violations."""

import pytest
from playwright.sync_api import expect

from tests.e2e.browser.conftest import NewPage
from tests.support.browser_harness import Harness, expect_message
from tests.support.page_checks import LOOKS, check
from tests.support.webhook_receiver import Hook, hook

__all__ = ["hook"]


@pytest.mark.parametrize("look", LOOKS, ids=["light-1280", "dark-360"])
def test_a_webhook_is_chosen_and_tried(
    harness: Harness, new_page: NewPage, hook: Hook, look: dict[str, int | str]
) -> None:
    page = harness.sign_in(new_page(**look))  # type: ignore[arg-type] # a width and an option
    page.goto(harness.at("settings"))
    address = page.get_by_label("URL or e-mail address")
    page.get_by_label("E-mail", exact=True).check()
    address.fill("ops@example.org")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("radiogroup", name="To", exact=True)).to_contain_text(
        "No mail server is configured"
    )
    check(page)

    page.get_by_label("Webhook", exact=True).check()
    address.fill(hook.url)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("region", name="Signing secret")).to_be_visible()
    check(page)
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Send a test").click()
    expect_message(page, "The test notification was delivered.")
    check(page)


def test_without_javascript_a_trial_that_does_not_arrive_is_told(harness: Harness, new_page: NewPage) -> None:
    page = harness.sign_in(new_page(java_script_enabled=False))
    page.goto(harness.at("settings"))
    page.get_by_label("URL or e-mail address").fill("http://127.0.0.1:1/")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("alert")).to_contain_text("The webhook refused the connection.")
    page.get_by_role("button", name="Turn off notifications").click()
    expect_message(page, "Notifications are off.")
    expect(page.get_by_role("main").get_by_text("Notifications are off.").first).to_be_visible()
