"""Rule 34: incomplete reads."""

from datetime import timedelta

import pytest

from core.domain.ids import SourceId
from core.domain.records.kinds import AGENDA, EXHIBITORS, SESSION
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import Session, Unreadable
from core.domain.runs.run import RunState, SyncRun
from core.domain.runs.unchanged_marker import READ_ALL_EVERY
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.assertions import present
from tests.support.builders import exhibitor, on, person, primary, session
from tests.support.harness import Harness

MANY = 250
ACME = exhibitor("acme", primary(person("eve")))
BOLT = exhibitor("bolt", primary(person("bob")))


def talks(number: int = MANY) -> tuple[Session, ...]:
    return tuple(session(f"s{index}", on(person(f"p{index % 7}"))) for index in range(number))


async def runs(harness: Harness, mapping: EventMapping) -> SyncRun:
    """Check the mapping as if it were due, and return the run that results."""
    harness.clock.advance(timedelta(minutes=30))
    return present(await harness.check(mapping))


async def synced(harness: Harness, number: int = MANY) -> EventMapping:
    mapping = await harness.mapping()
    harness.offer(*talks(number), exhibitors=(ACME, BOLT))
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    return mapping


async def test_rule_34_incomplete_read_reports_nothing_as_gone_and_ends_with_problems(
    harness: Harness,
) -> None:
    mapping = await synced(harness)
    harness.programme.missing_sessions = 150
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert "with problems" in run.message
    assert "Sessionboard reports 250 sessions but returned 100" in run.message
    outcomes = await harness.outcomes(run)
    assert len(outcomes) == run.counts.read == MANY + 7 + 2
    missing = {key: each for key, each in outcomes.items() if key.startswith("s") and int(key[1:]) >= 100}
    assert {each.reason.code for each in missing.values()} == {"not_all_read"}
    for outcome in outcomes.values():
        assert "an admin must delete it" not in outcome.reason.detail
        assert "no longer" not in outcome.reason.sentence


async def test_rule_34_incomplete_read_is_not_stored_and_the_next_complete_one_is(
    harness: Harness,
) -> None:
    mapping = await synced(harness)
    await runs(harness, mapping)
    harness.programme.missing_sessions = 150
    harness.clock.advance(READ_ALL_EVERY)
    for _ in range(2):
        run = await runs(harness, mapping)
        assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    harness.programme.missing_sessions = 0
    run = await runs(harness, mapping)
    assert run.state is RunState.COMPLETED
    assert run.counts.of(SESSION)[Outcome.UNCHANGED] == MANY


async def test_rule_34_repeated_incomplete_read_confirms_nothing(harness: Harness) -> None:
    """Sessionboard announces one more session, and nothing else has changed."""
    mapping = await synced(harness, 3)
    await runs(harness, mapping)
    harness.offer(*talks(4), exhibitors=(ACME, BOLT))
    harness.programme.missing_sessions = 1
    run = await runs(harness, mapping)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS


async def test_rule_34_incomplete_exhibitors_do_not_affect_sessions(harness: Harness) -> None:
    mapping = await synced(harness, 3)
    harness.programme.missing_exhibitors = 1
    outcomes = await harness.outcomes(run := await harness.sync(mapping))
    assert outcomes["bob"].reason.code == "not_all_read"
    assert "exhibitors" in run.message
    harness.offer(*talks(2), exhibitors=(ACME, BOLT))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["s2"].reason.code == "not_in_sessionboard"


@pytest.mark.parametrize("rows", [1, 2])
async def test_rule_34_unreadable_rows_are_reported_by_the_run(harness: Harness, rows: int) -> None:
    mapping = await synced(harness, 4)
    odd = (Unreadable(SourceId(f"odd{number}"), f"Odd {number}", "No.") for number in range(rows))
    harness.offer(*talks(3), *odd, exhibitors=(ACME, BOLT))
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert f"{rows} row{'s' if rows > 1 else ''} of the programme could not be read" in run.message
    assert (await harness.outcomes(run))["s3"].reason.code == "not_all_read"
    await runs(harness, mapping)
    await runs(harness, mapping)  # an incomplete read is not stored


@pytest.mark.parametrize("left", ["all", "sessions"])
async def test_rule_34_run_first_reports_that_everything_has_left(harness: Harness, left: str) -> None:
    mapping = await synced(harness, 4)
    harness.offer(exhibitors=(ACME, BOLT) if left == "sessions" else ())
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    first = (
        "Sync to Gleanin finished with problems: all 4 sessions and all 4 speakers that were synced have left"
    )
    assert run.message.startswith(first)
    assert not run.message.startswith("Sync to Gleanin is complete")
    assert len(harness.gleanin.records) == 10, "rule 22"
    again = await runs(harness, mapping)
    assert again.message.startswith(first), "until it is accepted"
    harness.offer(*talks(4), exhibitors=(ACME, BOLT))
    assert (await runs(harness, mapping)).state is RunState.COMPLETED


@pytest.mark.parametrize(("stay", "is_reported"), [(29, False), (20, False), (19, True), (1, True)])
async def test_rule_34_more_than_half_and_at_least_20_departures_are_reported(
    harness: Harness, stay: int, is_reported: bool, mapping: EventMapping
) -> None:
    harness.offer(*(session(f"s{number}") for number in range(40)))
    await harness.sync(mapping)
    harness.offer(*(session(f"s{number}") for number in range(stay)))
    run = await harness.sync(mapping)
    assert (f"{40 - stay} of 40 sessions that were synced have left" in run.message) is is_reported
    assert (run.state is RunState.COMPLETED_WITH_PROBLEMS) is is_reported


async def test_rule_34_gradual_departures_are_not_reported(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}") for number in range(40)))
    await harness.sync(mapping)
    for stay in (30, 20, 10, 1):
        harness.clock.advance(timedelta(days=1))
        harness.offer(*(session(f"s{number}") for number in range(stay)))
        assert (await harness.sync(mapping)).state is RunState.COMPLETED, stay


async def test_rule_34_departures_are_accepted_after_a_day(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}") for number in range(40)))
    await harness.sync(mapping)
    harness.offer(session("s0"))
    assert (await harness.sync(mapping)).state is RunState.COMPLETED_WITH_PROBLEMS
    harness.clock.advance(timedelta(days=1, minutes=1))
    assert (await harness.sync(mapping)).state is RunState.COMPLETED


async def test_rule_34_run_with_a_scope_considers_only_its_scope(harness: Harness) -> None:
    mapping = await synced(harness, 3)
    harness.offer(exhibitors=(ACME, BOLT))
    assert (await harness.sync(mapping, EXHIBITORS)).state is RunState.COMPLETED
    assert (await harness.sync(mapping, AGENDA)).state is RunState.COMPLETED_WITH_PROBLEMS
