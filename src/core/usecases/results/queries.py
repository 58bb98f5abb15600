"""Read outcomes and share links."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.domain.errors import require
from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.records.kinds import PEOPLE, RecordKind
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
        """Give a run with its outcomes, in the order in which they happened.

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

    async def __call__(self, asked: OutcomesQuery) -> Page[RecordOutcome]:
        """Give a part of a run's outcomes, in the order in which they happened."""
        async with self.units.read() as unit:
            return await unit.outcomes.page(
                asked.run.id,
                only=asked.only,
                kinds=asked.kinds,
                search=asked.search,
                start=asked.start,
                limit=asked.limit,
            )


@dataclass(frozen=True, slots=True)
class ListMappingsWithPeople:
    units: UnitOfWorkFactory

    async def __call__(self, organization_id: OrganizationId) -> Sequence[EventMapping]:
        """Give the active mappings, oldest first, then those that have ended and have synced people, newest first.

        Mappings of the same Gleanin event share their people: of these there is one.
        """
        async with self.units.read() as unit:
            mappings = await unit.mappings.list_by_organization(organization_id)
            chosen = [each for each in mappings if each.is_active]
            known = {each.events.gleanin_id for each in chosen}
            for each in reversed(mappings):
                event_id = each.events.gleanin_id
                if event_id in known:
                    continue
                known.add(event_id)
                if (await unit.synced.people(organization_id, event_id, limit=1)).people:
                    chosen.append(each)
        return chosen


@dataclass(frozen=True, slots=True)
class ListShareLinks:
    units: UnitOfWorkFactory

    async def __call__(self, mapping_id: MappingId, *, missing: bool = False) -> Sequence[SyncedRecord]:
        """Give the synced people with their links; with `missing`, those who have none yet (rule 30)."""
        async with self.units.read() as unit:
            mapping = require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            people = [
                person
                for kind in PEOPLE
                for person in await unit.synced.list_by_event(
                    mapping.organization_id, mapping.events.gleanin_id, kind
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

    async def __call__(self, asked: PeopleQuery) -> PeoplePage:
        """Give a part of the synced people, with their links."""
        async with self.units.read() as unit:
            mapping = require(await unit.mappings.get(asked.mapping_id), "mapping", asked.mapping_id)
            return await unit.synced.people(
                mapping.organization_id,
                mapping.events.gleanin_id,
                missing=asked.missing,
                search=asked.search,
                start=asked.start,
                limit=asked.limit,
            )
