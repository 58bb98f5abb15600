"""Get the history of one record over all runs."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.domain.errors import InvalidInput, require, validate_id
from core.domain.ids import MappingId, RunId
from core.domain.records.outcomes import RecordRef
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from ports.store.results import HistoryEntry
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory

SEARCHED_RUNS = 10
"""The latest runs of the mapping in which a title or name is sought: it is in no index."""
MAX_LISTED = 5


@dataclass(frozen=True, slots=True)
class GetRecordHistory:
    units: UnitOfWorkFactory

    async def __call__(
        self,
        mapping_id: MappingId,
        sought: str,
        limit: int | None = None,
        before: int | None = None,
        *,
        mapping: EventMapping | None = None,
    ) -> Sequence[HistoryEntry]:
        """List all outcomes of one record, oldest first; with a limit, only the newest ones.

        Args:
            mapping_id: whose runs.
            sought: the record's id in one of the systems, its e-mail, or else its title or name.
            limit: how many outcomes at most.
            before: only outcomes before this position.
            mapping: the mapping, if it is loaded already.

        Raises:
            NotFound: also if no run of the mapping has read such a record.
            InvalidInput: several records have this title or name.
        """
        async with self.units.read() as unit:
            mapping = mapping or require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            validate_id("record", sought)
            entries = [*await unit.outcomes.history(mapping_id, sought.strip(), limit, before)]
            if not entries and (record := await _named(unit, mapping_id, sought.strip())):
                found = await unit.outcomes.history(mapping_id, record.source_id, limit, before)
                entries = [entry for entry in found if entry.outcome.record.kind == record.kind]
            if entries:
                last = entries[-1]
                confirmed_at = await _confirmed_at(unit, mapping_id, last.run_id, last.at)
                entries[-1] = replace(last, confirmed_at=confirmed_at)
        hint = "No run of this mapping has read it."
        if mapping.is_active:
            hint += " Search by e-mail or id, title or name, or see the preview."
        return require(entries or None, "record", sought, hint)


async def _named(unit: UnitOfWork, mapping_id: MappingId, name: str) -> RecordRef | None:
    """Return the record with this title or name, of any kind, from the latest run that has one.

    Raises:
        InvalidInput: there are several.
    """
    found = await unit.outcomes.find_named(mapping_id, name, SEARCHED_RUNS) if name else ()
    if len(found) > 1:
        listed = ", ".join(f"{record.kind} {record.source_id}" for record in found[:MAX_LISTED])
        more = " and others" if len(found) > MAX_LISTED else ""
        raise InvalidInput(
            f"Several records are called {name!r:.60}: {listed}{more}. Enter the id of one.", about="record"
        )
    return found[0] if found else None


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
