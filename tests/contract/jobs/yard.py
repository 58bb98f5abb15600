"""What the jobs port works on in these tests: real use cases over some store, and runs that wait to be let go on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from adapters.jobs.in_process import Work
from adapters.memory.log import KeptEvents
from adapters.memory.units import MemoryUnits
from adapters.system.clock import SystemClock
from adapters.system.names import RandomNames
from core.domain import stops
from core.domain.access import COMMAND_LINE
from core.domain.identifiers import ConnectionId, MappingId, OrganizationId, RunId
from core.domain.outcomes import Counts
from core.domain.runs import RunState, SyncRun, Trigger
from core.domain.stops import Stop
from core.usecases.choose_runs import ChooseRuns
from core.usecases.request_sync import RequestAgain, RequestDueSyncs, RequestSync, SyncRequest, TakeOver
from core.usecases.shared.run_ends import RunEnds
from ports.persistence import PersistenceError, Units
from tests.contract.persistence.samples import a_connection, a_mapping, an_organization, store
from tests.unit.usecases.stage import Stage


async def nothing() -> None:
    pass


def ignore(_: str, __: RunId) -> None:
    pass


@dataclass(slots=True)
class Yard:
    units: Units = field(default_factory=MemoryUnits)
    lease: timedelta = timedelta(seconds=30)
    tell: Callable[[str, RunId], None] = ignore
    names: RandomNames = field(default_factory=RandomNames)
    clock: SystemClock = field(default_factory=SystemClock)
    log: KeptEvents = field(default_factory=KeptEvents)
    begun: list[MappingId] = field(default_factory=list)
    ended: list[MappingId] = field(default_factory=list)
    under_way: list[MappingId] = field(default_factory=list)
    fails: set[MappingId] = field(default_factory=set)
    slices: dict[MappingId, int] = field(default_factory=dict)
    """How many more slices a run of the mapping takes after this one."""
    tell_notices: Callable[[], Awaitable[object]] = nothing
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    ticks: int = 0
    most_at_once: int = 0

    async def mapped(self, number: int, organization: int | None = None) -> MappingId:
        """Store a mapping; of an organization of its own, unless it is to be of an earlier mapping's."""
        whose = organization or number
        mapping = replace(
            a_mapping(number, f"s{number}", f"g{number}"),
            organization_id=OrganizationId(f"org{whose}"),
            connection_id=ConnectionId(f"con{whose}"),
        )
        if organization is None:
            whole = an_organization(f"Organization {whose}", whose)
            await store(self.units, whole, a_connection(whose, whole.id))
        await store(self.units, mapping)
        return mapping.id

    async def book(self, mapping_id: MappingId, trigger: Trigger = Trigger.MANUAL) -> SyncRun:
        request = SyncRequest(mapping_id, trigger=trigger, by=COMMAND_LINE)
        return await RequestSync(self.units, self.names, self.clock)(request)

    async def runs_of(self, mapping_id: MappingId) -> list[SyncRun]:
        async with self.units.reading() as unit:
            return [*await unit.runs.of_mapping(mapping_id)]

    def work(self) -> Work:
        return Work(
            tick=self._tick,
            choose=ChooseRuns(self.units, self.clock),
            take_over=TakeOver(
                self.units, self.names, self.clock, self.log, RunEnds(self.names, self.clock, self.log)
            ),
            carry_out=self._carry_out,
            ask_again=RequestAgain(self.units, self.names, self.clock),
            tidy=nothing,
            tell=self.tell_notices,
        )

    async def _tick(self) -> None:
        self.ticks += 1
        await RequestDueSyncs(self.units, self.names, self.clock)()

    async def _carry_out(self, run_id: RunId) -> None:
        run = await self._claim(run_id)
        if run is None:
            return
        assert run.mapping_id not in self.under_way, "rule 23: one at a time"
        self.tell("begun", run_id)
        self.begun.append(run.mapping_id)
        self.under_way.append(run.mapping_id)
        self.most_at_once = max(self.most_at_once, len(self.under_way))
        stop: Stop | None = None
        try:
            async with self._holding(run):
                await self.go_on.wait()
                if run.mapping_id in self.fails:
                    raise RuntimeError("a row with grace@example.org")  # noqa: TRY301 - it stands for a fault
        except asyncio.CancelledError:
            stop = stops.INTERRUPTED
            raise
        except RuntimeError:
            stop = stops.FAULT
            raise
        finally:
            await asyncio.sleep(0.01)  # what has been sent is seen through
            self.under_way.remove(run.mapping_id)
            await self._close(run, stop)
            self.ended.append(run.mapping_id)
            self.tell("ended", run_id)

    @asynccontextmanager
    async def _holding(self, run: SyncRun) -> AsyncIterator[None]:
        """Keep the run's lease until the block ends, as a sync does."""
        keeping = asyncio.create_task(self._keep_lease(run))
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])

    async def _keep_lease(self, run: SyncRun) -> None:
        assert run.owner is not None
        is_held = True
        while is_held:
            await asyncio.sleep(self.lease.total_seconds() / 4)
            with suppress(PersistenceError):
                async with self.units.writing() as unit:
                    is_held = await unit.runs.renew(run.id, run.owner, self.clock.now() + self.lease)
                    await unit.commit()

    async def _claim(self, run_id: RunId) -> SyncRun | None:
        now = self.clock.now()
        async with self.units.writing() as unit:
            run = await unit.runs.get(run_id)
            assert run is not None
            others = [each.state for each in await unit.runs.open_ones(run.mapping_id)]
            if run.can_resume(now):
                run = run.resume(self.names.owner(), now, self.lease)
            elif run.state is not RunState.QUEUED or RunState.RUNNING in others:
                return None
            else:
                run = run.start(self.names.owner(), now, self.lease)
            await unit.runs.update(run)
            await unit.commit()
            return run

    async def _close(self, run: SyncRun, stop: Stop | None) -> None:
        now = self.clock.now()
        async with self.units.writing() as unit:
            stored = await unit.runs.get(run.id)
            if stored is None or stored.owner != run.owner:
                return  # it was taken over
            done = run.stopped(stop, now, Counts()) if stop else run.finished(Counts(), now, None)
            if not stop and self.slices.get(run.mapping_id, 0):
                self.slices[run.mapping_id] -= 1
                done = run.pause(now, in_vain=False)
            await unit.runs.update(done)
            await unit.commit()


def work_on_stage(stage: Stage) -> Work:
    """Let whole syncs be carried out."""
    return Work(
        tick=stage.request_due_syncs,
        choose=stage.choose_runs,
        take_over=stage.take_over,
        carry_out=partial(stage.run_sync, waits=False),
        ask_again=stage.request_again,
        tidy=nothing,
        tell=stage.deliver_notices,
    )
