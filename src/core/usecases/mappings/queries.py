"""Read mappings and their last checks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.errors import require
from core.domain.ids import MappingId, OrganizationId
from core.domain.runs.run import LATEST_RUNS
from core.domain.runs.schedule import Check, last_checks
from core.domain.tenancy.event_mappings import EventMapping
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ListMappings:
    units: UnitOfWorkFactory

    async def __call__(
        self, organization_id: OrganizationId, *, ended: bool = False
    ) -> Sequence[EventMapping]:
        """List the organization's mappings, oldest first; with `ended`, then the ended ones."""
        async with self.units.read() as unit:
            require(await unit.organizations.get(organization_id), "organization", organization_id)
            mappings = await unit.mappings.list_by_organization(organization_id)
        chosen = [mapping for mapping in mappings if ended or mapping.is_active]
        return sorted(chosen, key=lambda mapping: not mapping.is_active)


@dataclass(frozen=True, slots=True)
class GetMapping:
    units: UnitOfWorkFactory

    async def __call__(self, mapping_id: MappingId) -> EventMapping:
        """Return a mapping, also a removed one.

        Raises:
            NotFound
        """
        async with self.units.read() as unit:
            return require(await unit.mappings.get(mapping_id), "mapping", mapping_id)


@dataclass(frozen=True, slots=True)
class FindLastCheck:
    units: UnitOfWorkFactory

    async def __call__(self, mapping_id: MappingId) -> datetime | None:
        """Return when a check last found nothing changed since the mapping's last ended run."""
        async with self.units.read() as unit:
            runs = await unit.runs.list_by_mapping(mapping_id, LATEST_RUNS)
            schedule = await unit.schedules.get(mapping_id)
        ended = [run for run in runs if not run.is_open]
        check = last_checks([schedule] if schedule else [], ended).get(mapping_id)
        return check.at if check else None


@dataclass(frozen=True, slots=True)
class ListLastChecks:
    units: UnitOfWorkFactory

    async def __call__(self, organization_id: OrganizationId) -> Mapping[MappingId, Check]:
        """List the last check of each active mapping that was checked after its last run."""
        async with self.units.read() as unit:
            schedules = await unit.schedules.list_for_open_connections(organization_id)
            ended = await unit.runs.latest_ended(organization_id)
        return last_checks((schedule for _, schedule in schedules), ended)
