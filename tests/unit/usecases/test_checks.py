"""A check locks its mapping, yields to a run, and becomes one as soon as there is work (rules 23 and 24)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import pytest

from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from core.domain.ids import RunId, SourceEventId, SourceId
from core.domain.records.feeds import SESSIONS, Feed, SourceRow
from core.domain.records.kinds import SPEAKER
from core.domain.records.source_records import SourceEvent, Unreadable
from core.domain.records.synced_records import CreateIntent
from core.domain.runs.run import RunState, SyncRun, Trigger
from core.domain.runs.stop_reasons import INTERRUPTED, LEASE_EXPIRED, NO_PROGRESS
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import SystemCredentials
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.sync import large_places
from core.usecases.sync.run_sync import RunSync
from ports.source import Source, SourceUnavailable
from tests.support.assertions import present
from tests.support.builders import on, person, session
from tests.support.harness import LEASE, Harness
from tests.support.timeouts import WITHIN, happens, until

R = TypeVar("R", bound=SourceRow)
HALF_AN_HOUR = timedelta(minutes=34)


@dataclass(slots=True)
class HeldSource:
    """A Sessionboard that withholds its sessions until it is released."""

    source: Source
    reading: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)
    pause: float = 0.0
    """Seconds between two rows after the release."""

    async def events(self) -> Sequence[SourceEvent]:
        return await self.source.events()

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        return await self.source.event(event_id)

    async def records(
        self, event_id: SourceEventId, feed: Feed[R]
    ) -> AsyncIterator[Sequence[R | Unreadable]]:
        if feed is not SESSIONS:
            async for page in self.source.records(event_id, feed):
                yield page
            return
        self.reading.set()
        await self.released.wait()
        async for page in self.source.records(event_id, feed):
            for row in page:
                await asyncio.sleep(self.pause)
                yield [row]

    async def has_changed(self, *_: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class HeldSources:
    source: HeldSource

    def named(self, _identifier: str) -> "HeldSources":
        return self

    def normalize_url(self, url: str) -> str:
        return url

    def open(self, _credentials: SystemCredentials) -> AbstractAsyncContextManager[Source]:
        return nullcontext(self.source)


async def unchanged_mapping(harness: Harness) -> EventMapping:
    """Create a due mapping with nothing to sync."""
    mapping = await harness.mapping()
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    harness.offer(session("s1", on(person("ada"))))
    await harness.sync(mapping)
    await harness.sync(mapping)
    harness.clock.advance(HALF_AN_HOUR)
    return mapping


def held(harness: Harness) -> HeldSource:
    source = HeldSource(harness.source)
    harness.sources = HeldSources(source)  # type: ignore[assignment] # anything that opens a source will do
    return source


async def being_checked(
    harness: Harness, mapping: EventMapping
) -> tuple[HeldSource, "asyncio.Task[SyncRun | None]"]:
    """Start a check that waits for Sessionboard's sessions."""
    source = held(harness)
    check = asyncio.create_task(harness.check(mapping))
    await happens(source.reading)
    return source, check


async def last_checked(harness: Harness, mapping: EventMapping) -> bool:
    async with harness.units.read() as unit:
        schedule = await unit.schedules.get(mapping.id)
    return schedule is not None and schedule.last_checked_at is not None


async def test_rule_23_mapping_has_one_check_at_a_time(harness: Harness) -> None:
    mapping = await unchanged_mapping(harness)
    source = held(harness)
    first = asyncio.create_task(harness.check(mapping))
    await happens(source.reading)
    assert await harness.select_next_runs(9) == []
    assert await harness.check(mapping) is None, "another check is running"
    assert not await last_checked(harness, mapping)
    source.released.set()
    assert await first is None
    assert await last_checked(harness, mapping)
    assert len(await harness.list_runs(mapping.id)) == 2


async def test_rule_23_starting_run_cancels_a_check_without_effect(harness: Harness) -> None:
    mapping = await unchanged_mapping(harness)
    harness.offer(session("s1", on(person("ada")), title="Edited"))
    source, check = await being_checked(harness, mapping)
    units = harness.units
    assert isinstance(units, InMemoryUnitOfWorkFactory)
    run = asyncio.create_task(harness.sync(mapping))
    await until(lambda: any(run.state is RunState.RUNNING for run in units.store.runs.values()))
    source.released.set()
    assert await check is None
    assert (await run).state is RunState.COMPLETED
    assert [run.trigger for run in await harness.list_runs(mapping.id)] == [Trigger.MANUAL] * 3
    assert not await last_checked(harness, mapping)
    assert harness.gleanin.duplicates == 0


async def test_rule_05_mapping_removed_during_its_check_gets_no_run(harness: Harness) -> None:
    mapping = await unchanged_mapping(harness)
    harness.offer(session("s1", title="Edited"))
    source, check = await being_checked(harness, mapping)
    await harness.remove_mapping(mapping.id)
    source.released.set()
    assert await check is None
    assert len(await harness.list_runs(mapping.id)) == 2


async def test_check_that_cannot_read_becomes_a_run_that_reports_why(harness: Harness) -> None:
    mapping = await unchanged_mapping(harness)
    harness.source.error = SourceUnavailable("No answer.")
    run = present(await harness.check(mapping))
    assert (present(run.stop).code, run.trigger) == ("unreachable", Trigger.CONTINUOUS)
    assert (await harness.list_runs(mapping.id))[0] == run


