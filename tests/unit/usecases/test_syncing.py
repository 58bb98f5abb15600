"""A sync: the order of writes, the outcome of every record, and reasons to stop."""

from datetime import UTC, datetime

import pytest

from core.domain.ids import DestinationEventId, SourceId, external_id
from core.domain.records.kinds import (
    AGENDA,
    ALL,
    EXHIBITOR_CONTACT,
    EXHIBITORS,
    KINDS,
    SESSION,
    SPEAKER,
    Scope,
)
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import SourceEvent, Unreadable
from core.domain.runs.run import RunState, SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.mappings.map_events import NewMapping
from core.usecases.sync.error_mapping import SyncStopped
from ports.source import SourceRefused, SourceUnavailable, SourceUnreadable
from tests.support.builders import exhibitor, member, on, person, primary, session
from tests.support.harness import ELSEWHERE, HERE, THERE, Harness, nothing
from tests.support.systems import SESSIONBOARD

ACME = exhibitor("acme", primary(person("eve")), member(person("max")))


def stopped_by(run: SyncRun) -> str:
    assert run.state is RunState.STOPPED
    assert run.stop is not None
    assert run.message == f"Sync to Gleanin has stopped: {run.stop.sentence}"
    return run.stop.code


async def test_rule_25_sessions_are_written_before_the_people_who_speak_in_them(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}", on(person("ada"))) for number in range(10)), exhibitors=(ACME,))
    await harness.sync(mapping)
    kinds = [write.kind for write in harness.gleanin.writes]
    assert kinds[:10] == [SESSION] * 10
    assert sorted(harness.the(mapping, SPEAKER, "ada").fields["sessions"]) == sorted(
        record.id for record in harness.gleanin.list_by_event(THERE, SESSION)
    )


@pytest.mark.parametrize(
    ("scope", "written"),
    [
        (AGENDA, {SESSION, SPEAKER}),
        (EXHIBITORS, {EXHIBITOR_CONTACT}),
        (ALL, {SESSION, SPEAKER, EXHIBITOR_CONTACT}),
    ],
)
async def test_run_writes_only_its_scope(harness: Harness, scope: Scope, written: set[object]) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening", on(person("ada"))), exhibitors=(ACME,))
    run = await harness.sync(mapping, scope)
    assert {write.kind for write in harness.gleanin.writes} == written
    assert {kind for kind in KINDS if run.counts.of(kind).read} == written


