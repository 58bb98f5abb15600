"""Get the history of one record over all runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.domain.errors import require, validate_id
from core.domain.ids import MappingId, RunId
from core.domain.runs.run import SyncRun
from ports.store.results import HistoryEntry
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class GetRecordHistory:
    units: UnitOfWorkFactory

    async def __call__(
        self, mapping_id: MappingId, id_or_email: str, limit: int | None = None, before: int | None = None
    ) -> Sequence[HistoryEntry]:
        """List all outcomes of one record, oldest first; with a limit, only the newest ones.

        Raises:
            NotFound: also if no run of the mapping has read such a record.
        """
        async with self.units.read() as unit:
            mapping = require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            validate_id("record", id_or_email)
            entries = [*await unit.outcomes.history(mapping_id, id_or_email.strip(), limit, before)]
            if entries:
                last = entries[-1]
                confirmed_at = await _confirmed_at(unit, mapping_id, last.run_id, last.at)
                entries[-1] = replace(last, confirmed_at=confirmed_at)
        hint = "No run of this mapping has read it."
        if mapping.is_active:
            hint += " Search by e-mail or id, or see the preview."
        return require(entries or None, "record", id_or_email, hint)


@dataclass(frozen=True, slots=True)
class FindLastCheckOfRecord:
    units: UnitOfWorkFactory

    async def __call__(self, run: SyncRun) -> datetime | None:
        """Return when a check last confirmed a run's outcomes; None if none did, or if a newer run has others."""
        if run.finished_at is None:
            return None
        async with self.units.read() as unit:
            return await _confirmed_at(unit, run.mapping_id, run.id, run.finished_at)


async def _confirmed_at(
    unit: UnitOfWork, mapping_id: MappingId, run_id: RunId, since: datetime
) -> datetime | None:
    schedule = await unit.schedules.get(mapping_id)
    checked_at = schedule.checked_since(since) if schedule else None
    if checked_at is None:
        return None
    marker = await unit.unchanged_markers.get(mapping_id)
    return checked_at if marker and marker.run_id == run_id else None
