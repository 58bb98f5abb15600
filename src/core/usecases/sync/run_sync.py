"""Run a booked sync, or wait for the process that runs it; and check mappings that are due."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.domain.access.authorization import CONTINUOUS_SYNC
from core.domain.errors import DomainError, require
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import ALL
from core.domain.records.outcomes import Counts, Outcome
from core.domain.records.synced_records import RESEND_AFTER
from core.domain.runs import stop_reasons
from core.domain.runs.ending import RunEnd
from core.domain.runs.run import RunState, SyncRun, Trigger
from core.domain.runs.stop_reasons import StopReason
from core.usecases.shared.link_access import LinkAccess
from core.usecases.shared.run_ends import RunEnds
from core.usecases.sync.error_mapping import SyncStopped, stop_on_error
from core.usecases.sync.findings import NOTHING_FOUND, SyncFindings
from core.usecases.sync.large_places import LargePlaces
from core.usecases.sync.outcome_recorder import OutcomeRecorder
from core.usecases.sync.run_lifecycle import RunLifecycle
from core.usecases.sync.sync_mapping import SyncMapping
from core.usecases.sync.systems import SystemAccess
from core.usecases.sync.turn import Turn
from ports.cipher import DecryptionFailed
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.log import EventLog
from ports.spools import Spools, memory_spool
from ports.store.errors import DatabaseUnavailable, PersistenceError, UniqueViolation

POLL_SECONDS = 0.2
END_AGAIN_AFTER = 0.5
"""Seconds."""
STALLED_AFTER = timedelta(minutes=15)
"""Longest time without a page that was read or a record that got an outcome."""


@dataclass(frozen=True, slots=True)
class RunSync:
    patient_access: SystemAccess
    """Access to both systems, with long retries: no person waits for them."""
    ids: IdGenerator
    clock: Clock
    log: EventLog
    lease: timedelta
    run_ends: RunEnds
    patient_links: LinkAccess
    """Likewise, for writing share links into the source."""
    resend_after: timedelta = RESEND_AFTER
    """Time from the latest create of a record until it may be sent again after a lost answer (rule 32)."""
    stalled_after: timedelta = STALLED_AFTER
    large_places: LargePlaces = field(default_factory=LargePlaces)
    spools: Spools = memory_spool

    async def __call__(self, run_id: RunId, *, waits: bool = True) -> SyncRun:
        """Run a booked sync to its end, and return the run.

        While another process syncs the mapping, this waits for its turn, and for a run that another process has
        taken up; if it is not to wait, it returns the run as it is.

        Raises:
            NotFound
        """
        owner = self.ids.owner()
        while True:
            run = await self._claim(run_id, owner)
            if run.owner == owner:
                return await self._carry_out(Turn(run, owner)) or run
            if not run.is_open or not waits:
                return run
            await self.clock.sleep(POLL_SECONDS)

    async def check(
        self, mapping_id: MappingId, on_run: Callable[[RunId], None] | None = None
    ) -> SyncRun | None:
        """Check a mapping that is due (rule 24); return the run that the check became, if it did.

        Where nothing has changed on either side since a run that had nothing to write, there is none. There is one as
        soon as something differs, or cannot be read.

        Args:
            mapping_id: which mapping.
            on_run: told of the run as soon as it has begun.
        """
        owner, now = self.ids.owner(), self.clock.now()
        new = RunId(self.ids.new())
        run = SyncRun(new, mapping_id, Trigger.CONTINUOUS, ALL, now, CONTINUOUS_SYNC.name)

        def begun() -> None:
            self._log_started(run, now)
            if on_run is not None:
                on_run(new)

        turn = Turn(run.start(owner, now, self.lease), owner, is_check=True, on_run=begun)
        async with self.patient_access.units.write() as unit:
            if await unit.runs.list_open(mapping_id):
                return None
            schedule = await unit.schedules.get(mapping_id)
            has_marker = await unit.unchanged_markers.get(mapping_id) is not None
            # A failing mapping gets a run, whose end shows whether it works again.
            if schedule is None or schedule.is_failing or not has_marker:
                try:
                    await unit.runs.add(turn.run)
                except UniqueViolation:
                    return None
                turn.is_check = False
            elif not await unit.schedules.begin_check(mapping_id, owner, now, now + self.lease):
                return None
            await unit.commit()
        if not turn.is_check:
            begun()
        return await self._carry_out(turn)

    async def _claim(self, run_id: RunId, owner: str) -> SyncRun:
        """Start the run, if nothing else syncs its mapping (rule 23)."""
        now = self.clock.now()
        async with self.patient_access.units.read() as unit:
            run = require(await unit.runs.get(run_id), "run", run_id)
            others = await unit.runs.list_open(run.mapping_id)
        if not run.is_open or any(other.is_carried_out(now) for other in others):
            return run
        async with self.patient_access.units.write() as unit:
            taken_over = [
                await self.run_ends.store(unit, abandoned, stop_reasons.LEASE_EXPIRED)
                for abandoned in await unit.runs.list_open(run.mapping_id)
                if abandoned.is_lease_expired(now)
            ]
            run = require(await unit.runs.get(run_id), "run", run_id)
            if run.state is RunState.QUEUED:
                started = run.start(owner, now, self.lease)
                try:
                    await unit.runs.update(started)
                except UniqueViolation:  # another process was faster: wait for it
                    return run
                # A concurrent check finds itself outdated, and changes nothing.
                await unit.schedules.end_check(run.mapping_id)
                run = started
            await unit.commit()
        self._log_taken_over(taken_over, run)
        if run.owner == owner:
            self._log_started(run, now)
        return run

    def _log_started(self, run: SyncRun, now: datetime) -> None:
        waited = round((now - run.requested_at).total_seconds(), 3)
        ids = {"run": run.id, "mapping": run.mapping_id}
        self.log.event("sync.run_started", **ids, scope=run.scope, trigger=run.trigger, waited=waited)

    def _log_taken_over(self, ends: Sequence[RunEnd], successor: SyncRun) -> None:
        self.run_ends.log_stored(*ends)
        for end in ends:
            ids = {"run": end.run.id, "by": successor.id, "mapping": successor.mapping_id}
            self.log.warning("sync.run_taken_over", **ids)

    async def _carry_out(self, turn: Turn) -> SyncRun | None:
        """Carry out a run or check, and return the ended run; None for a check that did not become a run."""
        run = turn.run
        lifecycle = RunLifecycle(self.patient_access.units, self.clock, self.run_ends)
        try:
            mapping, credentials = await self.patient_access.of(run.mapping_id)
        except DomainError as refusal:  # it was removed between booking and start
            return None if turn.is_check else await lifecycle.close(turn, stop_reasons.refused(str(refusal)))
        lifecycle, log = (
            replace(lifecycle, credentials=credentials),
            self.log.bound(run=run.id, mapping=mapping.id),
        )
        recorder = OutcomeRecorder(self.patient_access.units, self.clock, turn, mapping, self.lease)
        work = SyncMapping(
            self.patient_access,
            self.clock,
            self.lease,
            self.run_ends.interval,
            log,
            turn,
            mapping,
            credentials,
            recorder,
            self.resend_after,
            self.large_places,
            self.spools,
            self.patient_links,
        )
        stop: StopReason | None = stop_reasons.INTERNAL_ERROR
        findings = NOTHING_FOUND
        try:
            stop, findings = await self._work(work)
        except asyncio.CancelledError:
            stop = stop_reasons.INTERRUPTED
            raise
        except PersistenceError:
            stop = stop_reasons.DATABASE_UNAVAILABLE
            raise
        except Exception as error:
            log.fault("sync.run_failed", error)
            raise
        finally:
            ended = await self._ended_in_time(turn, stop, recorder, findings, lifecycle)
        if ended is not None:
            log.event(
                "sync.run_finished",
                state=ended.state,
                stop=ended.stop.code if ended.stop else None,
                **_sums(ended.counts),
            )
        return ended

    async def _ended_in_time(
        self,
        turn: Turn,
        stop: StopReason | None,
        recorder: OutcomeRecorder,
        findings: SyncFindings,
        lifecycle: RunLifecycle,
    ) -> SyncRun | None:
        """End the run; while the database is unavailable, retry until others may have taken over.

        Whoever goes on need not wait for the lease then, nor look up what never left.
        """
        until = self.clock.now() + self.lease
        while True:
            try:
                return await self._ended(turn, stop, recorder, findings, lifecycle)
            except DatabaseUnavailable:
                if stop is stop_reasons.INTERRUPTED or self.clock.now() >= until:
                    raise
            await self.clock.sleep(END_AGAIN_AFTER)

    async def _ended(
        self,
        turn: Turn,
        stop: StopReason | None,
        recorder: OutcomeRecorder,
        findings: SyncFindings,
        lifecycle: RunLifecycle,
    ) -> SyncRun | None:
        if turn.is_check and stop in {
            None,
            stop_reasons.INTERRUPTED,
            stop_reasons.DATABASE_UNAVAILABLE,
            stop_reasons.LEASE_EXPIRED,
        }:
            await lifecycle.end_check(turn, findings.marker if stop is None else None)
            return None
        with suppress(SyncStopped):  # another run has taken over: `close` sees that too
            await turn.become_run(self.patient_access.units, self.clock.now() + self.lease)
        if turn.is_check:
            return None
        recorder.discard_unsent_intents()
        if stop is not None:
            recorder.fail_unconfirmed(stop.sentence)
        with suppress(SyncStopped):
            await recorder.store()
        return await lifecycle.close(turn, stop, findings)

    async def _work(self, work: SyncMapping) -> tuple[StopReason | None, SyncFindings]:
        """Sync while keeping the lease; return what stopped the run, if anything did, and what the sync found out.

        Raises:
            PersistenceError
        """
        ended, recorder = asyncio.Event(), work.recorder
        stops: list[StopReason] = []
        try:
            async with asyncio.timeout(None) as cut:

                def give_up(stop: StopReason) -> None:
                    stops.append(stop)
                    cut.reschedule(asyncio.get_running_loop().time())

                keeper = asyncio.create_task(recorder.keep_storing(ended, self.stalled_after, give_up))
                try:
                    return None, await stop_on_error(work(), work.mapping)
                except SyncStopped as stopped:
                    return stopped.stop, NOTHING_FOUND
                except (DomainError, DecryptionFailed) as refusal:
                    return stop_reasons.refused(str(refusal)), NOTHING_FOUND
                finally:
                    ended.set()
                    await asyncio.gather(keeper, return_exceptions=True)
        except TimeoutError:
            if not stops:
                raise
            return stops[0], NOTHING_FOUND


def _sums(counts: Counts) -> dict[str, int]:
    """Return how many records of any kind had each outcome."""
    return {
        outcome.value: number
        for outcome in Outcome
        if (number := sum(tally[outcome] for tally in counts.tallies.values()))
    }
