"""A due mapping is checked: if nothing has changed, there is no run (rules 21 and 24)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock

import pytest

from core.domain.ids import external_id
from core.domain.records.kinds import AGENDA, SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState, SyncRun, Trigger
from core.domain.runs.unchanged_marker import READ_ALL_EVERY, UnchangedMarker
from core.domain.tenancy.event_mappings import EventMapping, TracksFrom
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.results.get_record_history import GetRecordHistory
from core.usecases.runs.handle_change_hint import HandleChangeHint, Hint
from core.usecases.sync import systems_reader
from ports.store.unit_of_work import UnitOfWork
from tests.support.assertions import present
from tests.support.builders import at, exhibitor, on, person, primary, session
from tests.support.harness import SESSIONBOARD_TOKEN, Harness
from tests.support.kill_switch import Killed, KillSwitch
from tests.support.systems import SESSIONBOARD

LONGEST = timedelta(minutes=33)
HALF_AN_HOUR = timedelta(minutes=34)
"""Slightly more, as a mapping that starts before it is due may have had a hint."""


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Harness:
    """Create a harness whose event counts as having many sessions."""
    monkeypatch.setattr(systems_reader, "FEW", 0)
    harness = Harness()
    harness.clock.set(at(20))
    harness.offer(
        session("s1", on(person("ada"))),
        session("s2", on(person("grace", last_name=None)), status="declined"),
        exhibitors=(exhibitor("acme", primary(person("alan"))),),
    )
    return harness


async def check_when_due(
    harness: Harness, mapping: EventMapping, after: timedelta = HALF_AN_HOUR
) -> SyncRun | None:
    """Check the mapping when it is due, and return the run that results, if any."""
    harness.clock.advance(after)
    return await harness.check(mapping)


async def runs(harness: Harness, mapping: EventMapping, after: timedelta = HALF_AN_HOUR) -> SyncRun:
    run = await check_when_due(harness, mapping, after)
    assert run is not None, "something has changed"
    return run


async def reads_all(harness: Harness, mapping: EventMapping, after: timedelta = HALF_AN_HOUR) -> bool:
    """Return whether the next continuous sync reads all sessions."""
    before = harness.reads
    await check_when_due(harness, mapping, after)
    return harness.reads > before


async def synced_without_changes(harness: Harness) -> tuple[EventMapping, SyncRun]:
    """Create a mapping whose last run read everything and wrote nothing."""
    mapping = await harness.mapping()
    _, second = await runs(harness, mapping), await runs(harness, mapping)
    assert harness.reads == 2
    return mapping, second


async def test_rule_21_unchanged_sessions_are_not_read_again(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    written = len(harness.gleanin.writes)
    for _ in range(3):
        assert await check_when_due(harness, mapping) is None
        schedule = await harness.schedule_of(mapping.id)
        assert schedule.last_checked_at == harness.clock.now()
        assert schedule.due_at > harness.clock.now()
    assert len(await harness.list_runs(mapping.id)) == 2
    assert harness.reads == 2
    assert len(harness.gleanin.writes) == written


async def test_everything_is_read_at_least_every_six_hours(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    assert not await reads_all(harness, mapping, READ_ALL_EVERY - LONGEST)
    assert await reads_all(harness, mapping, timedelta(seconds=1)), "the next check might be too late"
    assert not await reads_all(harness, mapping)


async def test_manual_sync_reads_everything(harness: Harness) -> None:
    mapping, whole = await synced_without_changes(harness)
    by_hand = await harness.sync(mapping)
    assert harness.reads == 3
    assert await harness.outcomes(by_hand) == await harness.outcomes(whole)
    assert await check_when_due(harness, mapping) is None, "it stored the same marker"


async def test_rule_26_same_outcomes_are_stored_once(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    for _ in range(3):
        assert await check_when_due(harness, mapping, READ_ALL_EVERY) is None
    assert len(await harness.list_runs(mapping.id)) == 2
    assert harness.reads == 5


async def test_rule_26_different_outcomes_are_stored_separately(harness: Harness) -> None:
    mapping, whole = await synced_without_changes(harness)
    harness.offer(*harness.programme.sessions, session("s3", status="declined"))
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run)).keys() - (await harness.outcomes(whole)).keys() == {"s3"}


async def test_history_of_a_record_shows_since_and_until_when_it_was_unchanged(
    harness: Harness,
) -> None:
    mapping, whole = await synced_without_changes(harness)
    first, last = await GetRecordHistory(harness.units)(mapping.id, "ada")
    assert (first.confirmed_at, last.confirmed_at) == (None, None)
    assert await check_when_due(harness, mapping) is None
    checked_at = harness.clock.now()
    await harness.request_sync(mapping.id)
    first, last = await GetRecordHistory(harness.units)(mapping.id, "ada")
    assert (first.confirmed_at, last.run_id, last.confirmed_at) == (None, whole.id, checked_at)


async def test_run_with_a_scope_stores_no_unchanged_marker(harness: Harness, mapping: EventMapping) -> None:
    await harness.sync(mapping)
    await harness.sync(mapping, AGENDA)
    assert await reads_all(harness, mapping)


async def test_manual_request_merged_into_a_continuous_run_reads_everything(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    await harness.request_sync(mapping.id, trigger=Trigger.CONTINUOUS)
    await harness.sync(mapping)
    assert harness.reads == 3


async def test_rule_21_edit_is_written_and_the_next_sync_reads_everything(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    harness.offer(session("s1", on(person("ada")), title="Edited"), *harness.programme.sessions[1:])
    seen = [await check_when_due(harness, mapping) for _ in range(3)]
    assert [run and run.counts.of(SESSION)[Outcome.UPDATED] for run in seen] == [1, 0, None]


@pytest.mark.parametrize("minutes", [1, 9])
async def test_edit_right_before_a_cached_read_is_not_missed(harness: Harness, minutes: int) -> None:
    mapping, _ = await synced_without_changes(harness)
    edited = session("s1", on(person("ada")), title="Edited")
    # The edit was made before the last read, which was cached and did not include it.
    harness.programme.sessions[0] = edited
    harness.programme.seen[edited.id] = edited, harness.clock.now() - timedelta(minutes=minutes)
    run = await runs(harness, mapping)
    assert run.counts.of(SESSION)[Outcome.UPDATED] == 1


async def test_rule_12_session_that_ends_is_noticed_without_an_edit(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    harness.clock.set(at(21, 9, 45))
    await check_when_due(harness, mapping, timedelta(0))
    assert await check_when_due(harness, mapping, timedelta(minutes=14)) is None
    run = await runs(harness, mapping, timedelta(minutes=1))
    assert (await harness.outcomes(run))["s1"].outcome is Outcome.SKIPPED


async def test_changed_settings_cause_a_full_read(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    await harness.change_settings(SettingsChange(mapping.id, tracks=TracksFrom.TAGS))
    assert await reads_all(harness, mapping)


async def test_new_token_causes_a_full_read(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    await harness.replace_sessionboard_token(mapping.organization_id, SESSIONBOARD_TOKEN)
    assert await reads_all(harness, mapping)


async def test_rule_17_edited_exhibitor_contact_is_noticed(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    harness.programme.exhibitors[0] = exhibitor("acme", primary(person("alan", email="new@example.org")))
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run))["alan"].outcome is Outcome.UPDATED


async def test_record_deleted_in_gleanin_is_noticed(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    harness.gleanin.delete_by_hand(harness.the(mapping, SPEAKER, "ada").id)
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run))["ada"].outcome is Outcome.CREATED


async def test_rule_19_removed_foreign_contact_is_noticed(harness: Harness, mapping: EventMapping) -> None:
    foreign = harness.gleanin.add_record(mapping.events.destination_id, SPEAKER, {"email": "ada@example.org"})
    await check_when_due(harness, mapping)
    blocked = await runs(harness, mapping)
    assert (await harness.outcomes(blocked))["ada"].outcome is Outcome.BLOCKED
    assert await check_when_due(harness, mapping) is None
    harness.gleanin.delete_by_hand(foreign.id)
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run))["ada"].outcome is Outcome.CREATED


async def test_rule_30_share_links_are_read_without_changes(harness: Harness) -> None:
    harness.gleanin.links_after_reads = None
    mapping, _ = await synced_without_changes(harness)
    assert await harness.list_share_links(mapping.id, missing=True)
    harness.gleanin.links_after_reads = 0
    assert await check_when_due(harness, mapping) is None
    assert not await harness.list_share_links(mapping.id, missing=True)


async def test_failed_record_is_retried_by_the_next_run(harness: Harness, mapping: EventMapping) -> None:
    key = external_id(SESSIONBOARD, mapping.connection_id, person("ada").id)
    harness.gleanin.faults.rejected[key] = "No."
    for _ in range(3):
        run = await runs(harness, mapping)
        assert (await harness.outcomes(run))["ada"].outcome is Outcome.FAILED
    harness.gleanin.faults.rejected.clear()
    assert (await harness.outcomes(await runs(harness, mapping)))["ada"].outcome is Outcome.CREATED


async def test_stopped_run_stores_no_unchanged_marker(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    harness.gleanin.faults.refuses_reads = True
    assert (await runs(harness, mapping)).state is RunState.STOPPED
    harness.gleanin.faults.refuses_reads = False
    assert (await runs(harness, mapping)).state is RunState.COMPLETED, "failed records are retried by a run"


async def test_rule_16_masked_emails_are_found_with_the_token_that_masks_them(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    masked = person("ada", email="a***@e***.org")
    harness.programme.sessions[0] = session("s1", on(masked))
    harness.programme.seen.clear()
    assert (await runs(harness, mapping)).stop is not None


async def hint(harness: Harness, mapping: EventMapping) -> None:
    await harness.schedule_of(mapping.id)
    await HandleChangeHint(harness.units, harness.clock)(AnyActor(), Hint(mapping.organization_id, None))  # type: ignore[arg-type]


class AnyActor:
    def may(self, *_: object) -> bool:
        return True


async def test_hint_causes_a_full_read(
    harness: Harness,
) -> None:
    mapping, _ = await synced_without_changes(harness)
    await hint(harness, mapping)
    assert await reads_all(harness, mapping, timedelta(minutes=4))


async def test_hint_during_a_run_is_not_covered_by_that_run(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    harness.clock.advance(READ_ALL_EVERY)

    @asynccontextmanager
    async def read_during_a_deletion() -> AsyncIterator[UnitOfWork]:
        async with units.read() as unit:
            yield unit
        if harness.reads == 3 and harness.programme.sessions:  # right after the sessions were read
            harness.programme.sessions.clear()
            await hint(harness, mapping)

    units = harness.units
    harness.units = Mock(wraps=units, read=read_during_a_deletion)
    await harness.check(mapping)
    harness.units = units
    assert not harness.programme.sessions
    run = await runs(harness, mapping, timedelta(minutes=4))
    assert (await harness.outcomes(run))["s1"].outcome is Outcome.KEPT
    assert (await harness.schedule_of(mapping.id)).hinted_at is None


async def marker_of(harness: Harness, mapping: EventMapping) -> UnchangedMarker | None:
    async with harness.units.read() as unit:
        return await unit.unchanged_markers.get(mapping.id)


async def test_rule_32_kill_at_the_first_write_leaves_no_unchanged_marker(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    harness.programme.sessions[0] = session("s1", on(person("ada")), title="Edited")
    units, kill_switch = harness.units, KillSwitch(harness)

    async def killed() -> None:
        kill_switch.is_off = True
        kill_switch.check()

    harness.gate.before_write = killed
    with pytest.raises((Killed, ExceptionGroup)):
        await check_when_due(harness, mapping)
    harness.units = units
    assert await marker_of(harness, mapping) is None


async def test_unchanged_marker_is_invalid_after_the_clock_was_set_back(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    harness.clock.advance(timedelta(hours=-2))
    assert await reads_all(harness, mapping)


async def test_unchanged_marker_stays_invalid_once_the_clock_was_set_back(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    harness.clock.advance(timedelta(hours=-2))
    await check_when_due(harness, mapping, timedelta(0))
    harness.clock.advance(timedelta(hours=2))
    async with harness.units.read() as unit:
        marker = present(await unit.unchanged_markers.get(mapping.id))
    assert marker.read_at < harness.clock.now() - timedelta(hours=1), "the marker of the run in between"


async def test_changed_time_zone_is_noticed(harness: Harness) -> None:
    mapping, _ = await synced_without_changes(harness)
    harness.programme.event = replace(harness.programme.event, time_zone="Asia/Tokyo")
    run = await runs(harness, mapping)
    assert run.stop is not None, "the new zone is not confirmed (rule 7)"


async def test_kind_that_gleanin_did_not_report_is_retried_by_the_next_run(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.gleanin.faults.unknown_kinds = {SPEAKER.name}
    for _ in range(4):
        run = await runs(harness, mapping)
        assert (await harness.outcomes(run))["ada"].outcome is Outcome.FAILED
    harness.gleanin.faults.unknown_kinds = set()  # nothing else has changed, and there are no people yet
    assert (await harness.outcomes(await runs(harness, mapping)))["ada"].outcome is Outcome.CREATED


@pytest.fixture
def small(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> Harness:
    monkeypatch.setattr(systems_reader, "FEW", 2)
    return harness


async def test_few_sessions_are_read_each_time(small: Harness) -> None:
    mapping, _ = await synced_without_changes(small)
    small.programme.seen.clear()  # so that the change feed would report changes if it were used
    assert await check_when_due(small, mapping) is None
    assert small.reads == 3


async def test_rule_22_deletion_among_few_sessions_is_noticed_immediately(small: Harness) -> None:
    mapping, _ = await synced_without_changes(small)
    del small.programme.sessions[0]
    run = await runs(small, mapping)
    assert (await small.outcomes(run))["s1"].outcome is Outcome.KEPT


async def test_change_feed_is_used_above_the_limit_of_sessions(small: Harness) -> None:
    mapping, _ = await synced_without_changes(small)
    small.offer(*small.programme.sessions, session("s3"))
    assert [await reads_all(small, mapping) for _ in range(3)] == [True, True, False]
    small.offer(*small.programme.sessions[:2])  # the change feed does not report deletions
    assert not await reads_all(small, mapping)
    assert await reads_all(small, mapping, READ_ALL_EVERY)
