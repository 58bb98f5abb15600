"""How a run ends, or pauses, and when its mapping is due next."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from core.domain import stops
from core.domain.identifiers import RunId
from core.domain.refusals import found
from core.domain.runs import SyncRun
from core.domain.schedule import INTERVAL, Schedule
from core.domain.stops import STOPS_ASKED_FOR, TOKEN_REFUSED, Stop
from core.usecases.sync.access import Tokens
from core.usecases.sync.failures import SyncStopped
from core.usecases.sync.journal import Journal
from core.usecases.sync.notices import note_change
from core.usecases.sync.slices import MOST_IN_VAIN
from ports.clock import Clock
from ports.log import EventLog
from ports.names import Names
from ports.persistence import Unit, Units

AT_ONCE = 1000
"""Outcomes: a writer waits for no more than these."""


@dataclass(frozen=True, slots=True)
class Ending:
    units: Units
    names: Names
    clock: Clock
    log: EventLog
    lease: timedelta
    tokens: Tokens | None = None
    """What the run reached both sides with."""
    interval: timedelta = INTERVAL
    support_contact: str | None = None
    """Whom the closing message names if problems persist (rule 28)."""

    async def close(self, run_id: RunId, owner: str, stop: Stop | None, journal: Journal) -> SyncRun:
        """End the run, unless another one has taken over and ended it already."""
        async with self.units.writing() as unit:
            run = found(await unit.runs.get(run_id), "run", run_id)
            if run.owner != owner:
                return run
            run, before, after = await self._closed(unit, run, stop, journal)
            await unit.commit()
        self._log_change(run, before, after)
        while run.confirms is not None and journal.told_now and await self._forget_some(run_id):
            pass  # the outcomes are those of the run that is confirmed, and are kept once
        return run

    async def _forget_some(self, run_id: RunId) -> bool:
        async with self.units.writing() as unit:
            gone = await unit.outcomes.forget_of(run_id, AT_ONCE)
            await unit.commit()
        return gone == AT_ONCE

    async def refuse(self, run_id: RunId, owner: str, why: str) -> SyncRun:
        """End a run that cannot even begin."""
        async with self.units.writing() as unit:
            run = found(await unit.runs.get(run_id), "run", run_id)
            if run.owner != owner:
                return run
            run = run.stopped(stops.refused(why), self.clock.now(), await unit.outcomes.counts(run_id))
            await unit.runs.update(run)
            before, after = await self._reschedule(unit, run)
            await unit.commit()
        self._log_change(run, before, after)
        return run

    async def pause(self, run_id: RunId, owner: str, journal: Journal) -> SyncRun:
        """End a slice of the run; one that somebody asked to stop, or that gets nowhere, ends altogether."""
        async with self.units.writing() as unit:
            run = found(await unit.runs.get(run_id), "run", run_id)
            if run.owner != owner:
                return run
            counts = await unit.outcomes.counts(run_id)
            paused = run.pause(self.clock.now(), counts, in_vain=not journal.told_now)
            stop = STOPS_ASKED_FOR.get(run.stop_asked or "")
            if stop is None and paused.slices_in_vain >= MOST_IN_VAIN:
                stop = stops.NO_PROGRESS
            if stop is None:
                await unit.runs.update(paused)
                await unit.commit()
                return paused
        journal.give_up_unconfirmed(stop.sentence)
        with suppress(SyncStopped):  # another run has taken over: `close` sees that too
            await journal.store()
        return await self.close(run_id, owner, stop, journal)

    async def _closed(
        self, unit: Unit, run: SyncRun, stop: Stop | None, journal: Journal
    ) -> tuple[SyncRun, Schedule, Schedule]:
        """End the run, with the counts of what it has stored (rule 26), and reschedule its mapping."""
        now, counts = self.clock.now(), await unit.outcomes.counts(run.id)
        if stop is not None and stop.code == TOKEN_REFUSED and await self._has_other_tokens(unit, run):
            stop = stops.TOKEN_REPLACED
        if stop is not None:
            run = run.stopped(stop, now, counts)
        else:
            if journal.confirms is not None:
                confirmed = found(await unit.runs.get(journal.confirms), "run", journal.confirms)
                run, counts = run.confirming(confirmed), confirmed.counts
            causes = await unit.outcomes.causes(run.outcomes_of)
            run = run.finished(counts, now, self.support_contact, journal.remarks, causes)
        await unit.runs.update(run)
        before, after = await self._reschedule(unit, run)
        # A hint tells of what the change feed may not tell: it wants everything read.
        if journal.checkpoint is not None and stop is None and not before.is_unanswered_by(run):
            await unit.checkpoints.save(journal.checkpoint)
        return run, before, after

    async def _has_other_tokens(self, unit: Unit, run: SyncRun) -> bool:
        """Tell whether somebody has given another token while the run went on with the one that was refused."""
        mapping = found(await unit.mappings.get(run.mapping_id), "mapping", run.mapping_id)
        organization = await unit.organizations.get(mapping.organization_id)
        connection = await unit.connections.get(mapping.connection_id)
        if self.tokens is None or organization is None or connection is None or connection.token is None:
            return False
        return self.tokens != Tokens(organization.sessionboard_token, connection.token)

    async def _reschedule(self, unit: Unit, run: SyncRun) -> tuple[Schedule, Schedule]:
        """Store when the mapping is due next (rule 24), and return its schedule before and after.

        A token that was refused concerns the whole connection.
        """
        known = await unit.schedules.get(run.mapping_id)
        before = known or Schedule(run.mapping_id, run.requested_at)
        after = before.after(run, self.interval)
        await unit.schedules.save(after)
        mapping = found(await unit.mappings.get(run.mapping_id), "mapping", run.mapping_id)
        await note_change(unit, self.names, mapping, run, before=known, after=after)
        if after.halt is not None and not before.is_halted:
            for other in await unit.schedules.of_connection(mapping.connection_id):
                await unit.schedules.save(other.halted(after.halt))
        return before, after

    def _log_change(self, run: SyncRun, before: Schedule, after: Schedule) -> None:
        """Log what has changed, once it is committed: a log that is ahead of the database would tell what is not."""
        if after.is_failing != before.is_failing:
            name = "continuous.failing" if after.is_failing else "continuous.recovered"
            stop = run.stop.code if run.stop else None
            self.log.warning(name, mapping=run.mapping_id, stop=stop, halted=after.is_halted)
