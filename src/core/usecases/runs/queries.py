"""Read runs."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.errors import require, validate_id
from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.shared.get_run import get_run
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ListRuns:
    units: UnitOfWorkFactory

    async def __call__(
        self, mapping_id: MappingId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        """List the mapping's runs, newest first; with `before`, those requested before that run."""
        validate_id("run", before or "")
        async with self.units.read() as unit:
            require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            return await unit.runs.list_by_mapping(mapping_id, limit, before)


@dataclass(frozen=True, slots=True)
class ListOrganizationRuns:
    units: UnitOfWorkFactory

    async def __call__(
        self, organization_id: OrganizationId, limit: int = 50, before: RunId | None = None
    ) -> Sequence[tuple[SyncRun, EventMapping]]:
        """List the runs of all the organization's mappings, including removed ones, newest first."""
        validate_id("run", before or "")
        async with self.units.read() as unit:
            runs = await unit.runs.list_by_organization(organization_id, limit, before)
            mappings = {
                mapping.id: mapping for mapping in await unit.mappings.list_by_organization(organization_id)
            }
        return [(run, mappings[run.mapping_id]) for run in runs]


@dataclass(frozen=True, slots=True)
class FindRun:
    units: UnitOfWorkFactory

    async def __call__(self, run_id: RunId) -> SyncRun:
        """Return a run; see `get_run` for ids of older runs.

        Raises:
            NotFound
        """
        async with self.units.read() as unit:
            return await get_run(unit, run_id)
