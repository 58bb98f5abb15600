"""Store the end of a run, whichever use case ends it."""

from dataclasses import dataclass
from datetime import timedelta

from core.domain.errors import require
from core.domain.ids import MappingId, NotificationId, RunId
from core.domain.notifications.messages import build_notification
from core.domain.runs.ending import MappingState, RunEnd, Stored, end_run
from core.domain.runs.messages import Remarks
from core.domain.runs.run import SyncRun
from core.domain.runs.schedule import INTERVAL
from core.domain.runs.stop_reasons import StopReason
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.log import EventLog
from ports.store.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class RunEnds:
    ids: IdGenerator
    clock: Clock
    log: EventLog
    interval: timedelta = INTERVAL
    support_contact: str | None = None
    """The contact that the closing message names if problems persist (rule 28)."""

    async def store(
        self, unit: UnitOfWork, run: SyncRun, stop: StopReason | None = None, remarks: Remarks | None = None
    ) -> RunEnd:
        """End a run, with the counts of its stored outcomes, and reschedule its mapping (rules 24 and 26).

        A notification is committed in the same transaction, so a crash neither loses nor duplicates it.

        Args:
            unit: a unit of work that the caller commits before calling `log_stored`.
            run: an open run.
            stop: why the run stops early; None if it completed.
            remarks: notes about the run as a whole.
        """
        mapping = require(await unit.mappings.get(run.mapping_id), "mapping", run.mapping_id)
        stored = Stored(
            await unit.outcomes.counts(run.id),
            await unit.outcomes.causes(run.id),
            await unit.link_outcomes.counts(run.id),
        )
        schedule, halt = (
            await unit.schedules.get(mapping.id),
            await unit.schedules.find_halt(mapping.organization_id),
        )
        state = MappingState(mapping, schedule, halt)
        end = end_run(
            run,
            stop,
            stored,
            state,
            self.clock.now(),
            interval=self.interval,
            remarks=remarks,
            support_contact=self.support_contact,
        )
        await unit.runs.update(end.run)
        await unit.schedules.save(end.schedule)
        if end.halt is not None:
            for other in await unit.schedules.list_by_connection(mapping.connection_id):
                await unit.schedules.save(other.halted(end.halt))
        if end.change is not None and await unit.recipients.get(mapping.organization_id) is not None:
            new = NotificationId(self.ids.new())
            await unit.notifications.add(build_notification(new, end.change, mapping, end.run))
        return end

    async def stop_all(
        self, unit: UnitOfWork, mapping_id: MappingId, stop: StopReason
    ) -> tuple[list[RunId], list[RunEnd]]:
        """Stop a mapping's open runs: before their next write, or immediately if no worker runs them.

        Returns:
            The runs that are still stopping, and the ends of the others.
        """
        now, stopping, ends = self.clock.now(), list[RunId](), list[RunEnd]()
        for run in await unit.runs.list_open(mapping_id):
            if run.is_carried_out(now):
                await unit.runs.update(run.request_cancel(stop))
                stopping.append(run.id)
            else:
                ends.append(await self.store(unit, run, stop))
        return stopping, ends

    def log_stored(self, *ends: RunEnd) -> None:
        """Log health changes; call this after the commit, so that the log never runs ahead of the database."""
        for end in ends:
            before, after, stop = end.before, end.schedule, end.run.stop
            if after.is_failing != before.is_failing:
                name = "continuous.failing" if after.is_failing else "continuous.recovered"
                why = stop.code if stop else None
                self.log.warning(name, mapping=end.run.mapping_id, stop=why, halted=after.is_halted)
