"""A check holds its mapping, gives way to a run, and becomes one as soon as there is something to do (rules 23, 24)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from core.domain.ids import RunId, SourceEventId, SourceId
from core.domain.records.kinds import SPEAKER
from core.domain.records.source_records import Exhibitor, Session, SourceEvent, Unreadable
from core.domain.records.synced_records import CreateIntent
from core.domain.runs.run import RunState, SyncRun, Trigger
from core.domain.runs.stop_reasons import INTERRUPTED, LEASE_EXPIRED, NO_PROGRESS
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import Token
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.sync import large_places
from core.usecases.sync.run_sync import RunSync
from ports.source import Source, SourceUnavailable
from tests.limits import WITHIN, happens, until
from tests.present import present
from tests.unit.domain.builders import on, person, session
from tests.unit.usecases.stage import LEASE, Stage

HALF_AN_HOUR = timedelta(minutes=34)


@dataclass(slots=True)
class HeldSource:
    """Sessionboard, which holds back its sessions until it may give them."""

    source: Source
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    may_go_on: asyncio.Event = field(default_factory=asyncio.Event)
    pause: float = 0.0
    """Seconds between two rows, once it goes on."""

    async def events(self) -> Sequence[SourceEvent]:
        return await self.source.events()

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        return await self.source.event(event_id)

    async def sessions(self, event_id: SourceEventId) -> AsyncIterator[Sequence[Session | Unreadable]]:
        self.asked.set()
        await self.may_go_on.wait()
        async for page in self.source.sessions(event_id):
            for row in page:
                await asyncio.sleep(self.pause)
                yield [row]

    def exhibitors(self, event_id: SourceEventId) -> AsyncIterator[Sequence[Exhibitor | Unreadable]]:
        return self.source.exhibitors(event_id)

    async def has_changed(self, *_: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class HeldSources:
    source: HeldSource

    def open(self, _url: str, _token: Token) -> AbstractAsyncContextManager[Source]:
        return nullcontext(self.source)


async def proved(stage: Stage) -> EventMapping:
    """Come to the point where nothing is to be done, and the mapping is due."""
    mapping = await stage.mapping()
    await stage.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    stage.offer(session("s1", on(person("ada"))))
    await stage.sync(mapping)
    await stage.sync(mapping)
    stage.clock.advance(HALF_AN_HOUR)
    return mapping


def held(stage: Stage) -> HeldSource:
    source = HeldSource(stage.source)
    stage.sources = HeldSources(source)  # type: ignore[assignment] # whatever opens a source will do
    return source


async def being_checked(
    stage: Stage, mapping: EventMapping
) -> tuple[HeldSource, "asyncio.Task[SyncRun | None]"]:
    """Begin a check, which waits for the sessions of Sessionboard."""
    source = held(stage)
    check = asyncio.create_task(stage.check(mapping))
    await happens(source.asked)
    return source, check


async def last_checked(stage: Stage, mapping: EventMapping) -> bool:
    async with stage.units.read() as unit:
        schedule = await unit.schedules.get(mapping.id)
    return schedule is not None and schedule.last_checked_at is not None


async def test_rule_23_a_mapping_is_checked_once_at_a_time(stage: Stage) -> None:
    mapping = await proved(stage)
    source = held(stage)
    first = asyncio.create_task(stage.check(mapping))
    await happens(source.asked)
    assert await stage.choose_runs(9) == []
    assert await stage.check(mapping) is None, "somebody else does it"
    assert not await last_checked(stage, mapping)
    source.may_go_on.set()
    assert await first is None
    assert await last_checked(stage, mapping)
    assert len(await stage.list_runs(mapping.id)) == 2


async def test_rule_23_a_run_that_starts_ends_a_check_which_then_changes_nothing(stage: Stage) -> None:
    mapping = await proved(stage)
    stage.offer(session("s1", on(person("ada")), title="Edited"))
    source, check = await being_checked(stage, mapping)
    units = stage.units
    assert isinstance(units, InMemoryUnitOfWorkFactory)
    run = asyncio.create_task(stage.sync(mapping))
    await until(lambda: any(each.state is RunState.RUNNING for each in units.kept.runs.values()))
    source.may_go_on.set()
    assert await check is None
    assert (await run).state is RunState.COMPLETED
    assert [each.trigger for each in await stage.list_runs(mapping.id)] == [Trigger.MANUAL] * 3
    assert not await last_checked(stage, mapping)
    assert stage.gleanin.duplicates == 0


async def test_rule_05_a_mapping_that_is_removed_during_its_check_gets_no_run(stage: Stage) -> None:
    mapping = await proved(stage)
    stage.offer(session("s1", title="Edited"))
    source, check = await being_checked(stage, mapping)
    await stage.remove_mapping(mapping.id)
    source.may_go_on.set()
    assert await check is None
    assert len(await stage.list_runs(mapping.id)) == 2


async def test_a_check_that_cannot_read_becomes_a_run_that_tells_why(stage: Stage) -> None:
    mapping = await proved(stage)
    stage.source.trouble = SourceUnavailable("No answer.")
    run = present(await stage.check(mapping))
    assert (present(run.stop).code, run.trigger) == ("unreachable", Trigger.CONTINUOUS)
    assert (await stage.list_runs(mapping.id))[0] == run


async def test_a_check_that_is_interrupted_leaves_the_mapping_due(stage: Stage) -> None:
    mapping = await proved(stage)
    _, check = await being_checked(stage, mapping)
    check.cancel()
    with pytest.raises(asyncio.CancelledError):
        await check
    assert len(await stage.list_runs(mapping.id)) == 2
    assert [each.mapping_id for each in await stage.choose_runs(9)] == [mapping.id]


async def test_what_an_interrupted_check_has_come_to_is_named(stage: Stage) -> None:
    mapping = await proved(stage)
    stage.offer(session("s1", on(person("ada")), title="Edited"))
    begun, writing = list[RunId](), asyncio.Event()

    async def asleep() -> None:
        writing.set()
        await asyncio.sleep(3600)

    stage.gate.pass_by = asleep
    check = asyncio.create_task(stage.run_sync.check(mapping.id, begun.append))
    await happens(writing)
    check.cancel()
    with pytest.raises(asyncio.CancelledError):
        await check
    run, *_ = await stage.list_runs(mapping.id)
    assert ([run.id], run.stop) == (begun, INTERRUPTED)


async def test_after_a_lost_create_a_mapping_is_not_only_checked(stage: Stage) -> None:
    """Whoever looks a create up has to be a run (rule 32)."""
    mapping = await proved(stage)
    lost = CreateIntent(SPEAKER, SourceId("zoe"), mapping.connection_id, ("email",))
    async with stage.committing() as unit:
        await unit.intents.add(mapping.organization_id, mapping.events.gleanin_id, [lost])
    assert await stage.check(mapping) is not None


def stalling(stage: Stage, after: timedelta) -> RunSync:
    lease = timedelta(seconds=0.04)  # looked after four times as often
    return RunSync(
        stage.access, stage.names, stage.clock, stage.log, lease, stage.run_ends, stalled_after=after
    )


async def test_a_run_in_which_nothing_happens_stops_and_counts_as_a_failure(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("s1"))
    held(stage)
    run_id = (await stage.request_sync(mapping.id)).id
    async with asyncio.timeout(WITHIN):
        run = await stalling(stage, timedelta(seconds=0.1))(run_id)
    assert run.stop == NO_PROGRESS
    async with stage.units.read() as unit:
        schedule, known = await unit.schedules.get(mapping.id), await unit.mappings.get(mapping.id)
    assert present(schedule).failures == 1
    assert not present(known).written, "its events are free, for nothing was written (rule 5)"


async def test_a_check_in_which_nothing_happens_becomes_a_run_that_says_so(stage: Stage) -> None:
    mapping = await proved(stage)
    held(stage)
    async with asyncio.timeout(WITHIN):
        run = present(await stalling(stage, timedelta(seconds=0.1)).check(mapping.id))
    assert run.stop == NO_PROGRESS


async def test_a_run_whose_pages_come_slowly_goes_on(stage: Stage, mapping: EventMapping) -> None:
    stage.offer(*(session(f"s{number}") for number in range(10)))
    source = held(stage)
    source.pause = 0.4
    source.may_go_on.set()
    run_id = (await stage.request_sync(mapping.id)).id
    run = await stalling(stage, timedelta(seconds=3))(run_id)
    assert run.state is RunState.COMPLETED


async def test_rule_23_a_run_that_was_taken_over_does_not_even_read_on(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("s1"))
    source = held(stage)
    run = await stage.request_sync(mapping.id)
    task = asyncio.create_task(stalling(stage, timedelta(minutes=15))(run.id, waits=False))
    await happens(source.asked)
    async with stage.committing() as unit:
        running = present(await unit.runs.get(run.id))
        await stage.run_ends.store(unit, running, LEASE_EXPIRED)
    async with asyncio.timeout(WITHIN):
        assert (await task).stop == LEASE_EXPIRED


async def test_a_check_whose_lease_ran_out_is_begun_again(stage: Stage) -> None:
    mapping = await proved(stage)
    source, check = await being_checked(stage, mapping)
    stage.clock.advance(LEASE)
    assert [each.mapping_id for each in await stage.choose_runs(9)] == [mapping.id]
    again = asyncio.create_task(stage.check(mapping))
    source.may_go_on.set()
    assert await check is None
    assert await again is None
    assert len(await stage.list_runs(mapping.id)) == 2


async def test_large_readings_wait_for_one_of_two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_places, "LARGE", 3)
    monkeypatch.setattr(large_places, "POLL_INTERVAL", 0.01)
    places = large_places.LargePlaces()
    told = list[str]()
    async with places.for_one() as one, places.for_one() as two, places.for_one() as three:
        for place in (one, two, three):
            await place.take(3, lambda: told.append("waits"))
        assert not one.is_taken, "it is not large"
        for place in (one, two):
            await place.take(1, lambda: None)
        waiting = asyncio.create_task(three.take(1, lambda: told.append("waits")))
        await until(lambda: len(told) > 1)  # so that waiting is no standstill
        assert not waiting.done()
        async with asyncio.timeout(WITHIN):
            places.places.release()
            one.is_taken = False
            await waiting
    assert places.places._value == 2  # all are given back
