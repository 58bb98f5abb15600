"""Events and mappings on the command line."""

from dataclasses import replace

from entrypoints.sandbox.state import SandboxState
from tests.e2e.cli.conference import EVENT_ID, EVENT_NAME
from tests.e2e.cli.conftest import CommandLine, Mapper


def test_the_events_of_both_sides_are_listed_in_the_agreed_shape(cli: CommandLine, connected: str) -> None:
    events = cli.json("events", connected).document
    assert events.keys() == {"sessionboard", "gleanin"}
    ours = next(event for event in events["sessionboard"] if event["id"] == str(EVENT_ID))
    assert ours == {
        "id": str(EVENT_ID),
        "name": EVENT_NAME,
        "time_zone": "Europe/Paris",
        "mappable": True,
        "why_not": "",
        "only_with": "",
    }
    assert [event["name"] for event in events["gleanin"]] == [
        event["name"] for event in events["sessionboard"]
    ]


def test_a_mapped_event_cannot_be_mapped_and_says_to_what_it_is(
    cli: CommandLine, connected: str, mapping: str
) -> None:
    event = cli.json("events", connected).document["gleanin"][0]
    assert event["mappable"] is False
    assert event["why_not"] == f"mapped to {EVENT_NAME}"
    assert f"no: mapped to {EVENT_NAME}" in cli("events", connected).out


def test_rule_04_a_second_mapping_of_an_event_is_refused(
    cli: CommandLine, connected: str, mapping: str, state: SandboxState
) -> None:
    clean = next(number for number, event in state.gleanin.events.items() if event.title == "Clean 2099")
    result = cli.json("map", connected, str(EVENT_ID), str(clean), "--confirm-time-zone")
    assert (result.exit_code, result.error["code"]) == (3, "already_mapped")


def test_rule_07_the_time_zone_is_shown_and_must_be_confirmed(
    cli: CommandLine, connected: str, state: SandboxState
) -> None:
    gleanin_event = str(next(iter(state.gleanin.events)))
    refused = cli.json("map", connected, str(EVENT_ID), gleanin_event)
    assert (refused.exit_code, refused.error["code"]) == (3, "time_zone_unconfirmed")
    assert "Europe/Paris" in refused.error["message"]
    assert "GMT+0" in refused.error["message"]
    assert "--confirm-time-zone" in refused.error["hint"]
    confirmed = cli.json("map", connected, str(EVENT_ID), gleanin_event, "--confirm-time-zone")
    assert confirmed.exit_code == 0
    assert confirmed.document["confirmed_time_zone"] == "Europe/Paris"


def test_unknown_events_are_refused(cli: CommandLine, connected: str, state: SandboxState) -> None:
    gleanin_event = str(next(iter(state.gleanin.events)))
    for ours, theirs in (("1", gleanin_event), (str(EVENT_ID), "1"), ("../x", "\x1b[2J")):
        result = cli.json("map", connected, ours, theirs, "--confirm-time-zone")
        assert (result.exit_code, result.error["code"]) == (3, "not_found")


def test_rule_06_one_mapping_is_removed_and_the_other_stays(
    cli: CommandLine, connected: str, map_event: Mapper
) -> None:
    first, second = map_event(EVENT_NAME), map_event("Clean 2099")
    assert [mapping["id"] for mapping in cli.json("mappings", connected).document] == [first, second]
    assert f"Removed the mapping of {EVENT_NAME}" in cli("unmap", first).out
    assert [mapping["id"] for mapping in cli.json("mappings", connected).document] == [second]
    assert cli.json("unmap", first).error["code"] == "not_mapped"


def test_rule_07_a_zone_that_gleanin_tells_is_not_confirmed(
    cli: CommandLine, mapping: str, state: SandboxState
) -> None:
    assert cli.json("settings", mapping).document["confirmed_time_zone"] == "Europe/Paris"
    events = state.gleanin.events
    events.update({number: replace(each, time_zone="America/New_York") for number, each in events.items()})
    document = cli.json("settings", mapping, "--confirm-time-zone").document
    assert document["gleanin_time_zone"] == "America/New_York"
    assert "The time zones differ" in document["warnings"][0]
    shown = cli("settings", mapping).out
    assert "America/New_York in Gleanin" in shown
    assert "The time zones differ" in shown


def test_settings_are_shown_and_changed(cli: CommandLine, mapping: str) -> None:
    before = cli.json("settings", mapping).document
    assert before | {"mapping_id": mapping} == before
    assert (before["tracks"], before["chairpersons"], before["moderators"]) == ("track", True, True)
    assert (before["one_name_is_enough"], before["only_accepted_roles"]) == (False, True)
    arguments = "--tracks", "tags", "--moderators", "off", "--exhibitor-name", "exhibitor"
    who_goes = "--one-name", "on", "--only-accepted-roles", "off"
    after = cli.json("settings", mapping, *arguments, *who_goes).document
    changed = {"tracks": "tags", "moderators": False, "exhibitor_name": "exhibitor"}
    assert after == before | changed | {"one_name_is_enough": True, "only_accepted_roles": False}
    assert cli.json("settings", mapping).document == after
    assert "tags" in cli("settings", mapping).out
