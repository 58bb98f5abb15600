"""How a run that this process carries out ends, or pauses."""

from contextlib import suppress
from dataclasses import dataclass

from core.domain import stops
from core.domain.ending import RunEnd
from core.domain.identifiers import RunId
from core.domain.refusals import found
from core.domain.runs import SyncRun
from core.domain.stops import STOPS_ASKED_FOR, TOKEN_REFUSED, Stop
from core.usecases.shared.run_ends import RunEnds
from core.usecases.sync.access import Tokens
from core.usecases.sync.failures import SyncStopped
from core.usecases.sync.journal import Journal
from core.usecases.sync.slices import MOST_IN_VAIN
from ports.clock import Clock
from ports.persistence import Unit, Units

AT_ONCE = 1000
"""Outcomes: a writer waits for no more than these."""


@dataclass(frozen=True, slots=True)
class Ending:
    units: Units
    clock: Clock
    run_ends: RunEnds
    tokens: Tokens | None = None
    """What the run reached both sides with."""

    async def close(self, run_id: RunId, owner: str, stop: Stop | None, journal: Journal) -> SyncRun:
        """End the run, unless another one has taken over and ended it already."""
        async with self.units.writing() as unit:
            run = found(await unit.runs.get(run_id), "run", run_id)
            if run.owner != owner:
                return run
            end = await self._closed(unit, run, stop, journal)
            await unit.commit()
        self.run_ends.log_stored(end)
        while end.run.confirms is not None and journal.told_now and await self._forget_some(run_id):
            pass  # the outcomes are those of the run that is confirmed, and are kept once
        return end.run

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
            end = await self.run_ends.store(unit, run, stops.refused(why))
            await unit.commit()
        self.run_ends.log_stored(end)
        return end.run

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

    async def _closed(self, unit: Unit, run: SyncRun, stop: Stop | None, journal: Journal) -> RunEnd:
        if stop is not None and stop.code == TOKEN_REFUSED and await self._has_other_tokens(unit, run):
            stop = stops.TOKEN_REPLACED
        if stop is None and journal.confirms is not None:
            run = run.confirming(found(await unit.runs.get(journal.confirms), "run", journal.confirms))
        end = await self.run_ends.store(unit, run, stop, journal.remarks)
        # A hint tells of what the change feed may not tell: it wants everything read.
        if journal.checkpoint is not None and stop is None and not end.before.is_unanswered_by(end.run):
            await unit.checkpoints.save(journal.checkpoint)
        return end

    async def _has_other_tokens(self, unit: Unit, run: SyncRun) -> bool:
        """Tell whether somebody has given another token while the run went on with the one that was refused."""
        mapping = found(await unit.mappings.get(run.mapping_id), "mapping", run.mapping_id)
        organization = await unit.organizations.get(mapping.organization_id)
        connection = await unit.connections.get(mapping.connection_id)
        if self.tokens is None or organization is None or connection is None or connection.token is None:
            return False
        return self.tokens != Tokens(organization.sessionboard_token, connection.token)
