"""A harness for the jobs port: real use cases over a store, with runs and checks that wait until the test resumes them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

from adapters.memory.event_log import RecordedEvents
from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from adapters.system.clock import SystemClock
from adapters.system.id_generator import RandomIds
from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import ConnectionId, MappingId, OrganizationId, RunId
from core.domain.runs import stop_reasons
from core.domain.runs.fair_queue import QueuedWork
from core.domain.runs.run import SyncRun, Trigger
from core.domain.runs.schedule import Schedule
from core.domain.runs.stop_reasons import StopReason
from core.usecases.runs.recover_abandoned_run import RecoverAbandonedRun
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.runs.requeue_interrupted_run import RequeueInterruptedRun
from core.usecases.runs.select_next_runs import SelectNextRuns
from core.usecases.shared.run_ends import RunEnds
from ports.jobs import JobHandlers
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.assertions import present
from tests.support.jobs_ledger import Ledger
from tests.support.store_samples import a_connection, a_mapping, an_organization, committing, store

RARELY = 59
"""Seconds between two polls: what happens sooner did not wait for one."""


async def nothing() -> None:
    pass


def ignore(_: str, __: str) -> None:
    pass


@dataclass(slots=True)
class JobsHarness:
    units: UnitOfWorkFactory = field(default_factory=InMemoryUnitOfWorkFactory)
    lease: timedelta = timedelta(seconds=30)
    report: Callable[[str, str], None] = ignore
    ids: RandomIds = field(default_factory=RandomIds)
    clock: SystemClock = field(default_factory=SystemClock)
    log: RecordedEvents = field(default_factory=RecordedEvents)
    begun: list[MappingId] = field(default_factory=list)
    ended: list[MappingId] = field(default_factory=list)
    under_way: list[MappingId] = field(default_factory=list)
    fails: set[MappingId] = field(default_factory=set)
    checked: list[MappingId] = field(default_factory=list)
    """Mappings of which a check has begun, however it ended."""
    differs: set[MappingId] = field(default_factory=set)
    """Mappings whose check becomes a run."""
    deliver_notifications: Callable[[], Awaitable[object]] = nothing
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    polls: int = 0
    max_concurrent: int = 0

    async def mapped(self, number: int, organization: int | None = None) -> MappingId:
        """Store a mapping of a new organization, or of the one with the given number."""
        owner = organization or number
        mapping = replace(
            a_mapping(number, f"s{number}", f"g{number}"),
            organization_id=OrganizationId(f"org{owner}"),
            connection_id=ConnectionId(f"con{owner}"),
        )
        if organization is None:
            new = an_organization(f"Organization {owner}", owner)
            await store(self.units, new, a_connection(owner, new.id))
        await store(self.units, mapping)
        return mapping.id

    async def book(self, mapping_id: MappingId, trigger: Trigger = Trigger.MANUAL) -> SyncRun:
        request = SyncRequest(mapping_id, trigger=trigger, actor=COMMAND_LINE)
        return await RequestSync(self.units, self.ids, self.clock)(request)

    async def due(self, number: int, organization: int | None = None) -> MappingId:
        """Store a mapping that is due for continuous sync."""
        mapping_id = await self.mapped(number, organization)
        async with committing(self.units) as unit:
            mapping = present(await unit.mappings.get(mapping_id))
            await unit.mappings.update(replace(mapping, continuous_sync=True))
            await unit.schedules.save(Schedule(mapping_id, self.clock.now()))
        return mapping_id

    async def schedule_of(self, mapping_id: MappingId) -> Schedule:
        async with self.units.read() as unit:
            return present(await unit.schedules.get(mapping_id))

    async def runs_of(self, mapping_id: MappingId) -> list[SyncRun]:
        async with self.units.read() as unit:
            return [*await unit.runs.list_by_mapping(mapping_id)]

    @property
    def _ledger(self) -> Ledger:
        return Ledger(self.units, self.ids, self.clock, self.lease)

    def handlers(self) -> JobHandlers:
        return JobHandlers(
            select=self._select,
            recover=RecoverAbandonedRun(
                self.units, self.ids, self.clock, self.log, RunEnds(self.ids, self.clock, self.log)
            ),
            run=self._run,
            check=self._check,
            requeue=RequeueInterruptedRun(self.units, self.ids, self.clock),
            purge=nothing,
            notify=self.deliver_notifications,
        )

    async def _select(self, slots: int, reserved: int) -> Sequence[QueuedWork]:
        self.polls += 1
        return await SelectNextRuns(self.units, self.clock)(slots, reserved)

    async def _run(self, run_id: RunId) -> None:
        run = await self._ledger.claim(run_id)
        if run is not None:
            await self._complete(run)

    async def _complete(self, run: SyncRun) -> None:
        self.report("begun", run.id)
        self.begun.append(run.mapping_id)
        stop: StopReason | None = None
        try:
            async with (
                self._under_way(run.mapping_id),
                self._ledger.holding(partial(self._ledger.renew_run, run)),
            ):
                await self.go_on.wait()
                if run.mapping_id in self.fails:
                    raise RuntimeError("a row with grace@example.org")  # noqa: TRY301 - stands for a bug
        except asyncio.CancelledError:
            stop = stop_reasons.INTERRUPTED
            raise
        except RuntimeError:
            stop = stop_reasons.INTERNAL_ERROR
            raise
        finally:
            await self._ledger.close(run, stop)
            self.ended.append(run.mapping_id)
            self.report("ended", run.id)

    async def _check(self, mapping_id: MappingId, on_run: Callable[[RunId], None]) -> None:
        """Check a mapping as a sync does: where nothing has changed, only its schedule moves."""
        owner = self.ids.owner()
        if not await self._ledger.begin_check(mapping_id, owner):
            return
        self.report("checks", mapping_id)
        self.checked.append(mapping_id)
        if mapping_id in self.differs:
            run = await self._ledger.become_run(mapping_id, owner)
            on_run(run.id)
            await self._complete(run)
            return
        is_over = False
        try:
            async with (
                self._under_way(mapping_id),
                self._ledger.holding(partial(self._ledger.renew_check, mapping_id, owner)),
            ):
                await self.go_on.wait()
                if mapping_id in self.fails:
                    raise RuntimeError("a row with grace@example.org")
            is_over = True
        finally:
            await self._ledger.end_check(mapping_id, owner, is_over=is_over)
            self.report("checked", mapping_id)

    @asynccontextmanager
    async def _under_way(self, mapping_id: MappingId) -> AsyncIterator[None]:
        assert mapping_id not in self.under_way, "rule 23: one at a time"
        self.under_way.append(mapping_id)
        self.max_concurrent = max(self.max_concurrent, len(self.under_way))
        try:
            yield
        finally:
            await asyncio.sleep(0.01)  # requests already sent are completed
            self.under_way.remove(mapping_id)
