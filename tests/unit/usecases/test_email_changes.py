"""Rule 15 over several syncs: an e-mail that moves between two people belongs to one of them at a time."""

from dataclasses import replace

from core.domain.ids import SourceId, external_id
from core.domain.records.kinds import SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import Person
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.builders import at, on, person, session
from tests.support.harness import THERE, Harness
from tests.support.kill_switch import kill
from tests.support.systems import SESSIONBOARD


async def synced(harness: Harness, *people: Person) -> EventMapping:
    mapping = await harness.mapping()
    harness.offer(session("s1", *map(on, people)))
    await harness.sync(mapping)
    return mapping


def emails(harness: Harness) -> list[str]:
    return sorted(str(record.fields["email"]) for record in harness.gleanin.list_by_event(THERE, SPEAKER))


async def test_rule_15_new_owner_of_an_email_is_written_after_the_previous_one(harness: Harness) -> None:
    mapping = await synced(harness, person("ada"))
    harness.offer(
        session("s1", on(person("bob", email="ada@example.org")), on(person("ada", email="new@example.org")))
    )
    await harness.sync(mapping)
    order = [str(write.external_id).rpartition(":")[2] for write in harness.gleanin.writes[-2:]]
    assert order == ["ada", "bob"]


async def test_rule_15_email_that_is_not_released_is_not_given_to_another_person(harness: Harness) -> None:
    mapping = await synced(harness, person("ada"))
    ada = external_id(SESSIONBOARD, mapping.connection_id, SourceId("ada"))
    harness.gleanin.faults.rejected[ada] = "No."
    harness.offer(
        session("s1", on(person("bob", email="ada@example.org")), on(person("ada", email="new@example.org")))
    )
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["ada"].reason.code == "rejected"
    assert (outcomes["bob"].outcome, outcomes["bob"].reason.code) == (Outcome.FAILED, "waited_in_vain")
    assert emails(harness) == ["ada@example.org"]


async def test_rule_15_email_edited_in_gleanin_is_not_given_to_another_person(harness: Harness) -> None:
    mapping = await synced(harness, person("ada"))
    harness.the(mapping, SPEAKER, "ada").fields["email"] = "bob@example.org"
    harness.offer(session("s1", on(person("ada")), on(person("bob"))))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["ada"].outcome is Outcome.UNCHANGED
    assert outcomes["bob"].outcome is Outcome.BLOCKED
    assert emails(harness) == ["bob@example.org"]


async def test_rule_15_interrupted_email_swap_is_finished_by_the_next_sync(
    harness: Harness,
) -> None:
    harness.gleanin.max_in_flight = 1
    mapping = await synced(harness, person("ada"), person("bob"))
    swapped = person("ada", email="bob@example.org"), person("bob", email="ada@example.org")
    harness.offer(session("s1", *map(on, swapped)))
    assert await kill(harness, mapping, "write", 1, taken_place=True)
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert {outcomes["ada"].outcome, outcomes["bob"].outcome} == {Outcome.UPDATED}
    assert harness.the(mapping, SPEAKER, "ada").fields["email"] == "bob@example.org"
    assert harness.the(mapping, SPEAKER, "bob").fields["email"] == "ada@example.org"


async def test_rule_15_older_person_who_is_not_synced_does_not_block_others(harness: Harness) -> None:
    old = person("old", email="x@example.org", created_at=at(1), last_name=None)
    young = person("young", email="x@example.org", created_at=at(2))
    mapping = await harness.mapping()
    harness.offer(session("s1", on(old), on(young)))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["young"].outcome is Outcome.CREATED
    assert outcomes["old"].outcome is Outcome.BLOCKED
    assert "last name" in outcomes["old"].reason.detail


ADA = person("00000000-1", email="ada@example.org", first_name="Ada", last_name="King")
GRACE = person("00000000-2", email="ada@example.org", first_name="Grace", last_name="Hopper")


async def test_rule_15_owner_of_an_email_in_gleanin_is_named(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("s1", on(ADA)))
    await harness.sync(mapping)
    harness.offer(session("s1", on(GRACE)))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    reason = outcomes[GRACE.id].reason
    assert reason.code == "email_of_kept"
    assert "Ada King" in reason.sentence
    assert "00000000" not in f"{reason.sentence} {reason.detail}"


async def test_rule_15_owner_sent_under_an_ended_connection_is_named(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("s1", on(ADA)))
    await harness.sync(mapping)
    later = await harness.reconnect_and_map(mapping)
    harness.offer(session("s2", on(GRACE)))
    reason = (await harness.outcomes(await harness.sync(later)))[GRACE.id].reason
    assert reason.code == "email_of_kept"
    assert "Ada King" in reason.sentence


async def test_rule_26_stopped_run_reports_people_waiting_for_an_email(harness: Harness) -> None:
    mapping = await synced(harness, person("ada"))
    harness.offer(
        session("s1", on(person("bob", email="ada@example.org")), on(person("ada", email="new@example.org")))
    )
    there = harness.gleanin.events[THERE]
    harness.gleanin.events[THERE] = replace(there, time_zone="Asia/Tokyo")
    run = await harness.sync(mapping)
    assert run.state is RunState.STOPPED
    assert {"ada", "bob"} <= set(await harness.outcomes(run))


async def test_rules_15_and_32_email_can_move_to_a_person_on_a_delayed_session(
    harness: Harness,
) -> None:
    mapping = await synced(harness, person("carl"))
    harness.gleanin.faults.late_creates, harness.gleanin.faults.late_seconds = 1, 20
    harness.offer(
        session("s1", on(person("carl", email="new@example.org"))),
        session("s2", on(person("dora", email="carl@example.org"))),
    )
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED, [
        outcome.reason for outcome in (await harness.outcomes(run)).values()
    ]
    assert emails(harness) == ["carl@example.org", "new@example.org"]


async def test_rules_15_and_32_chain_of_email_changes_waits_for_a_delayed_session(
    harness: Harness,
) -> None:
    mapping = await synced(harness, person("ada"), person("bob"), person("carl"))
    harness.gleanin.faults.late_creates, harness.gleanin.faults.late_seconds = 1, 20
    harness.offer(
        session(
            "s1", on(person("ada", email="bob@example.org")), on(person("bob", email="carl@example.org"))
        ),
        session("s2", on(person("carl", email="new@example.org"))),
    )
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED, [
        outcome.reason for outcome in (await harness.outcomes(run)).values()
    ]
    assert emails(harness) == ["bob@example.org", "carl@example.org", "new@example.org"]
