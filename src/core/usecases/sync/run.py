"""Carry out a booked sync run, or wait for whoever does."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from core.domain import stops
from core.domain.identifiers import RunId
from core.domain.mappings import EventMapping
from core.domain.messages import links_unread, records_doubled
from core.domain.outcomes import Counts, Outcome, counted
from core.domain.refusals import Refusal, found
from core.domain.runs import RunState, SyncRun
from core.domain.schedule import INTERVAL, Schedule
from core.domain.stops import Stop
from core.usecases.sync.access import Access, Tokens, open_sides
from core.usecases.sync.failures import SyncStopped, stopping
from core.usecases.sync.fence import Fence
from core.usecases.sync.journal import Journal
from core.usecases.sync.memory import recall
from core.usecases.sync.notices import note_change
from core.usecases.sync.plans import Plans
from core.usecases.sync.reading import Reader
from core.usecases.sync.share_links import ShareLinks
from core.usecases.sync.writing import Writer
from ports.cipher import CannotUnseal
from ports.clock import Clock
from ports.destination import DestinationError
from ports.log import EventLog
from ports.names import Names
from ports.persistence import PersistenceError, Taken, Unit

POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class RunSync:
    access: Access
    names: Names
    clock: Clock
    log: EventLog
    lease: timedelta
    interval: timedelta = INTERVAL
    support_contact: str | None = None
    """Whom the closing message names if problems persist (rule 28)."""

    async def __call__(self, run_id: RunId, *, waits: bool = True) -> SyncRun:
        """See a booked run through to its end, and return it.

        While another process syncs the mapping, this waits for its turn, and for a run that another process has
        taken up; if it is not to wait, it returns the run as it is.

        Raises:
            NotFound
        """
        owner = self.names.owner()
        while True:
            run = await self._claim(run_id, owner)
            if not run.is_open:
                return run
            if run.owner == owner:
                return await self._carry_out(run, owner)
            if not waits:
                return run
            await self.clock.sleep(POLL_SECONDS)

    async def _claim(self, run_id: RunId, owner: str) -> SyncRun:
        """Start the run if it waits and nothing else syncs its mapping (rule 23)."""
        now = self.clock.now()
        async with self.access.units.reading() as unit:
            run = found(await unit.runs.get(run_id), "run", run_id)
            running = [
                each for each in await unit.runs.open_ones(run.mapping_id) if each.state is RunState.RUNNING
            ]
        if not run.is_open or any(not each.lease_has_run_out(now) for each in running):
            return run
        async with self.access.units.writing() as unit:
            for each in await unit.runs.open_ones(run.mapping_id):
                if each.lease_has_run_out(now):
                    counts = counted(await unit.outcomes.of_run(each.id))
                    await unit.runs.update(each.stopped(stops.TAKEN_OVER, now, counts))
                    self.log.warning("sync.run_taken_over", run=each.id, by=run_id, mapping=each.mapping_id)
            run = found(await unit.runs.get(run_id), "run", run_id)
            if run.state is RunState.QUEUED:
                run = run.start(owner, now, self.lease)
                try:
                    await unit.runs.update(run)
                except Taken:  # another process was faster: its run is waited for
                    return replace(run, owner=None)
            await unit.commit()
        return run

    async def _carry_out(self, run: SyncRun, owner: str) -> SyncRun:
        try:
            mapping, tokens = await self.access.of(run.mapping_id)
        except Refusal as refusal:  # it was removed in the moment between booking and start
            return await self._close(run.id, owner, Counts(), stops.refused(str(refusal)))
        log = self.log.bound(run=run.id, mapping=mapping.id)
        log.event("sync.run_started", scope=run.scope, trigger=run.trigger)
        journal = Journal(self.access.units, self.clock, run.id, mapping, owner, self.lease)
        ended = asyncio.Event()
        keeper = asyncio.create_task(journal.keep_storing(ended))
        stop: Stop | None = stops.FAULT
        try:
            await stopping(self._sync(run, mapping, tokens, journal, log), mapping)
            stop = None
        except SyncStopped as stopped:
            stop = stopped.stop
        except (Refusal, CannotUnseal) as refusal:
            stop = stops.refused(str(refusal))
        except asyncio.CancelledError:
            stop = stops.INTERRUPTED
            raise
        except PersistenceError:
            stop = stops.STORE_UNUSABLE
            raise
        except Exception as error:
            log.fault("sync.run_failed", error)
            raise
        finally:
            ended.set()
            await asyncio.gather(keeper, return_exceptions=True)
            with suppress(SyncStopped):  # another run has taken over: `_close` sees that too
                await journal.store()
            closed = await self._close(run.id, owner, journal.counts, stop, journal.remarks)
            log.event(
                "sync.run_finished",
                state=closed.state,
                stop=stop.code if stop else None,
                **_sums(journal.counts),
            )
        return closed

    async def _sync(
        self, run: SyncRun, mapping: EventMapping, tokens: Tokens, journal: Journal, log: EventLog
    ) -> None:
        units = self.access.units
        remembered = await recall(units, mapping)
        fence = Fence(units, self.clock, run.id, mapping.id, journal.owner, self.lease)
        async with open_sides(self.access, mapping, tokens, before_write=fence) as (source, destination):
            reader = Reader(mapping, remembered, source, destination, self.clock.now())
            sides = await reader.read(run.scope)
            plans = Plans(units, mapping, remembered, sides)
            writer = Writer(mapping, destination, sides.gleanin, journal, self.clock, log)
            stop = sides.stop
            for kind in sides.kinds:
                # Planned only now: people are tied to the sessions that are in Gleanin by now (rule 25).
                steps = plans.steps(kind, plans.ties(), partial(journal.expect, kind))
                stop = await writer.carry_out(kind, steps, stop)
            if not writer.wrote and not writer.unclear:
                await fence.take_mark_back()
            if stop is not None:
                raise SyncStopped(stop)
            if sides.gleanin.doubled:
                log.warning("sync.records_doubled", number=sides.gleanin.doubled)
                journal.remarks.append(records_doubled(sides.gleanin.doubled))
            try:
                await ShareLinks(units, mapping, destination).store(sides, writer.written)
            except DestinationError as error:
                log.warning("sync.links_unread", problem=type(error).__name__)
                journal.remarks.append(links_unread(str(error)))

    async def _close(
        self, run_id: RunId, owner: str, counts: Counts, stop: Stop | None, notes: Sequence[str] = ()
    ) -> SyncRun:
        """End the run, unless another one has taken over and ended it already."""
        async with self.access.units.writing() as unit:
            run = found(await unit.runs.get(run_id), "run", run_id)
            if run.owner != owner:
                return run
            now = self.clock.now()
            run = (
                run.stopped(stop, now, counts)
                if stop
                else run.finished(counts, now, self.support_contact, notes)
            )
            await unit.runs.update(run)
            await self._reschedule(unit, run)
            await unit.commit()
        return run

    async def _reschedule(self, unit: Unit, run: SyncRun) -> None:
        """Say when the mapping is due next (rule 24); a token that was refused concerns its whole connection."""
        assert run.finished_at is not None
        known = await unit.schedules.get(run.mapping_id)
        former = known or Schedule(run.mapping_id, run.requested_at)
        later = former.after(run, self.interval)
        await unit.schedules.save(later)
        mapping = found(await unit.mappings.get(run.mapping_id), "mapping", run.mapping_id)
        await note_change(unit, self.names, mapping, run, before=known, after=later)
        if later.is_halted and not former.is_halted:
            for other in await unit.schedules.of_connection(mapping.connection_id):
                await unit.schedules.save(other.halted())
        if later.is_failing != former.is_failing:
            name = "continuous.failing" if later.is_failing else "continuous.recovered"
            stop = run.stop.code if run.stop else None
            self.log.warning(name, mapping=mapping.id, stop=stop, halted=later.is_halted)


def _sums(counts: Counts) -> dict[str, int]:
    """Give how many records had which outcome, whatever their kind."""
    return {
        outcome.value: number
        for outcome in Outcome
        if (number := sum(tally[outcome] for tally in counts.tallies.values()))
    }
