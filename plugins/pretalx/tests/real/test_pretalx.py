"""Syncs of a real pretalx: each test edits its programme, and syncs."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from plugins.pretalx.tests.real.way import ORG, SLUG, Way

OTHER_EVENT = "othercon"
PAGE = 50


def a_talk(way: Way, state: str = "confirmed", number: int = 0) -> Mapping[str, Any]:
    """Return a submission in a state; of the confirmed ones, one that is scheduled."""
    talks = [talk for talk in way.pretalx.talks(state).values() if talk["starts"] or state != "confirmed"]
    return talks[number]


def alone_on(way: Way, code: str) -> set[str]:
    """Return the speakers of a submission who are on no other one that is synced."""
    talks = way.pretalx.talks()
    others = [talk for talk in talks.values() if talk["code"] != code and talk["state"] == "confirmed"]
    return set(talks[code]["speakers"]).difference(*(talk["speakers"] for talk in others))


def instant(text: object) -> datetime:
    return datetime.fromisoformat(str(text))


def test_the_first_sync_brings_all_that_is_confirmed_and_the_second_writes_nothing(way: Way) -> None:
    talks, confirmed = way.pretalx.talks(), way.pretalx.talks("confirmed")
    assert len(talks) > PAGE, "there should be more than one page of submissions"
    speakers = {code: user for talk in confirmed.values() for code, user in talk["speakers"].items()}
    first = way.first
    assert first is not None
    assert first.result.exit_code == 0, first.message
    assert first.ids("created") == {*confirmed, *speakers}
    assert first.ids("skipped") >= talks.keys() - confirmed.keys()
    sessions = way.records("sessions")
    assert sessions.keys() == confirmed.keys()
    for code, talk in confirmed.items():
        record = sessions[code]
        assert (record["title"], record["description"]) == (talk["title"], talk["abstract"])
        assert record["tracks"] == [talk["track"]]
        assert instant(record["starts_at"]) == instant(talk["starts"][0])
    people = way.records("speakers")
    assert {
        code: (f"{each['first_name']} {each['last_name']}", each["email"]) for code, each in people.items()
    } == {code: (user["name"], user["email"]) for code, user in speakers.items()}
    writes = way.writes
    second = way.sync()
    assert second.result.exit_code == 0, second.message
    assert second.ids("unchanged") == first.ids("created")
    assert way.writes == writes


def test_rule_7_a_differing_time_zone_is_refused(way: Way) -> None:
    elsewhere, other = way.add_event("DemoCon in New York", "America/New_York"), way.beside("new-york")
    other.add_organization("New York", way.token)
    mapping = other.done("map", "New York", SLUG, elsewhere)
    (warning,) = mapping["warnings"]
    refused = other.sync(mapping["id"])
    assert refused.result.exit_code != 0
    for sentence in (warning, refused.message):
        assert "Europe/Berlin" in sentence
        assert "America/New_York" in sentence
    assert way.records("sessions", "DemoCon in New York") == {}


def test_events_are_listed_in_their_own_language_once_mapped(way: Way) -> None:
    listed = {event["id"]: event["name"] for event in way.done("events", ORG)["sessionboard"]}
    assert listed.keys() == {SLUG, OTHER_EVENT}
    (mapping,) = way.done("mappings", ORG)
    assert mapping["sessionboard"] == {"id": SLUG, "name": "DemoKonferenz"}


def test_an_edit_is_one_update(way: Way) -> None:
    talk, writes = a_talk(way), way.writes
    way.pretalx.do("edit", talk["code"], {"title": "A better title", "abstract": "**Bold** & short"})
    synced = way.sync()
    assert synced.ids("updated", "created") == {talk["code"]}
    assert way.writes == writes + 1
    record = way.records("sessions")[talk["code"]]
    assert (record["title"], record["description"]) == ("A better title", "**Bold** & short")


def test_a_rescheduled_talk_is_an_update_as_soon_as_the_schedule_is_released(way: Way) -> None:
    talk = a_talk(way, number=1)
    start = (instant(talk["starts"][0]) + timedelta(hours=1)).isoformat()
    way.pretalx.do("schedule", talk["code"], start)
    assert way.sync().ids("updated", "created") == {talk["code"]}
    assert instant(way.records("sessions")[talk["code"]]["starts_at"]) == instant(start)


def test_a_release_that_moves_nothing_writes_nothing(way: Way) -> None:
    way.pretalx.do("release")
    writes = way.writes
    assert way.sync().ids("updated", "created") == set()
    assert way.writes == writes


def test_a_second_slot_is_a_second_session_and_leaves_the_first_alone(way: Way) -> None:
    talk = a_talk(way, number=2)
    code, first = talk["code"], instant(talk["starts"][0])
    later = (first + timedelta(hours=3)).isoformat()
    way.pretalx.do("schedule", code, first.isoformat(), later)
    synced = way.sync()
    assert synced.ids("created") == {f"{code}-2"}
    assert synced.ids("updated") == set(talk["speakers"])  # they are on one more session
    assert instant(way.records("sessions")[f"{code}-2"]["starts_at"]) == instant(later)
    way.pretalx.do("release")
    assert way.sync().ids("created", "updated") == set()


def test_rule_22_a_withdrawn_talk_is_kept_with_its_speaker(way: Way) -> None:
    code = next(code for code in way.pretalx.talks("confirmed") if alone_on(way, code))
    alone, writes = alone_on(way, code), way.writes
    way.pretalx.do("withdraw", code)
    synced = way.sync()
    assert synced.of(code) == ("kept", "not_accepted")
    assert {synced.of(speaker)[0] for speaker in alone} == {"kept"}
    assert way.writes == writes


def test_a_renamed_speaker_is_one_update(way: Way) -> None:
    speaker = next(iter(a_talk(way, number=3)["speakers"]))
    way.pretalx.do("change_speaker", speaker, {"name": "Maria del Carmen Gómez"})
    assert way.sync().ids("updated", "created") == {speaker}
    record = way.records("speakers")[speaker]
    assert (record["first_name"], record["last_name"]) == ("Maria del Carmen", "Gómez")


def test_rule_18_a_speaker_without_an_email_is_blocked_and_the_others_go(way: Way) -> None:
    talk = a_talk(way, number=4)
    speaker = next(iter(talk["speakers"]))
    email = talk["speakers"][speaker]["email"]
    way.pretalx.do("change_speaker", speaker, {"email": ""})
    synced = way.sync()
    assert synced.result.exit_code != 0
    assert synced.of(speaker) == ("blocked", "missing_fields")
    assert synced.of(talk["code"])[0] == "unchanged"
    way.pretalx.do("change_speaker", speaker, {"email": email})
    assert way.sync().of(speaker)[0] == "unchanged"


def test_rule_14_a_single_name_needs_the_setting(way: Way) -> None:
    speaker = next(iter(a_talk(way, number=5)["speakers"]))
    way.pretalx.do("change_speaker", speaker, {"name": "Sukarno"})
    assert way.sync().of(speaker) == ("blocked", "missing_fields")
    way.done("settings", way.mapping, "--one-name", "on")
    assert way.sync().of(speaker)[0] == "updated"
    assert way.records("speakers")[speaker]["first_name"] == "Sukarno"


def test_rule_35_an_accepted_talk_goes_once_it_is_confirmed(way: Way) -> None:
    code = a_talk(way, "rejected")["code"]
    way.pretalx.do("accept", code)
    way.pretalx.do("schedule", code, (datetime.now(UTC) + timedelta(days=61)).isoformat())
    assert way.sync().of(code) == ("skipped", "not_confirmed")
    way.pretalx.do("confirm", code)
    assert way.sync().of(code)[0] == "created"


def test_rule_13_a_confirmed_talk_without_a_slot_is_blocked(way: Way) -> None:
    code = a_talk(way, "rejected", number=1)["code"]
    way.pretalx.do("accept", code)
    way.pretalx.do("confirm", code)
    synced = way.sync()
    assert synced.of(code) == ("blocked", "missing_fields")
    assert "starts at, ends at" in synced.outcomes[code]["reason"]
    way.pretalx.do("withdraw", code)


def test_answers_to_questions_are_job_title_and_company(way: Way) -> None:
    speakers = [each for talk in way.pretalx.talks("confirmed").values() for each in talk["speakers"].items()]
    speaker = next(code for code, user in speakers if " " in user["name"])
    title = way.pretalx.do("answer", "Job title", {speaker: "Chief Analyst"})
    way.pretalx.do("answer", "Company", {speaker: "Engines & Söhne"})
    token = way.pretalx.do("make_token", "submissions", "questions")
    other = way.beside("answers")
    other.add_organization("Answers", token, job_title_question=str(title), company_question="Company (de)")
    other.sync(other.done("map", "Answers", SLUG, way.add_event("With answers"))["id"])
    record = way.records("speakers", "With answers")[speaker]
    assert (record["job_title"], record["company_name"]) == ("Chief Analyst", "Engines & Söhne")


def test_questions_that_may_not_be_read_are_said(way: Way) -> None:
    other = way.beside("no-answers")
    other.add_organization("No answers", way.token, job_title_question="1")
    refused = other.sync(other.done("map", "No answers", SLUG, way.add_event("Without answers"))["id"])
    assert refused.result.exit_code != 0
    assert "does not let the token read the event's questions" in refused.message


def test_an_event_that_the_token_does_not_include_is_refused(way: Way) -> None:
    mapping = way.done("map", ORG, OTHER_EVENT, way.add_event("OtherCon"))["id"]
    refused = way.sync(mapping)
    assert refused.result.exit_code != 0
    assert "The token must include the event" in refused.message
    way.done("unmap", mapping)


def test_an_unknown_event_is_gone(way: Way) -> None:
    refused = way.run("map", ORG, "nocon", way.add_event("NoCon"))
    assert refused.exit_code != 0
    assert "There is no pretalx event 'nocon'." in refused.error["message"]


def test_a_revoked_token_is_refused_and_a_new_one_goes_on(way: Way) -> None:
    way.pretalx.do("revoke", way.token)
    refused = way.sync()
    assert refused.result.exit_code != 0
    assert "pretalx refused the token" in refused.message
    assert way.token not in refused.result.out
    way.token = way.pretalx.do("make_token", "submissions")
    way.done("token", ORG, "pretalx", "--token-stdin", stdin=way.token)
    assert way.sync().ids("created", "updated") == set()