async def test_interrupted_check_leaves_the_mapping_due(harness: Harness) -> None:
    mapping = await unchanged_mapping(harness)
    _, check = await being_checked(harness, mapping)
    check.cancel()
    with pytest.raises(asyncio.CancelledError):
        await check
    assert len(await harness.list_runs(mapping.id)) == 2
    assert [run.mapping_id for run in await harness.select_next_runs(9)] == [mapping.id]


async def test_interrupted_check_reports_its_result(harness: Harness) -> None:
    mapping = await unchanged_mapping(harness)
    harness.offer(session("s1", on(person("ada")), title="Edited"))
    begun, writing = list[RunId](), asyncio.Event()

    async def block() -> None:
        writing.set()
        await asyncio.sleep(3600)

    harness.gate.before_write = block
    check = asyncio.create_task(harness.run_sync.check(mapping.id, begun.append))
    await happens(writing)
    check.cancel()
    with pytest.raises(asyncio.CancelledError):
        await check
    run, *_ = await harness.list_runs(mapping.id)
    assert ([run.id], run.stop) == (begun, INTERRUPTED)


async def test_unconfirmed_create_needs_a_run_and_not_a_check(harness: Harness) -> None:
    """Check that only a run looks up an unconfirmed create (rule 32)."""
    mapping = await unchanged_mapping(harness)
    lost = CreateIntent(SPEAKER, SourceId("zoe"), mapping.connection_id, ("email",))
    async with harness.committing() as unit:
        await unit.intents.add(mapping.organization_id, mapping.events.destination_id, [lost])
    assert await harness.check(mapping) is not None


def stalling(harness: Harness, after: timedelta) -> RunSync:
    lease = timedelta(seconds=0.04)  # renewed four times as often
    return RunSync(
        harness.access,
        harness.ids,
        harness.clock,
        harness.log,
        lease,
        harness.run_ends,
        harness.patient_links,
        stalled_after=after,
    )


async def test_run_without_progress_stops_and_counts_as_a_failure(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("s1"))
    held(harness)
    run_id = (await harness.request_sync(mapping.id)).id
    async with asyncio.timeout(WITHIN):
        run = await stalling(harness, timedelta(seconds=0.1))(run_id)
    assert run.stop == NO_PROGRESS
    async with harness.units.read() as unit:
        schedule, known = await unit.schedules.get(mapping.id), await unit.mappings.get(mapping.id)
    assert present(schedule).failures == 1
    assert not present(known).written, "nothing was written, so its events are free (rule 5)"


async def test_check_without_progress_becomes_a_run_that_reports_it(harness: Harness) -> None:
    mapping = await unchanged_mapping(harness)
    held(harness)
    async with asyncio.timeout(WITHIN):
        run = present(await stalling(harness, timedelta(seconds=0.1)).check(mapping.id))
    assert run.stop == NO_PROGRESS


async def test_run_with_slow_pages_continues(harness: Harness, mapping: EventMapping) -> None:
    harness.offer(*(session(f"s{number}") for number in range(10)))
    source = held(harness)
    source.pause = 0.4
    source.released.set()
    run_id = (await harness.request_sync(mapping.id)).id
    run = await stalling(harness, timedelta(seconds=3))(run_id)
    assert run.state is RunState.COMPLETED


async def test_rule_23_recovered_run_stops_reading(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("s1"))
    source = held(harness)
    run = await harness.request_sync(mapping.id)
    task = asyncio.create_task(stalling(harness, timedelta(minutes=15))(run.id, waits=False))
    await happens(source.reading)
    async with harness.committing() as unit:
        running = present(await unit.runs.get(run.id))
        await harness.run_ends.store(unit, running, LEASE_EXPIRED)
    async with asyncio.timeout(WITHIN):
        assert (await task).stop == LEASE_EXPIRED


async def test_check_with_an_expired_lease_is_restarted(harness: Harness) -> None:
    mapping = await unchanged_mapping(harness)
    source, check = await being_checked(harness, mapping)
    harness.clock.advance(LEASE)
    assert [run.mapping_id for run in await harness.select_next_runs(9)] == [mapping.id]
    again = asyncio.create_task(harness.check(mapping))
    source.released.set()
    assert await check is None
    assert await again is None
    assert len(await harness.list_runs(mapping.id)) == 2


async def test_large_events_wait_for_one_of_two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_places, "LARGE", 3)
    monkeypatch.setattr(large_places, "KEEPALIVE_INTERVAL", 0.01)
    places = large_places.LargePlaces()
    progress = list[str]()
    async with places.for_one() as one, places.for_one() as two, places.for_one() as three:
        for place in (one, two, three):
            await place.take(3, lambda: progress.append("waits"))
        assert not one.is_taken, "the event is not large"
        for place in (one, two):
            await place.take(1, lambda: None)
        waiting = asyncio.create_task(three.take(1, lambda: progress.append("waits")))
        await until(lambda: len(progress) > 1)  # waiting counts as progress
        assert not waiting.done()
        async with asyncio.timeout(WITHIN):
            places.places.release()
            one.is_taken = False
            await waiting
    assert places.places._value == 2  # all were returned
