"""Carry out a booked sync run, or wait for whoever does."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from core.domain import stops
from core.domain.ending import RunEnd
from core.domain.identifiers import RunId
from core.domain.outcomes import Counts, Outcome
from core.domain.refusals import Refusal, found
from core.domain.runs import RunState, SyncRun
from core.domain.stops import Stop
from core.domain.synced import RESEND_AFTER
from core.usecases.shared.run_ends import RunEnds
from core.usecases.sync.access import Access
from core.usecases.sync.ending import Ending
from core.usecases.sync.failures import SyncStopped, stopping
from core.usecases.sync.journal import Journal
from core.usecases.sync.one_slice import OneSlice
from core.usecases.sync.slices import SliceOver, slice_of
from ports.cipher import CannotUnseal
from ports.clock import Clock
from ports.log import EventLog
from ports.names import Names
from ports.persistence import PersistenceError, Taken

POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class RunSync:
    access: Access
    names: Names
    clock: Clock
    log: EventLog
    lease: timedelta
    run_ends: RunEnds
    resend_after: timedelta = RESEND_AFTER
    """From the latest create of a record until it may be sent again, where the answer was lost (rule 32)."""

    async def __call__(
        self, run_id: RunId, *, waits: bool = True, longest: timedelta | None = None
    ) -> SyncRun:
        """See a booked run through to its end, and return it.

        While another process syncs the mapping, this waits for its turn, and for a run that another process has
        taken up; if it is not to wait, it returns the run as it is, after a slice of it if there was one to do.

        Args:
            run_id: which run.
            waits: whether to wait for others, and for the run's next slice.
            longest: how long a slice takes; None where nobody else needs the place.

        Raises:
            NotFound
        """
        owner = self.names.owner()
        while True:
            run = await self._claim(run_id, owner, waits=waits)
            if run.owner == owner:
                run = await self._carry_out(run, owner, longest)
                if run.id != run_id:
                    continue
            if not run.is_open or not waits:
                return run
            await self.clock.sleep(POLL_SECONDS)

    async def _claim(self, run_id: RunId, owner: str, *, waits: bool) -> SyncRun:
        """Start the run, or go on with it, if nothing else syncs its mapping (rule 23).

        Whoever waits for the run goes on with the one before it, if that one is between two slices.
        """
        now = self.clock.now()
        async with self.access.units.reading() as unit:
            run = found(await unit.runs.get(run_id), "run", run_id)
            running = [
                each for each in await unit.runs.open_ones(run.mapping_id) if each.state is RunState.RUNNING
            ]
        if not run.is_open or any(
            not (each.lease_has_run_out(now) or each.can_resume(now)) for each in running
        ):
            return run
        taken_over: list[RunEnd] = []
        async with self.access.units.writing() as unit:
            for each in await unit.runs.open_ones(run.mapping_id):
                if each.lease_has_run_out(now):
                    taken_over.append(await self.run_ends.store(unit, each, stops.TAKEN_OVER))
                elif each.can_resume(now) and (waits or each.id == run_id):
                    resumed = each.resume(owner, now, self.lease)
                    await unit.runs.update(resumed)
                    await unit.commit()
                    self._log_taken_over(taken_over, run)
                    self.log.event("sync.run_resumed", run=each.id, mapping=each.mapping_id)
                    return resumed
            run = found(await unit.runs.get(run_id), "run", run_id)
            if run.state is RunState.QUEUED:
                started = run.start(owner, now, self.lease)
                try:
                    await unit.runs.update(started)
                except Taken:  # another process was faster, or one is between two slices: it is waited for
                    return run
                run = started
            await unit.commit()
        self._log_taken_over(taken_over, run)
        if run.owner == owner:
            waited = round((now - run.requested_at).total_seconds(), 3)
            ids = {"run": run.id, "mapping": run.mapping_id}
            self.log.event("sync.run_started", **ids, scope=run.scope, trigger=run.trigger, waited=waited)
        return run

    def _log_taken_over(self, ends: Sequence[RunEnd], by: SyncRun) -> None:
        self.run_ends.log_stored(*ends)
        for end in ends:
            self.log.warning("sync.run_taken_over", run=end.run.id, by=by.id, mapping=by.mapping_id)

    async def _carry_out(self, run: SyncRun, owner: str, longest: timedelta | None) -> SyncRun:
        ending = Ending(self.access.units, self.clock, self.run_ends)
        try:
            mapping, tokens = await self.access.of(run.mapping_id)
        except Refusal as refusal:  # it was removed in the moment between booking and start
            return await ending.refuse(run.id, owner, str(refusal))
        ending, log = replace(ending, tokens=tokens), self.log.bound(run=run.id, mapping=mapping.id)
        journal = Journal(self.access.units, self.clock, run.id, mapping, owner, self.lease, run.counts)
        work = OneSlice(
            self.access,
            self.clock,
            self.lease,
            self.run_ends.interval,
            log,
            run,
            mapping,
            tokens,
            journal,
            self.resend_after,
        )
        stop: Stop | None = stops.FAULT
        slice_over = False
        try:
            stop = await _stopped_by(work, longest and longest * 2**run.slices_in_vain)
        except SliceOver:
            slice_over = True
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
            journal.release_unsent()
            if not slice_over and stop is not None:
                journal.give_up_unconfirmed(stop.sentence)
            with suppress(SyncStopped):  # another run has taken over: `close` sees that too
                await journal.store()
            if slice_over:
                closed = await ending.pause(run.id, owner, journal)
            else:
                closed = await ending.close(run.id, owner, stop, journal)
            if closed.is_open:
                log.event("sync.run_paused", noted=journal.told_now)
            else:
                log.event(
                    "sync.run_finished",
                    state=closed.state,
                    stop=closed.stop.code if closed.stop else None,
                    confirms=closed.confirms,
                    **_sums(closed.counts),
                )
        return closed


async def _stopped_by(work: OneSlice, longest: timedelta | None) -> Stop | None:
    """Do the work, keeping its lease meanwhile, and give what stopped the run as a whole, if something did.

    Raises:
        SliceOver: also when another run has taken over.
        PersistenceError
    """
    ended, journal = asyncio.Event(), work.journal
    async with slice_of(longest) as its_slice:
        keeper = asyncio.create_task(journal.keep_storing(ended, its_slice.end))
        try:
            await stopping(work(its_slice), work.mapping)
        except SyncStopped as stopped:
            return stopped.stop
        except (Refusal, CannotUnseal) as refusal:
            return stops.refused(str(refusal))
        finally:
            ended.set()
            await asyncio.gather(keeper, return_exceptions=True)
    return None


def _sums(counts: Counts) -> dict[str, int]:
    """Give how many records had which outcome, whatever their kind."""
    return {
        outcome.value: number
        for outcome in Outcome
        if (number := sum(tally[outcome] for tally in counts.tallies.values()))
    }
