"""Find what is to be carried out by itself: mappings that are due, and runs that wait for somebody (rules 23, 24)."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.identifiers import MappingId, RunId
from core.domain.schedule import is_due
from ports.clock import Clock
from ports.persistence import Units


@dataclass(frozen=True, slots=True)
class FindDueMappings:
    units: Units
    clock: Clock

    async def __call__(self) -> Sequence[MappingId]:
        """Give the mappings for which a continuous sync is to be booked now."""
        now = self.clock.now()
        async with self.units.reading() as unit:
            return [
                mapping.id
                for mapping in await unit.mappings.synced_continuously()
                if is_due(mapping, next(iter(await unit.runs.of_mapping(mapping.id, limit=1)), None), now)
            ]


@dataclass(frozen=True, slots=True)
class FindWaitingRuns:
    units: Units
    clock: Clock

    async def __call__(self) -> Sequence[RunId]:
        """Give the runs that nobody carries out: booked ones, and those whose process died."""
        now = self.clock.now()
        async with self.units.reading() as unit:
            return [
                run.id
                for run in await unit.runs.all_open()
                if run.owner is None or run.lease_has_run_out(now)
            ]
