"""How a run or a check that this process carries out ends."""

from dataclasses import dataclass

from core.domain.errors import require
from core.domain.runs import stop_reasons
from core.domain.runs.ending import RunEnd
from core.domain.runs.run import SyncRun
from core.domain.runs.stop_reasons import TOKEN_REFUSED, StopReason
from core.domain.runs.unchanged_marker import UnchangedMarker
from core.domain.tenancy.organizations import open_access
from core.usecases.shared.run_ends import RunEnds
from core.usecases.sync.findings import NOTHING_FOUND, SyncFindings
from core.usecases.sync.systems import MappingCredentials
from core.usecases.sync.turn import Turn
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RunLifecycle:
    units: UnitOfWorkFactory
    clock: Clock
    run_ends: RunEnds
    credentials: MappingCredentials | None = None
    """What the run reached both sides with."""

    async def close(
        self, turn: Turn, stop: StopReason | None, findings: SyncFindings = NOTHING_FOUND
    ) -> SyncRun:
        """End the run, unless another one has taken over and ended it already.

        Args:
            turn: whose run it is.
            stop: why it ends before its end.
            findings: what the run found; nothing for one that could not even begin.
        """
        async with self.units.write() as unit:
            run = require(await unit.runs.get(turn.run.id), "run", turn.run.id)
            if run.owner != turn.owner:
                return run
            end = await self._closed(unit, run, stop, findings)
            await unit.commit()
        self.run_ends.log_stored(end)
        return end.run

    async def end_check(self, turn: Turn, marker: UnchangedMarker | None) -> None:
        """End a check that came to no run; with a marker, nothing has changed since that was set."""
        mapping_id, now = turn.run.mapping_id, self.clock.now()
        async with self.units.write() as unit:
            if not await unit.schedules.end_check(mapping_id, turn.owner):
                return
            schedule, known = (
                await unit.schedules.get(mapping_id),
                await unit.unchanged_markers.get(mapping_id),
            )
            # A hint that came meanwhile, or another token, removes the marker: what was read may be older.
            if marker is not None and schedule is not None and known is not None:
                checked = schedule.checked(turn.run.requested_at, now, self.run_ends.interval)
                await unit.schedules.save(checked)
                await unit.unchanged_markers.save(marker)
            await unit.commit()

    async def _closed(
        self, unit: UnitOfWork, run: SyncRun, stop: StopReason | None, findings: SyncFindings
    ) -> RunEnd:
        if stop is not None and stop.code == TOKEN_REFUSED and await self._has_other_tokens(unit, run):
            stop = stop_reasons.TOKEN_REPLACED
        end = await self.run_ends.store(unit, run, stop, findings.remarks)
        # A hint tells of what the change feed may not tell: it wants everything read.
        if stop is None and findings.marker and not end.before.is_uncovered_by(end.run):
            await unit.unchanged_markers.save(findings.marker)
        return end

    async def _has_other_tokens(self, unit: UnitOfWork, run: SyncRun) -> bool:
        """Check whether somebody has given another token while the run went on with the one that was refused."""
        mapping = require(await unit.mappings.get(run.mapping_id), "mapping", run.mapping_id)
        organization = await unit.organizations.get(mapping.organization_id)
        connection = await unit.connections.get(mapping.connection_id)
        if self.credentials is None or organization is None or connection is None or not connection.is_open:
            return False
        access = open_access(connection, organization)
        return self.credentials != MappingCredentials(organization.source_access, access)
