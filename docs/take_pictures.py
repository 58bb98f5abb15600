"""`make pictures`: take the README's pictures from the running UI, with the sandbox behind it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, ViewportSize

from entrypoints.sandbox.control_client import ControlClient
from tests.support import timeouts
from tests.support.chromium import launched

PICTURES = Path(__file__).parent / "pictures"
PORT = 8179
WIDE: ViewportSize = {"width": 1100, "height": 720}
PHONE: ViewportSize = {"width": 390, "height": 720}


@contextmanager
def serving() -> Iterator[dict[str, Any]]:
    """Serve the UI as `make serve` does, and yield the JSON that it prints."""
    command = [
        str(Path(sys.executable).parent / "gleanin-sync"),
        "serve",
        "--sandbox",
        "--port",
        str(PORT),
        "--json",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield json.loads(timeouts.lines_up_to(process, lambda line: line == "}\n"))
        finally:
            process.terminate()
            timeouts.end(process)


def take(browser: Browser, served: dict[str, Any]) -> None:
    context = browser.new_context(
        viewport=WIDE, reduced_motion="reduce", base_url=f"http://127.0.0.1:{PORT}", device_scale_factor=1.5
    )
    page = context.new_page()
    page.goto(served["address"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name="Demo Conferences").first.click()
    organization = page.url.removesuffix("/events")
    _connect_and_map(page, organization, served["gleanin_token"])
    page.goto(f"{organization}/events")
    page.get_by_role("link", name="Lantern Conf").first.click()
    event = page.url.removesuffix("/agenda")
    page.get_by_role("table").wait_for()
    _screenshot(page, "agenda")
    page.goto(f"{event}/preview")
    _sync(page)
    _edit(ControlClient(served["control_url"]), event.rpartition("/")[2])
    page.goto(f"{event}/preview")
    _sync(page, before="preview")
    page.goto(f"{organization}/history")
    page.locator("a[href*='/runs/']").first.click()
    _screenshot(page, "results")
    page.goto(f"{organization}/share-links")
    _screenshot(page, "share-links")
    page.get_by_role("button", name="Copy portal address").first.click()
    address = page.locator("[data-copy*='/portal/']").first
    address.wait_for()
    portal = browser.new_context(viewport=PHONE, device_scale_factor=1.5).new_page()
    portal.goto(str(address.get_attribute("data-copy")))
    _screenshot(portal, "portal")


def _connect_and_map(page: Page, organization: str, token: str) -> None:
    page.goto(f"{organization}/integrations/connect")
    page.get_by_label("Gleanin API Token").fill(token)
    page.get_by_role("button", name="Connect", exact=True).click()
    page.goto(f"{organization}/integrations/mappings/new")
    page.get_by_label("Gleanin event").select_option("Lantern Conf")
    page.get_by_label("Sessionboard event").select_option("Lantern Conf")
    _screenshot(page, "map-events")
    page.get_by_role("button", name="Add Mapping").click()
    page.get_by_label("The Gleanin event has the same time zone").check()
    page.get_by_role("button", name="Add Mapping").click()
    page.goto(f"{organization}/integrations")
    _screenshot(page, "integrations")


def _sync(page: Page, before: str = "") -> None:
    page.get_by_role("table").first.wait_for()
    if before:
        page.get_by_role("link", name="Updated").click()
        page.locator("td summary").first.click()
        _screenshot(page, before)
    page.get_by_role("button", name="Sync to Gleanin").first.click()
    page.get_by_text("This sync has ended").wait_for()


def _edit(control: ControlClient, event_id: str) -> None:
    """Change something, so that the preview has an old and a new value to show."""
    saved = control.event(event_id)
    person = next(speaker for session in saved["sessions"] for speaker in session["speakers"])
    control.edit_event(event_id, people=[{"id": person["id"], "title": "Keeper of the Lantern"}])


def _screenshot(page: Page, name: str) -> None:
    page.screenshot(path=PICTURES / f"{name}.png")


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with serving() as served, launched() as chromium, chromium.in_use() as browser:
        take(browser, served)


if __name__ == "__main__":
    main()
