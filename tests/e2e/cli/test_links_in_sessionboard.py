"""Rule 38 from the command line to a stand-in for Sessionboard, over real HTTP."""

from typing import Any

import pytest

from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import SandboxState
from tests.e2e.cli.conference import EVENT_ID, conference
from tests.e2e.cli.conftest import CommandLine

NO_LINKS = {"written": 0, "unchanged": 0, "kept": 0, "failed": 0}
FIELD, COMPANY_FIELD = "gleanin_link", "booth_link"
SAVED_AT = "2026-06-01T09:00:00.000Z"
MINE = "https://somebody.example.org/mine"


@pytest.fixture
def state() -> SandboxState:
    """Return the conference with the versions of its records, which guard writes."""
    saved = conference()
    for session in saved["sessions"]:
        session["participants"] = [person | {"updated_at": SAVED_AT} for person in session["participants"]]
    for exhibitor in saved["exhibitors"]:
        exhibitor["updated_at"] = SAVED_AT
        exhibitor["contacts"] = [
            contact | {"contact_updated_at": SAVED_AT} for contact in exhibitor["contacts"]
        ]
    state = SandboxState(link_delay=0)
    state.add(saved)
    return state


@pytest.fixture
def sessionboard(sandbox: Sandbox) -> ControlClient:
    return ControlClient(sandbox.control_url)


@pytest.fixture
def linked(cli: CommandLine, mapping: str) -> str:
    """Return a mapping whose people have links, with an ordered field chosen and nothing written."""
    assert cli.json("sync", mapping).exit_code == 4
    ordered = cli.json("link-fields", mapping, "--order")
    assert (ordered.exit_code, ordered.document["internal_name"]) == (0, FIELD)
    assert cli.json("settings", mapping, "--link-field", FIELD).document["link_field"] == FIELD
    return mapping


def links(cli: CommandLine, mapping: str) -> dict[str, str]:
    """Return each person's link by id."""
    return {person["source_id"]: person["links"][0]["url"] for person in cli.json("links", mapping).document}


def without_our_field(document: Any) -> Any:
    """Return a saved event without the values of our field, empty values, and the times that a write moves."""
    if isinstance(document, list):
        return [without_our_field(item) for item in document]
    if not isinstance(document, dict):
        return document
    shown = {
        key: without_our_field(value)
        for key, value in document.items()
        if key not in {"updated_at", "contact_updated_at", "custom_fields"}
    }
    values = {field["internal_name"]: field["value"] for field in document.get("custom_fields", ())}
    return shown | {"values": {name: value for name, value in values.items() if value and name != FIELD}}


def outcomes(document: dict[str, Any]) -> dict[str, str]:
    return {link["source_id"]: link["outcome"] for link in document["links"]}


def test_rule_38_links_come_into_the_chosen_field_once(
    cli: CommandLine, linked: str, sessionboard: ControlClient
) -> None:
    sessionboard.edit_record(EVENT_ID, "person-1", {"twitter_handle": "@grace"})
    before = without_our_field(sessionboard.event(EVENT_ID))
    preview = cli.json("links", linked, "--write-back", "--preview")
    assert (preview.exit_code, preview.document["counts"]) == (0, NO_LINKS | {"written": 3})
    assert sessionboard.field_values(EVENT_ID, FIELD) == {}
    written = cli.json("links", linked, "--write-back")
    assert (written.exit_code, written.document) == (0, preview.document)
    held = sessionboard.field_values(EVENT_ID, FIELD)
    assert held == links(cli, linked)
    assert without_our_field(sessionboard.event(EVENT_ID)) == before
    requests = sessionboard.sessionboard_writes()["requests"]
    again = cli.json("links", linked, "--write-back")
    assert again.document["counts"] == NO_LINKS | {"unchanged": 3}
    second = cli.json("sync", linked).document
    assert second["counts"]["speakers"]["updated"] == 0
    assert sessionboard.sessionboard_writes()["requests"] == requests
    assert sessionboard.field_values(EVENT_ID, FIELD) == held


def test_rule_38_a_sync_writes_links_and_keeps_what_somebody_entered(
    cli: CommandLine, linked: str, sessionboard: ControlClient
) -> None:
    sessionboard.edit_record(EVENT_ID, "person-2", {FIELD: MINE})
    run = cli.json("sync", linked).document
    assert "Share links in Sessionboard: 2 written, 1 kept." in run["message"]
    expected = links(cli, linked) | {"person-2": MINE}
    assert sessionboard.field_values(EVENT_ID, FIELD) == expected
    in_run = cli.json("run", run["run_id"]).document["links"]
    assert outcomes(in_run) == {"person-1": "written", "person-2": "kept", "contact-1": "written"}
    assert "Share link in Sessionboard: kept." in cli("record", linked, "ada@example.org").out
    sessionboard.edit_record(EVENT_ID, "person-2", {FIELD: None})
    cli("sync", linked)
    assert sessionboard.field_values(EVENT_ID, FIELD) == links(cli, linked)


