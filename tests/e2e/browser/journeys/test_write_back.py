"""Rule 38: share links are written into the source: a field chosen or ordered, a preview, a sync, and off again."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from core.domain.ids import MappingId
from entrypoints.sandbox.control_client import ControlClient
from tests.e2e.browser.conftest import NewPage
from tests.e2e.browser.fitting import NARROWEST, too_wide
from tests.e2e.browser.journeys.conference import BRIGHT
from tests.support.axe import violations
from tests.support.browser_harness import ADMIN, VIEWER, Harness, expect_error, expect_message
from tests.support.link_source import COMPANY_FIELD, FIELD
from tests.support.page_checks import LOOKS, check
from tests.support.timeouts import wait_until

LONG = "Supercalifragilistic" * 500
COUNTS = "Counts"


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of Bright Days in Sessionboard."""

    control: ControlClient

    @property
    def links(self) -> dict[str, str]:
        """The values of the field for people."""
        return self.control.field_values(BRIGHT, FIELD)

    @property
    def company_links(self) -> dict[str, str]:
        return self.control.field_values(BRIGHT, COMPANY_FIELD, "account")

    @property
    def names(self) -> list[str]:
        return [field["name"] for field in self.control.fields(BRIGHT)]

    @property
    def writes(self) -> int:
        """How many requests have written something."""
        return sum(self.control.sessionboard_writes()["requests"].values())

    def enter_by_hand(self, person: str, value: str) -> None:
        self.control.edit_record(BRIGHT, person, {FIELD: value})


@pytest.fixture
def mapping(harness: Harness) -> MappingId:
    mapping = harness.mapped(BRIGHT)
    harness.sync(mapping.id)
    return mapping.id


@pytest.fixture
def fields(harness: Harness, mapping: MappingId) -> Fields:
    """Add fields for links by hand, as an admin does in Sessionboard."""
    assert mapping, "the event is there"
    control = harness.control
    control.add_field(BRIGHT, "Gleanin Link", internal_name=FIELD)
    control.add_field(BRIGHT, "Company Link", internal_name=COMPANY_FIELD, module="account")
    return Fields(control)


def settings(harness: Harness, mapping: MappingId) -> str:
    return harness.at(f"integrations/mappings/{mapping}/settings")


def write_back(harness: Harness, mapping: MappingId, part: str = "") -> str:
    return harness.at(f"integrations/mappings/{mapping}/write-back{part}")


def expect_count(page: Page, words: str, number: int) -> None:
    row = page.get_by_role("region", name=COUNTS, exact=True).get_by_role("row", name=words)
    expect(row.get_by_role("cell")).to_have_text(str(number))


def choose(page: Page, harness: Harness, mapping: MappingId, company_field: str = "") -> None:
    """Choose the field from the settings on, and open the preview."""
    page.goto(settings(harness, mapping))
    page.get_by_role("link", name="Choose a field").click()
    expect(page.get_by_role("heading", level=1, name="Share links in Sessionboard")).to_be_visible()
    page.get_by_label("Field for people").select_option(FIELD)
    if company_field:
        page.get_by_label("Field for companies").select_option(company_field)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", level=1, name="Preview of share links")).to_be_visible()


@pytest.mark.parametrize("java_script", [True, False], ids=["with JavaScript", "without"])
def test_rule_38_a_field_is_chosen_previewed_switched_on_and_written_and_switched_off(
    harness: Harness,
    mapping: MappingId,
    fields: Fields,
    new_page: NewPage,
    java_script: bool,
) -> None:
    page = harness.sign_in(new_page(java_script_enabled=java_script))
    by_hand = "https://example.org/by-hand"
    fields.enter_by_hand("person-2", by_hand)
    choose(page, harness, mapping, COMPANY_FIELD)
    expect_count(page, "would be written", 6)
    expect_count(page, "kept, because somebody else entered a value", 1)
    page.get_by_role("navigation", name="What a sync would do").get_by_role("link", name="Kept").click()
    rows = page.get_by_role("region", name="What a sync would do").get_by_role("row")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("Somebody else entered a value in Sessionboard")
    assert fields.writes == 0

    page.get_by_role("button", name="Switch on").click()
    expect_message(page, "Share links are written to Sessionboard from the next sync on.")
    runs = len(harness.runs(mapping))
    page.get_by_role("button", name="Sync now").click()
    expect_message(page, "Sync to Gleanin has started.")
    wait_until(
        lambda: len(harness.runs(mapping)) > runs and not harness.runs(mapping)[0].is_open, "it has ended"
    )
    assert fields.links["person-1"].startswith("https://")
    assert fields.company_links == {"exhibitor-1": fields.links["contact-1"]}
    assert fields.links["person-2"] == by_hand

    page.goto(f"/runs/{harness.runs(mapping)[0].id}")
    part = page.get_by_role("region", name="Share links in Sessionboard")
    expect(part.get_by_role("row", name=re.compile("^written 6"))).to_be_visible()
    part.get_by_role("link", name="Kept").click()
    kept = page.get_by_role("region", name="Share links", exact=True).get_by_role("row")
    expect(kept).to_have_count(2)
    expect(kept.nth(1)).to_contain_text("Grace Hopper")
    page.goto(harness.at("share-links"))
    expect(page.get_by_role("row", name="Ada Lovelace")).to_contain_text("Written to Sessionboard")
    expect(page.get_by_role("row", name="Grace Hopper")).to_contain_text("Somebody else entered a value")

    page.goto(settings(harness, mapping))
    page.get_by_role("link", name="View or change").click()
    page.get_by_role("button", name="Switch off").click()
    expect_message(page, "Share links are no longer written to Sessionboard.")
    page.goto(settings(harness, mapping))
    expect(page.get_by_role("dialog").get_by_text("Off. Nothing is written to Sessionboard.")).to_be_visible()
    assert fields.links["person-1"], "what was written stays"


