"""Rule 39: three hundred speakers get their portal addresses in one go."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.fitting import NARROWEST, too_wide
from tests.e2e.browser.journeys.conference import BRIGHT, bright_days, person, session, state_of
from tests.support.axe import violations
from tests.support.browser_harness import VIEWER, Harness, expect_message, open_harness

SPEAKERS = 300


def many_speakers() -> dict[str, object]:
    """Return Bright Days with further speakers, so that there are three hundred."""
    event = bright_days()
    further = [person(1000 + number, f"Speaker{number:03}", "Many") for number in range(SPEAKERS - 6)]
    event["sessions"] += [
        session(20 + number // 20, f"Panel {number // 20}", further[number : number + 20])
        for number in range(0, len(further), 20)
    ]
    return event


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    with open_harness(state_of(many_speakers()), tmp_path) as harness:
        harness.sync(harness.mapped(BRIGHT).id)
        yield harness


def do(page: Page, name: str, *, everybody: bool = False) -> None:
    if everybody:
        page.get_by_label("Portal addresses of").select_option("everybody")
    page.get_by_role("button", name=name, exact=True).click()


def exported(page: Page, *, everybody: bool = True) -> list[dict[str, str]]:
    with page.expect_download() as download:
        do(page, "Export for a mail merge", everybody=everybody)
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        return [*csv.DictReader(file)]


def test_rule_39_a_mail_merge_for_three_hundred(harness: Harness, admin: Page, new_page: NewPage) -> None:
    admin.goto(harness.at("share-links"))
    assert not violations(admin)
    do(admin, "Make", everybody=True)
    expect_message(admin, "can be given their portal addresses now")
    rows = exported(admin)
    assert len(rows) >= SPEAKERS
    assert len({row["portal_address"] for row in rows}) == len(rows)
    ada = next(row for row in rows if row["email"] == "ada@example.org")
    assert ada["name"] == "Ada Lovelace"
    assert ada["share_link"].startswith("https://app.gleanin.com/share/")
    page = new_page()
    page.goto(ada["portal_address"])
    expect(page.get_by_role("heading", name="Share Your Attendance")).to_be_visible()
    expect(page.get_by_text("Ada Lovelace")).to_be_visible()
    admin.goto(harness.at("share-links"))
    do(admin, "Make", everybody=True)
    assert exported(admin) == rows, "addresses that are valid stay the same"


def test_rule_39_some_are_chosen_and_revoked(harness: Harness, admin: Page, new_page: NewPage) -> None:
    admin.goto(f"{harness.at('share-links')}?q=ada")
    do(admin, "Make", everybody=True)
    expect_message(admin, "1 person can be given")
    (ada,) = exported(admin)
    admin.get_by_label("Portal addresses of").select_option("chosen")
    do(admin, "Revoke…")
    expect_message(admin, "Choose people first")
    admin.get_by_label("Choose Ada Lovelace").check()
    do(admin, "Revoke…")
    expect(admin.get_by_role("heading", name="Revoke the portal addresses of 1 person?")).to_be_visible()
    assert not violations(admin)
    do(admin, "Revoke")
    expect_message(admin, "The portal addresses of 1 person were revoked.")
    page = new_page()
    page.goto(ada["portal_address"])
    expect(page.get_by_text("Ask the organizer")).to_be_visible()


def test_rule_39_a_viewer_gets_no_addresses(harness: Harness, new_page: NewPage) -> None:
    page = harness.sign_in(new_page(), VIEWER)
    page.goto(harness.at("share-links"))
    expect(page.get_by_text("Ada Lovelace").first).to_be_visible()
    expect(page.get_by_role("button", name="Make", exact=True)).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(0)


def test_rule_39_it_works_on_a_narrow_screen_without_javascript(harness: Harness, new_page: NewPage) -> None:
    page = harness.sign_in(new_page(width=NARROWEST, java_script_enabled=False))
    page.goto(harness.at("share-links"))
    assert not too_wide(page)
    page.get_by_label("Choose Ada Lovelace").check()
    do(page, "Make")
    expect_message(page, "1 person can be given")
