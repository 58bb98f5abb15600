"""Look up organizations, their mappings, and the runs of these."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.errors import check_asked, found
from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.runs.run import SyncRun
from core.domain.runs.schedule import Check, last_checks
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Connection, Organization
from core.usecases.shared.find_run import find_run
from ports.persistence import Units

LATEST = 3
"""Runs: one that runs, one that waits, and the last one that has ended."""


@dataclass(frozen=True, slots=True)
class FindOrganization:
    units: Units

    async def __call__(self, id_or_name: str) -> Organization:
        """Find one.

        Raises:
            NotFound: there is none.
        """
        check_asked("organization", id_or_name)
        async with self.units.reading() as unit:
            organization = await unit.organizations.get(OrganizationId(id_or_name))
            organization = organization or await unit.organizations.named(id_or_name.strip())
        return found(organization, "organization", id_or_name)


@dataclass(frozen=True, slots=True)
class ListOrganizations:
    units: Units

    async def __call__(self) -> Sequence[tuple[Organization, Connection | None]]:
        """Give all organizations by name, each with its open connection."""
        async with self.units.reading() as unit:
            organizations = await unit.organizations.all()
            connections = {each.organization_id: each for each in await unit.connections.list_open()}
        return [(each, connections.get(each.id)) for each in organizations]


@dataclass(frozen=True, slots=True)
class FindConnection:
    units: Units

    async def __call__(self, organization_id: OrganizationId) -> Connection | None:
        """Find the organization's open connection, if there is one."""
        async with self.units.reading() as unit:
            return await unit.connections.open_one(organization_id)


@dataclass(frozen=True, slots=True)
class ListMappings:
    units: Units

    async def __call__(
        self, organization_id: OrganizationId, *, ended: bool = False
    ) -> Sequence[EventMapping]:
        """Give the organization's mappings, oldest first; with `ended`, those that have ended behind them."""
        async with self.units.reading() as unit:
            found(await unit.organizations.get(organization_id), "organization", organization_id)
            mappings = await unit.mappings.of_organization(organization_id)
        chosen = [each for each in mappings if ended or each.is_active]
        return sorted(chosen, key=lambda each: not each.is_active)


@dataclass(frozen=True, slots=True)
class ListRuns:
    units: Units

    async def __call__(
        self, mapping_id: MappingId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        """Give the mapping's runs, newest first, or those that were requested before a certain one."""
        check_asked("run", before or "")
        async with self.units.reading() as unit:
            found(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            return await unit.runs.of_mapping(mapping_id, limit, before)


@dataclass(frozen=True, slots=True)
class FindLastCheck:
    units: Units

    async def __call__(self, mapping_id: MappingId) -> datetime | None:
        """Return when it was last found that nothing had changed since the mapping's last run that has ended."""
        async with self.units.reading() as unit:
            runs = await unit.runs.of_mapping(mapping_id, LATEST)
            schedule = await unit.schedules.get(mapping_id)
        ended = [run for run in runs if not run.is_open]
        check = last_checks([schedule] if schedule else [], ended).get(mapping_id)
        return check.at if check else None


@dataclass(frozen=True, slots=True)
class ListOrganizationRuns:
    units: Units

    async def __call__(
        self, organization_id: OrganizationId, limit: int = 50, before: RunId | None = None
    ) -> Sequence[tuple[SyncRun, EventMapping]]:
        """Give the runs of all the organization's mappings, removed ones too, newest first."""
        check_asked("run", before or "")
        async with self.units.reading() as unit:
            runs = await unit.runs.of_organization(organization_id, limit, before)
            mappings = {each.id: each for each in await unit.mappings.of_organization(organization_id)}
        return [(run, mappings[run.mapping_id]) for run in runs]


@dataclass(frozen=True, slots=True)
class ListLastChecks:
    units: Units

    async def __call__(self, organization_id: OrganizationId) -> Mapping[MappingId, Check]:
        """Return the last check of each active mapping of the organization that was checked after its last run."""
        async with self.units.reading() as unit:
            schedules = await unit.schedules.of_open_connections(organization_id)
            ended = await unit.runs.latest_ended(organization_id)
        return last_checks((schedule for _, schedule in schedules), ended)


@dataclass(frozen=True, slots=True)
class FindRun:
    units: Units

    async def __call__(self, run_id: RunId) -> SyncRun:
        """Find one, also by the id of one in whose place it stands.

        Raises:
            NotFound
        """
        async with self.units.reading() as unit:
            return await find_run(unit, run_id)
