"""Rule 23: a run works in slices, and between two of them others have their turn."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta

from core.domain.identifiers import MappingId, RunId, SessionboardEventId
from core.domain.kinds import KINDS, SESSION, SPEAKER
from core.domain.mappings import EventMapping
from core.domain.outcomes import Counts
from core.domain.runs import RunState, SyncRun, Trigger
from core.domain.secrets import Token
from core.domain.source import Exhibitor, Session, SourceEvent, Unreadable
from core.domain.stops import DISCONNECTED, MAPPING_REMOVED, NO_PROGRESS, TAKEN_OVER
from core.usecases.look_up_records import ListOutcomes
from core.usecases.sync.run import RunSync
from core.usecases.sync.slices import MOST_IN_VAIN
from ports.session_source import SessionSource
from tests.limits import WITHIN, happens
from tests.unit.domain.builders import on, person, session
from tests.unit.usecases.stage import ELSEWHERE, THERE, Stage, nothing

SLICE = timedelta(seconds=0.05)
NUMBER = 40


def big(stage: Stage, number: int = NUMBER) -> None:
    """Offer so many sessions with a speaker each, of which a slice does a part."""
    stage.offer(*(session(f"s{each}", on(person(f"p{each}"))) for each in range(number)))

    async def take_time() -> None:
        await asyncio.sleep(0.005)

    stage.gate.pass_by = take_time


async def do_slice(stage: Stage, run_id: RunId, longest: timedelta = SLICE) -> SyncRun:
    return await stage.run_sync(run_id, waits=False, longest=longest)


async def paused(stage: Stage, number: int = NUMBER) -> tuple[EventMapping, SyncRun]:
    """Come to the point where a run is between two slices."""
    mapping = await stage.mapping()
    big(stage, number)
    run = await do_slice(stage, (await stage.request_sync(mapping.id)).id)
    while run.is_open and not await told(stage, run.id):  # a machine that is busy
        run = await do_slice(stage, run.id)
    assert run.is_open
    assert run.paused_until == stage.clock.now()
    return mapping, run


async def told(stage: Stage, run_id: RunId) -> list[tuple[str, str]]:
    _, outcomes = await ListOutcomes(stage.units)(run_id)
    return [(each.record.kind.name, each.record.source_id) for each in outcomes]


async def test_rule_26_a_run_of_many_slices_has_one_outcome_for_each_record(stage: Stage) -> None:
    mapping, run = await paused(stage)
    times = 1
    while run.is_open:
        run, times = await do_slice(stage, run.id), times + 1
    assert times > 2
    assert run.state is RunState.COMPLETED
    outcomes = await told(stage, run.id)
    assert len(outcomes) == len({*outcomes}) == 2 * NUMBER
    assert {kind.name: run.counts.of(kind).succeeded for kind in KINDS} == {
        "session": NUMBER,
        "speaker": NUMBER,
        "exhibitor_contact": 0,
    }
    assert run.progress[SPEAKER.plural].done == run.progress[SPEAKER.plural].total == NUMBER
    for kind, letter in ((SESSION, "s"), (SPEAKER, "p")):
        for each in range(NUMBER):
            assert len(stage.in_gleanin(mapping, kind, f"{letter}{each}")) == 1, "once (rule 32)"
    ties = stage.the(mapping, SPEAKER, "p7").fields["sessions"]
    assert ties == (stage.the(mapping, SESSION, "s7").id,), "whichever slice wrote the session (rule 25)"


async def test_rule_26_what_an_earlier_slice_saw_to_is_left_to_the_next_run(stage: Stage) -> None:
    mapping, run = await paused(stage)
    stage.offer(*(session(f"s{each}", on(person(f"p{each}")), title="Edited") for each in range(NUMBER)))
    (_, first), *_ = await told(stage, run.id)
    run = await stage.run_sync(run.id)
    assert stage.the(mapping, SESSION, first).fields["title"] == f"Talk {first}"
    run = await stage.sync(mapping)
    assert stage.the(mapping, SESSION, first).fields["title"] == "Edited"


async def test_rule_23_a_run_between_two_slices_is_still_the_one_that_runs(stage: Stage) -> None:
    mapping, run = await paused(stage)
    one, two = await stage.request_sync(mapping.id), await stage.request_sync(mapping.id)
    assert one.id == two.id != run.id, "exactly one more, after it"
    assert (await do_slice(stage, one.id)).state is RunState.QUEUED, "not before the other has ended"
    assert [each.run_id for each in await stage.choose_runs(10)] == [run.id]


async def test_rule_23_who_waits_for_the_next_run_sees_the_paused_one_through(stage: Stage) -> None:
    mapping, run = await paused(stage)
    after = await stage.run_sync((await stage.request_sync(mapping.id)).id)
    assert after.state is RunState.COMPLETED
    async with stage.units.reading() as unit:
        former = await unit.runs.get(run.id)
    assert former is not None
    assert former.state is RunState.COMPLETED
    assert former.finished_at is not None
    assert after.started_at is not None
    assert former.finished_at <= after.started_at


async def test_rule_23_two_processes_that_go_on_with_a_run_are_one_too_many(stage: Stage) -> None:
    _, run = await paused(stage)
    most = under_way = 0

    async def watched() -> None:
        nonlocal most, under_way
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.005)
        under_way -= 1

    stage.gate.pass_by = watched
    await asyncio.gather(*(stage.run_sync(run.id) for _ in range(3)))
    assert most <= stage.gleanin.most_in_flight
    assert stage.gleanin.duplicates == 0


async def test_a_paused_run_queues_anew_as_if_nobody_had_asked_for_it(stage: Stage) -> None:
    _, run = await paused(stage)
    (waiting,) = await stage.choose_runs(10)
    assert (waiting.run_id, waiting.trigger, waiting.is_abandoned) == (run.id, Trigger.CONTINUOUS, False)
    assert waiting.requested_at == run.paused_until
    assert await stage.take_over(run.id) is None


async def test_rule_32_after_a_lost_answer_the_next_slice_looks_it_up_before_it_is_sent_again(
    stage: Stage,
) -> None:
    mapping = await stage.mapping()
    big(stage)
    stage.gleanin.trouble.lost_answers = 1
    run = await do_slice(stage, (await stage.request_sync(mapping.id)).id)
    assert run.paused_until == stage.clock.now()
    stage.gleanin.trouble.late_reads = 2
    await stage.run_sync(run.id)
    assert stage.gleanin.duplicates == 0
    assert len(stage.gleanin.of_event(mapping.events.gleanin_id)) == 2 * NUMBER


async def test_rule_08_a_disconnect_between_two_slices_ends_the_run(stage: Stage) -> None:
    mapping, run = await paused(stage)
    written = len(stage.gleanin.writes)
    await stage.disconnect(mapping.organization_id, "Acme")
    ended = await do_slice(stage, run.id)
    assert ended.stop == DISCONNECTED
    assert len(stage.gleanin.writes) == written
    assert ended.counts.read == len(await told(stage, run.id)) > 0, (
        "what it did is told all the same (rule 26)"
    )


async def test_a_mapping_that_is_removed_between_two_slices_ends_the_run(stage: Stage) -> None:
    mapping, run = await paused(stage)
    await stage.remove_mapping(mapping.id)
    assert (await do_slice(stage, run.id)).stop == MAPPING_REMOVED


async def test_a_stop_that_is_asked_for_at_the_end_of_a_slice_is_heard(stage: Stage) -> None:
    mapping = await stage.mapping()
    big(stage)
    run = await stage.request_sync(mapping.id)
    writing = asyncio.Event()

    async def asleep() -> None:  # so that nothing comes to the fence again before the slice is over
        writing.set()
        await asyncio.sleep(3600)

    stage.gate.pass_by = asleep
    working = asyncio.create_task(do_slice(stage, run.id, timedelta(seconds=0.5)))
    await happens(writing)
    await stage.remove_mapping(mapping.id)
    ended = await working
    assert ended.stop == MAPPING_REMOVED


async def test_a_run_that_gets_nowhere_ends_and_counts_as_a_failure(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("s1"))

    async def asleep() -> None:
        await asyncio.sleep(30)

    stage.gate.pass_by = asleep
    run = await stage.request_sync(mapping.id)
    slices_done = 0
    while run.is_open:
        run = await do_slice(stage, run.id, timedelta(seconds=0.01))
        slices_done += 1
    assert slices_done == MOST_IN_VAIN
    assert run.stop == NO_PROGRESS
    async with stage.units.reading() as unit:
        schedule, known = await unit.schedules.get(mapping.id), await unit.mappings.get(mapping.id)
    assert schedule is not None
    assert schedule.failures == 1
    assert known is not None
    assert not known.written, "its events are free, for nothing was written (rule 5)"


async def test_rule_05_a_slice_that_wrote_nothing_leaves_no_mark(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("s1"))

    async def asleep() -> None:
        await asyncio.sleep(30)

    stage.gate.pass_by = asleep
    run = await do_slice(stage, (await stage.request_sync(mapping.id)).id)
    assert run.is_open
    stage.offer()
    stage.gate.pass_by = nothing
    await stage.run_sync(run.id)
    await stage.remove_mapping(mapping.id)
    again = await stage.map(mapping.organization_id, ELSEWHERE, THERE)
    assert again.is_active, "neither event was bound"


async def test_each_slice_in_vain_makes_the_next_one_twice_as_long(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(*(session(f"s{each}") for each in range(20)))
    run = await slice_with(stage, mapping.id, 0.02, timedelta(seconds=0.1))  # four times as long in all
    assert (run.is_open, run.slices_in_vain) == (True, 1)
    while run.is_open:  # five in vain would end it
        run = await do_slice(stage, run.id, timedelta(seconds=0.1))
    assert run.state is RunState.COMPLETED


@dataclass(frozen=True, slots=True)
class SlowSource:
    """Sessionboard, but each page takes its time."""

    source: SessionSource
    seconds: float

    async def events(self) -> Sequence[SourceEvent]:
        return await self.source.events()

    async def event(self, event_id: SessionboardEventId) -> SourceEvent:
        return await self.source.event(event_id)

    async def sessions(self, event_id: SessionboardEventId) -> AsyncIterator[Sequence[Session | Unreadable]]:
        async for page in self.source.sessions(event_id):
            for row in page:
                await asyncio.sleep(self.seconds)
                yield [row]

    def exhibitors(self, event_id: SessionboardEventId) -> AsyncIterator[Sequence[Exhibitor | Unreadable]]:
        return self.source.exhibitors(event_id)

    async def has_changed(self, *_: object) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class SlowSources:
    source: SlowSource

    def open(self, _url: str, _token: Token) -> AbstractAsyncContextManager[SessionSource]:
        return nullcontext(self.source)


async def slice_with(
    stage: Stage, mapping_id: MappingId, seconds: float, longest: timedelta = SLICE
) -> SyncRun:
    sources = SlowSources(SlowSource(stage.source, seconds))
    stage.sources = sources  # type: ignore[assignment]  # whatever opens a source will do
    return await do_slice(stage, (await stage.request_sync(mapping_id)).id, longest)


async def test_without_others_a_run_takes_as_long_as_it_takes(stage: Stage) -> None:
    mapping = await stage.mapping()
    big(stage)
    run = await stage.run_sync((await stage.request_sync(mapping.id)).id)
    assert run.state is RunState.COMPLETED
    assert [name for name, _ in stage.log.kept].count("sync.run_resumed") == 0


async def test_rule_23_a_run_that_was_taken_over_does_not_even_read_on(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("s1"))
    sources = SlowSources(SlowSource(stage.source, 30))
    stage.sources = sources  # type: ignore[assignment]  # whatever opens a source will do
    run = await stage.request_sync(mapping.id)
    lease = timedelta(seconds=0.04)  # looked after four times as often
    reading = RunSync(stage.access, stage.names, stage.clock, stage.log, lease, stage.run_ends)(
        run.id, waits=False
    )
    task = asyncio.create_task(reading)
    await asyncio.sleep(0.02)
    async with stage.units.writing() as unit:
        running = await unit.runs.get(run.id)
        assert running is not None
        await unit.runs.update(running.stopped(TAKEN_OVER, stage.clock.now(), Counts()))
        await unit.commit()
    async with asyncio.timeout(WITHIN):
        assert (await task).stop == TAKEN_OVER