async def test_rule_26_every_record_read_has_one_outcome_and_the_sums_balance(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.gleanin.add_record(THERE, SPEAKER, {"email": "foreign@example.org"})
    harness.offer(
        session("opening", on(person("ada")), on(person("grace", last_name=None))),
        session("closing", on(person("ida", email="foreign@example.org"))),
        session("untitled", title=None),
        session("declined", on(person("joan")), status="declined"),
        session(
            "over",
            starts_at=datetime(2027, 4, 1, 9, tzinfo=UTC),
            ends_at=datetime(2027, 4, 1, 10, tzinfo=UTC),
        ),
        Unreadable(SourceId("broken"), "Broken", "no object"),
        exhibitors=(ACME, exhibitor("nobody")),
    )
    run = await harness.sync(mapping)
    outcomes = await harness.outcomes(run)
    assert {key: (each.outcome.value, each.reason.code) for key, each in outcomes.items()} == {
        "opening": ("created", "new"),
        "closing": ("created", "new"),
        "untitled": ("blocked", "missing_fields"),
        "declined": ("skipped", "not_accepted"),
        "over": ("skipped", "passed"),
        "broken": ("blocked", "unreadable"),
        "ada": ("created", "new"),
        "grace": ("blocked", "missing_fields"),
        "ida": ("blocked", "foreign_contact"),
        "joan": ("skipped", "no_syncing_session"),
        "eve": ("created", "new"),
        "max": ("created", "new"),
        "nobody": ("blocked", "no_primary_contact"),
    }
    assert run.counts.read == len(outcomes)
    sessions = run.counts.of(SESSION)
    assert (sessions.attempted, sessions.succeeded) == (4, 2)
    assert all(outcome.reason.sentence for outcome in outcomes.values())


async def test_rule_26_person_on_many_sessions_is_reported_once(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(session("opening", on(person("ada"))), session("closing", on(person("ada"))))
    run = await harness.sync(mapping)
    assert run.counts.of(SPEAKER).read == 1
    assert run.progress[SPEAKER].done == run.progress[SPEAKER].total == 1


async def test_rule_28_complete_sync_reports_its_counts(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening", on(person("ada"))), session("declined", status="declined"))
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED
    assert run.message.startswith("Sync to Gleanin is complete.")
    assert "1 session, 1 speaker" in run.message


async def test_rules_27_and_28_sync_with_problems_reports_both_counts_and_a_contact() -> None:
    harness = Harness(contact="support@example.org")
    mapping = await harness.mapping()
    harness.offer(
        session("opening", on(person("ada")), on(person("grace", email=None))),
        session("untitled", title=None),
    )
    run = await harness.sync(mapping, AGENDA)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert run.message == (
        "Sync to Gleanin finished with problems: 2 sessions attempted, 1 synced; 2 speakers attempted, 1 synced. "
        "Check that your sessions and speakers have all the required fields. If this persists, contact support@example.org."
    )


async def test_rule_18_outcome_names_every_missing_field(harness: Harness, mapping: EventMapping) -> None:
    harness.offer(session("opening", on(person("ada", first_name=None, last_name=" ", email=None))))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    for name in ("first name", "last name", "e-mail"):
        assert name in outcomes["ada"].reason.sentence
    assert not harness.in_gleanin(mapping, SPEAKER, "ada")


@pytest.mark.parametrize("kind", [SPEAKER, EXHIBITOR_CONTACT])
@pytest.mark.parametrize("scope", [ALL, AGENDA])
async def test_rule_19_foreign_contact_is_not_written(
    harness: Harness, kind: object, scope: Scope, mapping: EventMapping
) -> None:
    assert kind in (SPEAKER, EXHIBITOR_CONTACT)
    foreign = harness.gleanin.add_record(
        THERE, SPEAKER if kind == SPEAKER else EXHIBITOR_CONTACT, {"email": "Ada@Example.org"}
    )
    harness.offer(session("opening", on(person("ada"))))
    outcomes = await harness.outcomes(await harness.sync(mapping, scope))
    assert (outcomes["ada"].outcome, outcomes["ada"].reason.code) == (Outcome.BLOCKED, "foreign_contact")
    assert "Delete or disconnect that contact in Gleanin" in outcomes["ada"].reason.detail
    assert foreign.fields == {"email": "Ada@Example.org"}
    assert foreign.id not in {write.destination_id for write in harness.gleanin.writes}


async def test_rule_16_masked_email_stops_the_run_before_its_first_write(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(
        session("opening", on(person("ada"))), session("closing", on(person("bob", email="b***@a***.com")))
    )
    run = await harness.sync(mapping)
    assert stopped_by(run) == "masked_emails"
    assert "may read personal data" in run.message
    assert not harness.gleanin.writes
    with pytest.raises(SyncStopped, match="hides personal data"):
        await harness.preview(mapping.id)


async def test_rule_16_masked_email_of_an_exhibitor_stops_the_run_too(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(
        session("opening"), exhibitors=(exhibitor("acme", primary(person("eve", email="e***@a***.com"))),)
    )
    assert stopped_by(await harness.sync(mapping)) == "masked_emails"
    assert not harness.gleanin.writes


async def mapping_with_reported_zone(zone: str) -> tuple[Harness, str]:
    """Map HERE, in Paris, to a Gleanin event that reports its zone."""
    harness = Harness()
    connection = await harness.connection()
    event = harness.gleanin.add_event("13", "PyConf abroad", zone)
    mapping = await harness.map_events(NewMapping(connection.organization_id, HERE, event.id))
    harness.offer(session("opening"))
    return harness, (await harness.sync(mapping)).message


async def test_rule_07_zones_that_differ_during_the_event_stop_the_run_and_are_named() -> None:
    harness, message = await mapping_with_reported_zone("Europe/London")
    assert "Europe/Paris (GMT+02:00)" in message
    assert "Europe/London (GMT+01:00)" in message
    assert not harness.gleanin.writes


@pytest.mark.parametrize("zone", ["Europe/Brussels", "Africa/Johannesburg"])
async def test_rule_07_zones_that_agree_during_the_event_are_accepted(zone: str) -> None:
    # Johannesburg agrees with Paris only in summer, when the event takes place.
    harness, message = await mapping_with_reported_zone(zone)
    assert message.startswith("Sync to Gleanin is complete.")
    assert len(harness.gleanin.writes) == 1


async def test_rule_07_zone_changed_after_its_confirmation_stops_the_run(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    harness.source.put(SourceEvent(HERE, "PyConf", "Europe/Lisbon"), harness.programme.sessions)
    run = await harness.sync(mapping)
    assert stopped_by(run) == "time_zones"
    assert "Europe/Lisbon" in run.message
    assert not harness.gleanin.writes
    await harness.change_settings(SettingsChange(mapping.id, confirm_time_zone=True))
    assert (await harness.sync(mapping)).state is RunState.COMPLETED


async def test_rule_07_removed_zone_stops_the_run(harness: Harness, mapping: EventMapping) -> None:
    harness.source.put(SourceEvent(HERE, "PyConf", None), [session("opening")])
    assert stopped_by(await harness.sync(mapping)) == "time_zones"
    assert not harness.gleanin.writes


async def test_rule_29_rejected_record_does_not_stop_others(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(10)))
    for bad in ("s3", "p7"):
        harness.gleanin.faults.rejected[external_id(SESSIONBOARD, mapping.connection_id, SourceId(bad))] = (
            "title: is too long"
        )
    run = await harness.sync(mapping)
    outcomes = await harness.outcomes(run)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert {key for key, each in outcomes.items() if each.outcome is Outcome.FAILED} == {"s3", "p7"}
    assert "title: is too long" in outcomes["s3"].reason.sentence
    assert outcomes["p3"].outcome is Outcome.CREATED, "without the association with s3"
    assert len(harness.gleanin.records) == 18


async def test_rule_29_rejected_session_is_synced_by_the_next_run_with_its_people(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(session("opening", on(person("ada"))))
    rejected = harness.gleanin.faults.rejected
    rejected[external_id(SESSIONBOARD, mapping.connection_id, SourceId("opening"))] = "busy"
    first = await harness.outcomes(await harness.sync(mapping))
    assert "Not linked to Talk opening" in first["ada"].reason.detail
    rejected.clear()
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    opening = harness.the(mapping, SESSION, "opening").id
    assert harness.the(mapping, SPEAKER, "ada").fields["sessions"] == (opening,)


async def test_rule_29_token_refused_during_writes_stops_the_run_and_written_records_are_reported(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(*(session(f"s{number}") for number in range(30)))

    async def refuse_after_ten() -> None:
        harness.gleanin.faults.refuses_tokens = len(harness.gleanin.writes) >= 10

    harness.gate.before_write = refuse_after_ten
    run = await harness.sync(mapping)
    assert stopped_by(run) == "token_refused"
    outcomes = await harness.outcomes(run)
    assert len(outcomes) == 30, "rule 26: unsent records are reported too"
    written = len(harness.gleanin.writes)
    assert run.counts.of(SESSION).succeeded == written < 10 + harness.gleanin.max_in_flight
    harness.gleanin.faults.refuses_tokens = False
    harness.gate.before_write = nothing
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert len(harness.gleanin.writes) == 30


async def test_rule_29_event_gone_from_gleanin_stops_the_run(harness: Harness, mapping: EventMapping) -> None:
    harness.offer(session("opening"))
    harness.gleanin.remove_event(THERE)
    run = await harness.sync(mapping)
    assert stopped_by(run) == "event_gone"
    assert "The Gleanin event PyConf goes Gleanin no longer exists" in run.message


async def test_rule_29_event_gone_from_gleanin_during_writes_stops_the_run(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}") for number in range(30)))

    async def vanish_after_ten() -> None:
        if len(harness.gleanin.writes) >= 10:
            harness.gleanin.events.pop(DestinationEventId("11"), None)

    harness.gate.before_write = vanish_after_ten
    assert stopped_by(await harness.sync(mapping)) == "event_gone"
    assert 10 <= len(harness.gleanin.writes) < 10 + harness.gleanin.max_in_flight


async def test_rule_29_event_gone_from_sessionboard_stops_the_run(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.source.remove(HERE)
    run = await harness.sync(mapping)
    assert stopped_by(run) == "event_gone"
    assert "The Sessionboard event PyConf no longer exists" in run.message


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (SourceRefused("The token was refused (401)."), "token_refused"),
        (SourceUnavailable("No answer."), "unreachable"),
        (SourceUnreadable("This is not JSON."), "unreadable"),
    ],
)
@pytest.mark.parametrize("pages", [0, 1])
async def test_rule_29_partly_read_programme_is_not_synced(
    harness: Harness, trouble: Exception, code: str, pages: int, mapping: EventMapping
) -> None:
    harness.offer(session("opening"))
    await harness.sync(mapping)
    harness.offer(*(session(f"s{number}") for number in range(150)))
    harness.source.pages_before_error = pages
    assert isinstance(trouble, SourceRefused | SourceUnavailable | SourceUnreadable)
    harness.source.error = trouble
    written = len(harness.gleanin.writes)
    run = await harness.sync(mapping)
    assert stopped_by(run) == code
    assert run.message.startswith("Sync to Gleanin has stopped: Sessionboard")
    assert len(harness.gleanin.writes) == written


async def test_truncated_gleanin_response_stops_the_run_before_any_create(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}") for number in range(4)))
    await harness.sync(mapping)
    harness.gleanin.faults.cuts_answers = True
    assert stopped_by(await harness.sync(mapping)) == "unreadable"
    assert len(harness.gleanin.writes) == 4


async def test_unavailable_gleanin_stops_the_run(harness: Harness, mapping: EventMapping) -> None:
    harness.gleanin.faults.unavailable_calls = 9
    run = await harness.sync(mapping)
    assert stopped_by(run) == "unreachable"
    assert "Sync again later" in run.message


async def test_two_mappings_of_one_connection_sync_into_their_own_events(harness: Harness) -> None:
    one = await harness.mapping()
    other = await harness.map(one.organization_id, ELSEWHERE, DestinationEventId("12"))
    harness.offer(session("opening", on(person("ada"))))
    harness.offer(session("keynote", on(person("ada"))), event=ELSEWHERE)
    await harness.sync(one)
    await harness.sync(other)
    assert harness.the(one, SPEAKER, "ada").event_id != harness.the(other, SPEAKER, "ada").event_id