def test_rule_38_a_field_is_ordered_and_chosen(harness: Harness, mapping: MappingId, admin: Page) -> None:
    admin.goto(write_back(harness, mapping))
    admin.get_by_role("link", name="New field for people").click()
    name = admin.get_by_label("Name of the field")
    expect(name).to_have_value("Gleanin Link")
    expect(admin.get_by_text("A custom text field for people is made in Sessionboard")).to_be_visible()
    name.press("Enter")
    expect_message(admin, "was made in Sessionboard.")
    expect(admin.get_by_label("Field for people").locator("option:checked")).to_contain_text("Gleanin Link")
    admin.get_by_role("button", name="Preview").click()
    expect(admin.get_by_role("button", name="Switch on")).to_be_visible()
    assert Fields(harness.control).names.count("Gleanin Link") == 1


def test_rule_38_a_missing_scope_is_told_and_the_name_is_kept(
    harness: Harness, mapping: MappingId, fields: Fields, admin: Page
) -> None:
    harness.control.set_sessionboard(scopes=["read:contacts", "write:contacts"])
    admin.goto(write_back(harness, mapping, "/field"))
    admin.get_by_label("Name of the field").fill("Link of ours")
    admin.get_by_role("button", name="Make the field in Sessionboard").click()
    told = admin.get_by_role("alert")
    expect(told).to_contain_text("write:fields")
    expect(told.get_by_role("link", name="Replace Sessionboard's token")).to_be_visible()
    expect(admin.get_by_label("Name of the field")).to_have_value("Link of ours")
    assert "Link of ours" not in fields.names
    for internal_name in ("one", "two"):
        harness.control.add_field(BRIGHT, "Link of ours", internal_name=internal_name)
    admin.get_by_role("button", name="Make the field in Sessionboard").click()
    expect_error(admin.get_by_label("Name of the field"), "Link of ours (one), Link of ours (two)")


def test_rule_38_a_changed_field_is_previewed_too_and_cancelled(
    harness: Harness, mapping: MappingId, fields: Fields, admin: Page
) -> None:
    choose(admin, harness, mapping)
    admin.get_by_role("button", name="Switch on").click()
    admin.get_by_role("link", name="Change").click()
    expect(admin.get_by_label("Field for people")).to_have_value(FIELD)
    admin.get_by_label("Field for people").select_option(label="Twitter handle (twitter_handle)")
    admin.get_by_role("button", name="Preview").click()
    expect(admin.get_by_role("button", name="Save")).to_be_visible()
    admin.get_by_role("link", name="Cancel").click()
    expect(admin.locator("#state").get_by_text(FIELD)).to_be_visible()
    assert fields.writes == 0


@pytest.mark.parametrize("look", LOOKS, ids=["desktop", "phone"])
def test_rule_38_each_page_is_accessible_and_fits_with_any_text(
    harness: Harness,
    mapping: MappingId,
    fields: Fields,
    new_page: NewPage,
    look: dict[str, object],
) -> None:
    harness.control.edit_event(BRIGHT, event={"name": LONG}, people=[{"id": "person-1", "last_name": LONG}])
    for internal_name, name in (("long", LONG), ("script", "<script>window.taken = 1</script>")):
        harness.control.add_field(BRIGHT, name, internal_name=internal_name)
    fields.enter_by_hand("person-2", "by hand")
    page = harness.sign_in(new_page(**look), ADMIN)  # type: ignore[arg-type] # options of the context

    def look_at(url: str) -> None:
        page.goto(url)
        expect(page.get_by_role("heading").first).to_be_visible()
        check(page)
        if look["width"] == NARROWEST:
            assert too_wide(page) == [], url
        assert page.evaluate("window.taken === undefined"), url
        assert page.evaluate("document.documentElement.scrollHeight < 20 * innerHeight"), url

    look_at(write_back(harness, mapping))
    look_at(write_back(harness, mapping, "/field"))
    look_at(write_back(harness, mapping, "/preview?field=long"))
    look_at(write_back(harness, mapping, "/preview?field=nonsense"))
    choose(page, harness, mapping, COMPANY_FIELD)
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("button", name="Sync now")).to_be_visible()
    run = harness.sync(mapping)
    look_at(write_back(harness, mapping))
    look_at(write_back(harness, mapping, "?change=true"))
    look_at(settings(harness, mapping))
    look_at(f"/runs/{run.id}?link_outcome=kept")
    look_at(f"/mappings/{mapping}/records?who=person-1")
    look_at(harness.at("share-links"))
    viewer = harness.sign_in(new_page(**look), VIEWER)  # type: ignore[arg-type] # options of the context
    viewer.goto(write_back(harness, mapping))
    expect(viewer.get_by_text("An admin of this organization can change this.")).to_be_visible()
    assert violations(viewer) == []