def test_rule_38_the_primary_contacts_link_comes_to_the_exhibitor_too(
    cli: CommandLine, linked: str, sessionboard: ControlClient
) -> None:
    ordered = cli.json("link-fields", linked, "--order", "Booth link", "--for-companies").document
    shown = cli("settings", linked, "--company-link-field", ordered["internal_name"])
    assert "The next sync writes 4 share links to Sessionboard" in shown.out
    cli("links", linked, "--write-back")
    held = sessionboard.field_values(EVENT_ID, COMPANY_FIELD, "account")
    assert held == {"exhibitor-1": links(cli, linked)["contact-1"]}


def test_rule_38_a_record_that_is_edited_meanwhile_is_read_again(
    cli: CommandLine, linked: str, sessionboard: ControlClient
) -> None:
    sessionboard.edit_record(EVENT_ID, "person-1", {"twitter_handle": "@grace"}, before_next_write=True)
    sessionboard.edit_record(EVENT_ID, "person-2", {FIELD: MINE}, before_next_write=True)
    written = cli.json("links", linked, "--write-back").document
    assert outcomes(written) == {"person-1": "written", "person-2": "kept", "contact-1": "written"}
    assert sessionboard.field_values(EVENT_ID, "twitter_handle") == {"person-1": "@grace"}
    assert sessionboard.field_values(EVENT_ID, FIELD)["person-2"] == MINE


def test_rule_38_a_missing_scope_is_named(cli: CommandLine, linked: str, sessionboard: ControlClient) -> None:
    sessionboard.set_sessionboard(scopes=["read:events", "read:sessions", "read:contacts"])
    refused = cli("link-fields", linked, "--order", "Another")
    assert refused.exit_code == 5
    assert "write:fields" in refused.err
    assert "gleanin-sync token ORG" in refused.err
    written = cli.json("links", linked, "--write-back")
    assert (written.exit_code, written.document["counts"]) == (4, NO_LINKS | {"failed": 3})
    assert all("write:contacts" in link["reason"] for link in written.document["links"])
    sync = cli.json("sync", linked).document
    assert "3 failed" in sync["message"]
    assert sync["counts"]["speakers"]["failed"] == 0


def test_rule_38_what_a_quota_leaves_over_is_told_and_goes_later(
    cli: CommandLine, linked: str, sessionboard: ControlClient
) -> None:
    sessionboard.set_sessionboard(operations=1)  # the ordered field has used it
    left = cli.json("links", linked, "--write-back")
    assert (left.exit_code, left.document["counts"]) == (4, NO_LINKS | {"failed": 3})
    assert {link["reason"] for link in left.document["links"]} == {
        "Sessionboard's limit for writes is used up. The next sync goes on from here."
    }
    assert cli.json("sync", linked).document["counts"]["speakers"]["failed"] == 0


def test_rule_38_a_second_field_of_one_name_is_asked_about(
    cli: CommandLine, linked: str, sessionboard: ControlClient
) -> None:
    sessionboard.add_field(EVENT_ID, "Gleanin Link", internal_name="gleanin_link_2")
    for refused in (
        cli("settings", linked, "--link-field", "Gleanin Link"),
        cli("link-fields", linked, "--order"),
    ):
        assert refused.exit_code == 3
        assert "Gleanin Link (gleanin_link), Gleanin Link (gleanin_link_2)" in refused.err
    names = [field["internal_name"] for field in cli.json("link-fields", linked).document["fields"]]
    assert FIELD in names
    assert "gleanin_link_2" in names
    assert "name_pronunciation" not in names, "it is a field of all events"


def test_rule_38_a_campaign_is_chosen_among_those_that_people_have_links_of(
    cli: CommandLine, linked: str
) -> None:
    campaigns = cli.json("link-fields", linked).document["campaigns"]
    assert [campaign["title"] for campaign in campaigns] == ["Speaker campaign", "Exhibitor campaign"]
    speakers, _ = (campaign["id"] for campaign in campaigns)
    unknown = cli("settings", linked, "--link-campaign", "nonsense")
    assert unknown.exit_code == 3
    assert f"{speakers} (Speaker campaign)" in unknown.err
    chosen = cli("settings", linked, "--link-campaign", speakers)
    assert "The next sync writes 2 share links to Sessionboard" in chosen.out
    assert cli.json("settings", linked).document["link_campaign"] == speakers
    marked = [
        line.split()[0]
        for line in cli("link-fields", linked).out.splitlines()
        if line.rstrip().endswith("yes")
    ]
    assert marked == [FIELD, speakers]
    off = cli.json("settings", linked, "--link-campaign", "off").document
    assert (off["link_campaign"], off["link_field"]) == (None, FIELD)
