"""Read outcomes and share links."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.domain.errors import require
from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.outcomes import Outcome, RecordOutcome
from core.domain.records.synced_records import SyncedRecord
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.shared.get_run import get_run
from ports.store.pages import Page
from ports.store.results import PeoplePage
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class GetRunWithOutcomes:
    units: UnitOfWorkFactory

    async def __call__(
        self, run_id: RunId, only: Collection[Outcome] = ()
    ) -> tuple[SyncRun, Sequence[RecordOutcome]]:
        """Return a run with its outcomes in the order they were recorded.

        Raises:
            NotFound
        """
        async with self.units.read() as unit:
            run = await get_run(unit, run_id)
            return run, await unit.outcomes.list_by_run(run.id, only)


@dataclass(frozen=True, slots=True)
class OutcomesQuery:
    run: SyncRun
    only: Collection[Outcome] = ()
    kinds: Collection[RecordKind] = ()
    search: str = ""
    start: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ListOutcomes:
    units: UnitOfWorkFactory

    async def __call__(self, query: OutcomesQuery) -> Page[RecordOutcome]:
        """Return a page of a run's outcomes in the order they were recorded."""
        async with self.units.read() as unit:
            return await unit.outcomes.page(
                query.run.id,
                only=query.only,
                kinds=query.kinds,
                search=query.search,
                start=query.start,
                limit=query.limit,
            )


@dataclass(frozen=True, slots=True)
class ListMappingsWithPeople:
    units: UnitOfWorkFactory

    async def __call__(self, organization_id: OrganizationId) -> Sequence[EventMapping]:
        """List the active mappings, oldest first, then the ended ones with synced people, newest first.

        Mappings of the same destination event share their people, so only one of them is listed.
        """
        async with self.units.read() as unit:
            mappings = await unit.mappings.list_by_organization(organization_id)
            chosen = [mapping for mapping in mappings if mapping.is_active]
            listed = {mapping.events.destination_id for mapping in chosen}
            for mapping in reversed(mappings):
                event_id = mapping.events.destination_id
                if event_id in listed:
                    continue
                listed.add(event_id)
                if (await unit.synced.people(organization_id, event_id, limit=1)).people:
                    chosen.append(mapping)
        return chosen


@dataclass(frozen=True, slots=True)
class ListShareLinks:
    units: UnitOfWorkFactory

    async def __call__(self, mapping_id: MappingId, *, missing: bool = False) -> Sequence[SyncedRecord]:
        """List the synced people with their links; with `missing`, only those without links (rule 30)."""
        async with self.units.read() as unit:
            mapping = require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            people = [
                person
                for kind in KINDS.people
                for person in await unit.synced.list_by_event(
                    mapping.organization_id, mapping.events.destination_id, kind
                )
            ]
        return [person for person in people if not (missing and person.links)]


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    mapping_id: MappingId
    missing: bool = False
    search: str = ""
    start: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ListPeople:
    units: UnitOfWorkFactory

    async def __call__(self, query: PeopleQuery) -> PeoplePage:
        """Return a page of the synced people with their links."""
        async with self.units.read() as unit:
            mapping = require(await unit.mappings.get(query.mapping_id), "mapping", query.mapping_id)
            return await unit.synced.people(
                mapping.organization_id,
                mapping.events.destination_id,
                missing=query.missing,
                search=query.search,
                start=query.start,
                limit=query.limit,
            )
