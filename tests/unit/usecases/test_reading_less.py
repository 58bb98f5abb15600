"""A mapping that is due is checked: where nothing has changed, there is no run (rules 21 and 24)."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import Mock

import pytest

from core.domain.ids import external_id
from core.domain.records.kinds import SESSION, SPEAKER, Scope
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

LONGEST = timedelta(minutes=33)
HALF_AN_HOUR = timedelta(minutes=34)
"""And a little more: what comes before it is due may have been hinted at."""


@pytest.fixture
def harness(monkeypatch: pytest.MonkeyPatch) -> Harness:
    """Set the stage for an event whose sessions are many, as these things go."""
    monkeypatch.setattr(systems_reader, "FEW", 0)
    harness = Harness()
    harness.clock.set(at(20))
    harness.offer(
        session("s1", on(person("ada"))),
        session("s2", on(person("grace", last_name=None)), status="declined"),
        exhibitors=(exhibitor("acme", primary(person("alan"))),),
    )
    return harness


async def by_itself(
    harness: Harness, mapping: EventMapping, after: timedelta = HALF_AN_HOUR
) -> SyncRun | None:
    """See to the mapping when it is due, and return the run that this comes to."""
    harness.clock.advance(after)
    return await harness.check(mapping)


async def runs(harness: Harness, mapping: EventMapping, after: timedelta = HALF_AN_HOUR) -> SyncRun:
    run = await by_itself(harness, mapping, after)
    assert run is not None, "something is different"
    return run


async def reads_all(harness: Harness, mapping: EventMapping, after: timedelta = HALF_AN_HOUR) -> bool:
    """Tell whether the next continuous run reads all sessions."""
    before = harness.readings
    await by_itself(harness, mapping, after)
    return harness.readings > before


async def proved(harness: Harness) -> tuple[EventMapping, SyncRun]:
    """Come to the point where a run has read everything and had nothing to write."""
    mapping = await harness.mapping()
    _, second = await runs(harness, mapping), await runs(harness, mapping)
    assert harness.readings == 2
    return mapping, second


async def test_rule_21_unchanged_sessions_are_not_read_again(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    written = len(harness.gleanin.writes)
    for _ in range(3):
        assert await by_itself(harness, mapping) is None
        schedule = await harness.schedule_of(mapping.id)
        assert schedule.last_checked_at == harness.clock.now()
        assert schedule.due_at > harness.clock.now()
    assert len(await harness.list_runs(mapping.id)) == 2
    assert harness.readings == 2
    assert len(harness.gleanin.writes) == written


async def test_everything_is_read_at_least_every_six_hours(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    assert not await reads_all(harness, mapping, READ_ALL_EVERY - LONGEST)
    assert await reads_all(harness, mapping, timedelta(seconds=1)), "the next one might be too late"
    assert not await reads_all(harness, mapping)


async def test_manual_sync_reads_everything(harness: Harness) -> None:
    mapping, whole = await proved(harness)
    by_hand = await harness.sync(mapping)
    assert harness.readings == 3
    assert await harness.outcomes(by_hand) == await harness.outcomes(whole)
    assert await by_itself(harness, mapping) is None, "it has proved the same"


async def test_rule_26_same_outcomes_are_stored_once(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    for _ in range(3):
        assert await by_itself(harness, mapping, READ_ALL_EVERY) is None
    assert len(await harness.list_runs(mapping.id)) == 2
    assert harness.readings == 5


async def test_rule_26_different_outcomes_are_stored_separately(harness: Harness) -> None:
    mapping, whole = await proved(harness)
    harness.offer(*harness.programme.sessions, session("s3", status="declined"))
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run)).keys() - (await harness.outcomes(whole)).keys() == {"s3"}


async def test_history_of_a_record_shows_since_and_until_when_it_was_unchanged(
    harness: Harness,
) -> None:
    mapping, whole = await proved(harness)
    first, last = await GetRecordHistory(harness.units)(mapping.id, "ada")
    assert (first.confirmed_at, last.confirmed_at) == (None, None)
    assert await by_itself(harness, mapping) is None
    checked_at = harness.clock.now()
    await harness.request_sync(mapping.id)
    first, last = await GetRecordHistory(harness.units)(mapping.id, "ada")
    assert (first.confirmed_at, last.run_id, last.confirmed_at) == (None, whole.id, checked_at)


async def test_run_with_a_scope_stores_no_unchanged_marker(harness: Harness, mapping: EventMapping) -> None:
    await harness.sync(mapping)
    await harness.sync(mapping, Scope.AGENDA)
    assert await reads_all(harness, mapping)


async def test_manual_request_merged_into_a_continuous_run_reads_everything(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    await harness.request_sync(mapping.id, trigger=Trigger.CONTINUOUS)
    await harness.sync(mapping)
    assert harness.readings == 3


async def test_rule_21_edit_is_written_and_the_next_sync_reads_everything(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.offer(session("s1", on(person("ada")), title="Edited"), *harness.programme.sessions[1:])
    seen = [await by_itself(harness, mapping) for _ in range(3)]
    assert [run and run.counts.of(SESSION)[Outcome.UPDATED] for run in seen] == [1, 0, None]


@pytest.mark.parametrize("minutes", [1, 9])
async def test_edit_right_before_a_cached_read_is_not_missed(harness: Harness, minutes: int) -> None:
    mapping, _ = await proved(harness)
    edited = session("s1", on(person("ada")), title="Edited")
    # The edit was made before the last reading, which came out of a cache and did not have it.
    harness.programme.sessions[0] = edited
    harness.programme.seen[edited.id] = edited, harness.clock.now() - timedelta(minutes=minutes)
    run = await runs(harness, mapping)
    assert run.counts.of(SESSION)[Outcome.UPDATED] == 1


async def test_rule_12_session_that_ends_is_noticed_without_an_edit(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.clock.set(at(21, 9, 45))
    await by_itself(harness, mapping, timedelta(0))
    assert await by_itself(harness, mapping, timedelta(minutes=14)) is None
    run = await runs(harness, mapping, timedelta(minutes=1))
    assert (await harness.outcomes(run))["s1"].outcome is Outcome.SKIPPED


async def test_changed_settings_cause_a_full_read(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    await harness.change_settings(SettingsChange(mapping.id, tracks=TracksFrom.TAGS))
    assert await reads_all(harness, mapping)


async def test_new_token_causes_a_full_read(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    await harness.replace_sessionboard_token(mapping.organization_id, SESSIONBOARD_TOKEN)
    assert await reads_all(harness, mapping)


async def test_rule_17_edited_exhibitor_contact_is_noticed(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.programme.exhibitors[0] = exhibitor("acme", primary(person("alan", email="new@example.org")))
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run))["alan"].outcome is Outcome.UPDATED


async def test_record_deleted_in_gleanin_is_noticed(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.gleanin.delete_by_hand(harness.the(mapping, SPEAKER, "ada").id)
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run))["ada"].outcome is Outcome.CREATED


async def test_rule_19_removed_foreign_contact_is_noticed(harness: Harness, mapping: EventMapping) -> None:
    foreign = harness.gleanin.add_record(mapping.events.gleanin_id, SPEAKER, {"email": "ada@example.org"})
    await by_itself(harness, mapping)
    blocked = await runs(harness, mapping)
    assert (await harness.outcomes(blocked))["ada"].outcome is Outcome.BLOCKED
    assert await by_itself(harness, mapping) is None
    harness.gleanin.delete_by_hand(foreign.id)
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run))["ada"].outcome is Outcome.CREATED


async def test_rule_30_share_links_are_read_without_changes(harness: Harness) -> None:
    harness.gleanin.links_after_reads = None
    mapping, _ = await proved(harness)
    assert await harness.list_share_links(mapping.id, missing=True)
    harness.gleanin.links_after_reads = 0
    assert await by_itself(harness, mapping) is None
    assert not await harness.list_share_links(mapping.id, missing=True)


async def test_failed_record_is_retried_by_the_next_run(harness: Harness, mapping: EventMapping) -> None:
    key = external_id(mapping.connection_id, person("ada").id)
    harness.gleanin.trouble.rejected[key] = "No."
    for _ in range(3):
        run = await runs(harness, mapping)
        assert (await harness.outcomes(run))["ada"].outcome is Outcome.FAILED
    harness.gleanin.trouble.rejected.clear()
    assert (await harness.outcomes(await runs(harness, mapping)))["ada"].outcome is Outcome.CREATED


async def test_stopped_run_stores_no_unchanged_marker(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.gleanin.trouble.refuses_reads = True
    assert (await runs(harness, mapping)).state is RunState.STOPPED
    harness.gleanin.trouble.refuses_reads = False
    assert (await runs(harness, mapping)).state is RunState.COMPLETED, "what failed is tried with a run"


async def test_rule_16_masked_emails_are_found_with_the_token_that_masks_them(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    masked = person("ada", email="a***@e***.org")
    harness.programme.sessions[0] = session("s1", on(masked))
    harness.programme.seen.clear()
    assert (await runs(harness, mapping)).stop is not None


async def hint(harness: Harness, mapping: EventMapping) -> None:
    await harness.schedule_of(mapping.id)
    await HandleChangeHint(harness.units, harness.clock)(Anybody(), Hint(mapping.organization_id, None))  # type: ignore[arg-type]


class Anybody:
    def may(self, *_: object) -> bool:
        return True


async def test_hint_causes_a_full_read(
    harness: Harness,
) -> None:
    mapping, _ = await proved(harness)
    await hint(harness, mapping)
    assert await reads_all(harness, mapping, timedelta(minutes=4))


async def test_hint_during_a_run_is_not_covered_by_that_run(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.clock.advance(READ_ALL_EVERY)

    @asynccontextmanager
    async def reading_while_somebody_deletes() -> AsyncIterator[UnitOfWork]:
        async with units.read() as unit:
            yield unit
        if harness.readings == 3 and harness.programme.sessions:  # right after the sessions were read
            harness.programme.sessions.clear()
            await hint(harness, mapping)

    units = harness.units
    harness.units = Mock(wraps=units, read=reading_while_somebody_deletes)
    await harness.check(mapping)
    harness.units = units
    assert not harness.programme.sessions
    run = await runs(harness, mapping, timedelta(minutes=4))
    assert (await harness.outcomes(run))["s1"].outcome is Outcome.KEPT
    assert (await harness.schedule_of(mapping.id)).hinted_at is None


async def checkpoint_of(harness: Harness, mapping: EventMapping) -> UnchangedMarker | None:
    async with harness.units.read() as unit:
        return await unit.unchanged_markers.get(mapping.id)


async def test_rule_32_kill_at_the_first_write_leaves_no_unchanged_marker(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.programme.sessions[0] = session("s1", on(person("ada")), title="Edited")
    units, kill_switch = harness.units, KillSwitch(harness)

    async def killed() -> None:
        kill_switch.is_off = True
        kill_switch.check()

    harness.gate.before_write = killed
    with pytest.raises((Killed, ExceptionGroup)):
        await by_itself(harness, mapping)
    harness.units = units
    assert await checkpoint_of(harness, mapping) is None


async def test_unchanged_marker_is_invalid_after_the_clock_was_set_back(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.clock.advance(timedelta(hours=-2))
    assert await reads_all(harness, mapping)


async def test_unchanged_marker_stays_invalid_once_the_clock_was_set_back(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.clock.advance(timedelta(hours=-2))
    await by_itself(harness, mapping, timedelta(0))
    harness.clock.advance(timedelta(hours=2))
    async with harness.units.read() as unit:
        checkpoint = present(await unit.unchanged_markers.get(mapping.id))
    assert checkpoint.read_at < harness.clock.now() - timedelta(hours=1), "the one of the run in between"


async def test_changed_time_zone_is_noticed(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.programme.event = replace(harness.programme.event, time_zone="Asia/Tokyo")
    run = await runs(harness, mapping)
    assert run.stop is not None, "nobody has confirmed that one (rule 7)"


async def test_kind_that_gleanin_did_not_report_is_retried_by_the_next_run(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.gleanin.trouble.unknown_kinds = {SPEAKER.name}
    for _ in range(4):
        run = await runs(harness, mapping)
        assert (await harness.outcomes(run))["ada"].outcome is Outcome.FAILED
    harness.gleanin.trouble.unknown_kinds = set()  # nothing else has changed, and there is nobody yet
    assert (await harness.outcomes(await runs(harness, mapping)))["ada"].outcome is Outcome.CREATED


@pytest.fixture
def small(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> Harness:
    monkeypatch.setattr(systems_reader, "FEW", 2)
    return harness


async def test_few_sessions_are_read_each_time(small: Harness) -> None:
    mapping, _ = await proved(small)
    small.programme.seen.clear()  # so that the change feed, were it asked, would tell of changes
    assert await by_itself(small, mapping) is None
    assert small.readings == 3


async def test_rule_22_deletion_among_few_sessions_is_noticed_immediately(small: Harness) -> None:
    mapping, _ = await proved(small)
    del small.programme.sessions[0]
    run = await runs(small, mapping)
    assert (await small.outcomes(run))["s1"].outcome is Outcome.KEPT


async def test_change_feed_is_used_above_the_limit_of_sessions(small: Harness) -> None:
    mapping, _ = await proved(small)
    small.offer(*small.programme.sessions, session("s3"))
    assert [await reads_all(small, mapping) for _ in range(3)] == [True, True, False]
    small.offer(*small.programme.sessions[:2])  # which the feed does not tell
    assert not await reads_all(small, mapping)
    assert await reads_all(small, mapping, READ_ALL_EVERY)
