"""Look things up: organizations, mappings, runs and their outcomes, one record's history, share links."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.domain.identifiers import MappingId, OrganizationId, RunId
from core.domain.kinds import PEOPLE
from core.domain.mappings import EventMapping
from core.domain.organizations import Connection, Organization
from core.domain.outcomes import Outcome, RecordOutcome
from core.domain.refusals import found
from core.domain.runs import SyncRun
from core.domain.synced import SyncedRecord
from ports.persistence import HistoryEntry, Units


@dataclass(frozen=True, slots=True)
class FindOrganization:
    units: Units

    async def __call__(self, id_or_name: str) -> Organization:
        """Find one.

        Raises:
            NotFound: there is none.
        """
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
            return [(each, await unit.connections.open_one(each.id)) for each in organizations]


@dataclass(frozen=True, slots=True)
class ListMappings:
    units: Units

    async def __call__(self, organization_id: OrganizationId) -> Sequence[EventMapping]:
        """Give the organization's mappings, oldest first, without the removed ones."""
        async with self.units.reading() as unit:
            found(await unit.organizations.get(organization_id), "organization", organization_id)
            return [each for each in await unit.mappings.of_organization(organization_id) if each.is_active]


@dataclass(frozen=True, slots=True)
class ListRuns:
    units: Units

    async def __call__(self, mapping_id: MappingId, limit: int = 100) -> Sequence[SyncRun]:
        """Give the mapping's runs, newest first."""
        async with self.units.reading() as unit:
            found(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            return await unit.runs.of_mapping(mapping_id, limit)


@dataclass(frozen=True, slots=True)
class FindRun:
    units: Units

    async def __call__(self, run_id: RunId) -> SyncRun:
        async with self.units.reading() as unit:
            return found(await unit.runs.get(run_id), "run", run_id)


@dataclass(frozen=True, slots=True)
class ListOutcomes:
    units: Units

    async def __call__(
        self, run_id: RunId, only: Collection[Outcome] = ()
    ) -> tuple[SyncRun, Sequence[RecordOutcome]]:
        """Give a run with its outcomes, in the order in which they happened."""
        async with self.units.reading() as unit:
            run = found(await unit.runs.get(run_id), "run", run_id)
            return run, await unit.outcomes.of_run(run_id, only)


@dataclass(frozen=True, slots=True)
class TellHistory:
    units: Units

    async def __call__(self, mapping_id: MappingId, id_or_email: str) -> Sequence[HistoryEntry]:
        """Give all that ever happened to one record, oldest first.

        Raises:
            NotFound: also when no run of the mapping ever read such a record.
        """
        async with self.units.reading() as unit:
            found(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            entries = await unit.outcomes.history(mapping_id, id_or_email.strip())
        return found(
            entries or None,
            "record",
            id_or_email,
            "No run of this mapping has read it; its next sync will tell.",
        )


@dataclass(frozen=True, slots=True)
class ListShareLinks:
    units: Units

    async def __call__(self, mapping_id: MappingId, *, missing: bool = False) -> Sequence[SyncedRecord]:
        """Give the synced people with their links; with `missing`, those who have none yet (rule 30)."""
        async with self.units.reading() as unit:
            mapping = found(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            people = [
                person
                for kind in PEOPLE
                for person in await unit.synced.of_event(
                    mapping.organization_id, mapping.events.gleanin_id, kind
                )
            ]
        return [person for person in people if not (missing and person.links)]
