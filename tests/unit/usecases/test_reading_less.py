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


async def test_rule_21_where_nothing_has_changed_the_sessions_are_not_read_again(harness: Harness) -> None:
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


async def test_who_syncs_by_hand_has_everything_read(harness: Harness) -> None:
    mapping, whole = await proved(harness)
    by_hand = await harness.sync(mapping)
    assert harness.readings == 3
    assert await harness.outcomes(by_hand) == await harness.outcomes(whole)
    assert await by_itself(harness, mapping) is None, "it has proved the same"


async def test_rule_26_the_same_outcomes_are_kept_once(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    for _ in range(3):
        assert await by_itself(harness, mapping, READ_ALL_EVERY) is None
    assert len(await harness.list_runs(mapping.id)) == 2
    assert harness.readings == 5


async def test_rule_26_other_outcomes_are_kept_apart(harness: Harness) -> None:
    mapping, whole = await proved(harness)
    harness.offer(*harness.programme.sessions, session("s3", status="declined"))
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run)).keys() - (await harness.outcomes(whole)).keys() == {"s3"}


async def test_a_records_history_tells_since_when_and_until_when_nothing_has_changed(
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


async def test_a_run_of_a_part_proves_nothing(harness: Harness, mapping: EventMapping) -> None:
    await harness.sync(mapping)
    await harness.sync(mapping, Scope.AGENDA)
    assert await reads_all(harness, mapping)


async def test_a_request_by_hand_that_joins_a_continuous_one_has_everything_read(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    await harness.request_sync(mapping.id, trigger=Trigger.CONTINUOUS)
    await harness.sync(mapping)
    assert harness.readings == 3


async def test_rule_21_an_edit_is_written_and_then_everything_is_read_once_more(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.offer(session("s1", on(person("ada")), title="Edited"), *harness.programme.sessions[1:])
    seen = [await by_itself(harness, mapping) for _ in range(3)]
    assert [run and run.counts.of(SESSION)[Outcome.UPDATED] for run in seen] == [1, 0, None]


@pytest.mark.parametrize("minutes", [1, 9])
async def test_an_edit_right_before_a_reading_that_was_cached_is_not_missed(
    harness: Harness, minutes: int
) -> None:
    mapping, _ = await proved(harness)
    edited = session("s1", on(person("ada")), title="Edited")
    # The edit was made before the last reading, which came out of a cache and did not have it.
    harness.programme.sessions[0] = edited
    harness.programme.seen[edited.id] = edited, harness.clock.now() - timedelta(minutes=minutes)
    run = await runs(harness, mapping)
    assert run.counts.of(SESSION)[Outcome.UPDATED] == 1


async def test_rule_12_a_session_that_passes_is_noticed_though_nobody_edits_it(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.clock.set(at(21, 9, 45))
    await by_itself(harness, mapping, timedelta(0))
    assert await by_itself(harness, mapping, timedelta(minutes=14)) is None
    run = await runs(harness, mapping, timedelta(minutes=1))
    assert (await harness.outcomes(run))["s1"].outcome is Outcome.SKIPPED


async def test_changed_settings_have_everything_read(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    await harness.change_settings(SettingsChange(mapping.id, tracks=TracksFrom.TAGS))
    assert await reads_all(harness, mapping)


async def test_another_token_may_see_other_data(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    await harness.replace_sessionboard_token(mapping.organization_id, SESSIONBOARD_TOKEN)
    assert await reads_all(harness, mapping)


async def test_rule_17_an_exhibitors_contact_that_is_edited_is_noticed(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.programme.exhibitors[0] = exhibitor("acme", primary(person("alan", email="new@example.org")))
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run))["alan"].outcome is Outcome.UPDATED


async def test_what_is_deleted_in_gleanin_by_hand_is_noticed(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.gleanin.delete_by_hand(harness.the(mapping, SPEAKER, "ada").id)
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run))["ada"].outcome is Outcome.CREATED


async def test_rule_19_a_foreign_contact_that_goes_is_noticed(
    harness: Harness, mapping: EventMapping
) -> None:
    foreign = harness.gleanin.add_record(mapping.events.gleanin_id, SPEAKER, {"email": "ada@example.org"})
    await by_itself(harness, mapping)
    blocked = await runs(harness, mapping)
    assert (await harness.outcomes(blocked))["ada"].outcome is Outcome.BLOCKED
    assert await by_itself(harness, mapping) is None
    harness.gleanin.delete_by_hand(foreign.id)
    run = await runs(harness, mapping)
    assert (await harness.outcomes(run))["ada"].outcome is Outcome.CREATED


async def test_rule_30_share_links_are_read_all_the_same(harness: Harness) -> None:
    harness.gleanin.links_after_reads = None
    mapping, _ = await proved(harness)
    assert await harness.list_share_links(mapping.id, missing=True)
    harness.gleanin.links_after_reads = 0
    assert await by_itself(harness, mapping) is None
    assert not await harness.list_share_links(mapping.id, missing=True)


async def test_what_failed_is_tried_again_by_the_next_run(harness: Harness, mapping: EventMapping) -> None:
    key = external_id(mapping.connection_id, person("ada").id)
    harness.gleanin.trouble.rejected[key] = "No."
    for _ in range(3):
        run = await runs(harness, mapping)
        assert (await harness.outcomes(run))["ada"].outcome is Outcome.FAILED
    harness.gleanin.trouble.rejected.clear()
    assert (await harness.outcomes(await runs(harness, mapping)))["ada"].outcome is Outcome.CREATED


async def test_a_run_that_stops_proves_nothing(harness: Harness) -> None:
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


async def test_a_hint_has_everything_read_for_it_may_tell_of_what_the_change_feed_does_not(
    harness: Harness,
) -> None:
    mapping, _ = await proved(harness)
    await hint(harness, mapping)
    assert await reads_all(harness, mapping, timedelta(minutes=4))


async def test_a_hint_that_comes_during_a_run_is_not_answered_by_that_one(harness: Harness) -> None:
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


async def test_rule_32_a_kill_at_the_first_write_leaves_nothing_proved(harness: Harness) -> None:
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


async def test_a_clock_that_was_set_back_proves_nothing(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.clock.advance(timedelta(hours=-2))
    assert await reads_all(harness, mapping)


async def test_what_a_clock_that_was_set_back_saw_ended_does_not_hold_again_later(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.clock.advance(timedelta(hours=-2))
    await by_itself(harness, mapping, timedelta(0))
    harness.clock.advance(timedelta(hours=2))
    async with harness.units.read() as unit:
        checkpoint = present(await unit.unchanged_markers.get(mapping.id))
    assert checkpoint.read_at < harness.clock.now() - timedelta(hours=1), "the one of the run in between"


async def test_an_event_that_changes_its_time_zone_is_noticed(harness: Harness) -> None:
    mapping, _ = await proved(harness)
    harness.programme.event = replace(harness.programme.event, time_zone="Asia/Tokyo")
    run = await runs(harness, mapping)
    assert run.stop is not None, "nobody has confirmed that one (rule 7)"


async def test_a_kind_that_gleanin_did_not_tell_of_is_tried_again_by_the_next_run(harness: Harness) -> None:
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


async def test_few_sessions_are_read_each_time_for_that_takes_no_more_requests(small: Harness) -> None:
    mapping, _ = await proved(small)
    small.programme.seen.clear()  # so that the change feed, were it asked, would tell of changes
    assert await by_itself(small, mapping) is None
    assert small.readings == 3


async def test_rule_22_among_few_sessions_a_deletion_is_noticed_at_once(small: Harness) -> None:
    mapping, _ = await proved(small)
    del small.programme.sessions[0]
    run = await runs(small, mapping)
    assert (await small.outcomes(run))["s1"].outcome is Outcome.KEPT


async def test_one_session_more_than_few_and_the_change_feed_is_asked(small: Harness) -> None:
    mapping, _ = await proved(small)
    small.offer(*small.programme.sessions, session("s3"))
    assert [await reads_all(small, mapping) for _ in range(3)] == [True, True, False]
    small.offer(*small.programme.sessions[:2])  # which the feed does not tell
    assert not await reads_all(small, mapping)
    assert await reads_all(small, mapping, READ_ALL_EVERY)
