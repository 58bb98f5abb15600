"""How a run ends, or pauses, and when its mapping is due next."""

from dataclasses import dataclass
from datetime import timedelta

from core.domain import stops
from core.domain.identifiers import RunId
from core.domain.refusals import found
from core.domain.runs import SyncRun
from core.domain.schedule import INTERVAL, Schedule
from core.domain.stops import STOPS_ASKED_FOR, TOKEN_REFUSED, Stop
from core.usecases.sync.access import Tokens
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
            run = await self._closed(unit, run, stop, journal)
            await unit.commit()
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
            if run.owner == owner:
                run = run.stopped(stops.refused(why), self.clock.now())
                await unit.runs.update(run)
                await self._reschedule(unit, run)
                await unit.commit()
        return run

    async def pause(self, run_id: RunId, owner: str, journal: Journal) -> SyncRun:
        """End a slice of the run; one that somebody asked to stop, or that gets nowhere, ends altogether."""
        async with self.units.writing() as unit:
            run = found(await unit.runs.get(run_id), "run", run_id)
            if run.owner != owner:
                return run
            # What was sent without an answer may show only later: so long, too, nobody goes on for a dead process.
            wait = self.lease if journal.unclear else timedelta(0)
            paused = run.pause(self.clock.now() + wait, journal.counts, in_vain=not journal.told_now)
            if run.stop_asked:
                paused = await self._closed(unit, run, STOPS_ASKED_FOR[run.stop_asked], journal)
            elif paused.slices_in_vain >= MOST_IN_VAIN:
                paused = await self._closed(unit, run, stops.NO_PROGRESS, journal)
            else:
                await unit.runs.update(paused)
            await unit.commit()
        return paused

    async def _closed(self, unit: Unit, run: SyncRun, stop: Stop | None, journal: Journal) -> SyncRun:
        now = self.clock.now()
        if stop is not None and stop.code == TOKEN_REFUSED and await self._has_other_tokens(unit, run):
            stop = stops.TOKEN_REPLACED
        if stop is not None:
            run = run.stopped(stop, now, journal.counts)
        else:
            counts = journal.counts
            if journal.confirms is not None:
                confirmed = found(await unit.runs.get(journal.confirms), "run", journal.confirms)
                run, counts = run.confirming(confirmed), confirmed.counts
            run = run.finished(counts, now, self.support_contact, journal.remarks)
        await unit.runs.update(run)
        former = await self._reschedule(unit, run)
        # A hint tells of what the change feed may not tell: it wants everything read.
        if journal.checkpoint is not None and stop is None and not former.is_unanswered_by(run):
            await unit.checkpoints.save(journal.checkpoint)
        return run

    async def _has_other_tokens(self, unit: Unit, run: SyncRun) -> bool:
        """Tell whether somebody has given another token while the run went on with the one that was refused."""
        mapping = found(await unit.mappings.get(run.mapping_id), "mapping", run.mapping_id)
        organization = await unit.organizations.get(mapping.organization_id)
        connection = await unit.connections.get(mapping.connection_id)
        if self.tokens is None or organization is None or connection is None or connection.token is None:
            return False
        return self.tokens != Tokens(organization.sessionboard_token, connection.token)

    async def _reschedule(self, unit: Unit, run: SyncRun) -> Schedule:
        """Say when the mapping is due next (rule 24), and give what was said before.

        A token that was refused concerns the whole connection.
        """
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
        return former
