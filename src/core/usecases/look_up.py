"""Look things up: organizations, mappings, runs and their outcomes, one record's history, share links."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from core.domain.accounts import Account
from core.domain.api_keys import ApiKey
from core.domain.audit import AuditEntry
from core.domain.identifiers import MappingId, OrganizationId, RunId
from core.domain.kinds import PEOPLE, RecordKind
from core.domain.mappings import EventMapping
from core.domain.organizations import Connection, Organization
from core.domain.outcomes import Outcome, RecordOutcome
from core.domain.refusals import check_asked, found
from core.domain.runs import SyncRun
from core.domain.synced import SyncedRecord
from ports.persistence import HistoryEntry, Page, PeoplePage, Units


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
            return [(each, await unit.connections.open_one(each.id)) for each in organizations]


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

    async def __call__(self, organization_id: OrganizationId) -> Sequence[EventMapping]:
        """Give the organization's mappings, oldest first, without the removed ones."""
        async with self.units.reading() as unit:
            found(await unit.organizations.get(organization_id), "organization", organization_id)
            return [each for each in await unit.mappings.of_organization(organization_id) if each.is_active]


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
class OutcomesAsked:
    run_id: RunId
    only: Collection[Outcome] = ()
    kinds: Collection[RecordKind] = ()
    search: str = ""
    start: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class PageOutcomes:
    units: Units

    async def __call__(self, asked: OutcomesAsked) -> Page[RecordOutcome]:
        """Give a part of a run's outcomes, in the order in which they happened."""
        async with self.units.reading() as unit:
            return await unit.outcomes.page(
                asked.run_id,
                only=asked.only,
                kinds=asked.kinds,
                search=asked.search,
                start=asked.start,
                limit=asked.limit,
            )


@dataclass(frozen=True, slots=True)
class TellHistory:
    units: Units

    async def __call__(
        self, mapping_id: MappingId, id_or_email: str, limit: int | None = None, before: int | None = None
    ) -> Sequence[HistoryEntry]:
        """Give all that ever happened to one record, oldest first; with a limit, the newest so many.

        Raises:
            NotFound: also when no run of the mapping ever read such a record.
        """
        async with self.units.reading() as unit:
            found(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            check_asked("record", id_or_email)
            entries = await unit.outcomes.history(mapping_id, id_or_email.strip(), limit, before)
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


@dataclass(frozen=True, slots=True)
class PeopleAsked:
    mapping_id: MappingId
    missing: bool = False
    search: str = ""
    start: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class PageShareLinks:
    units: Units

    async def __call__(self, asked: PeopleAsked) -> PeoplePage:
        """Give a part of the synced people, with their links."""
        async with self.units.reading() as unit:
            mapping = found(await unit.mappings.get(asked.mapping_id), "mapping", asked.mapping_id)
            return await unit.synced.people(
                mapping.organization_id,
                mapping.events.gleanin_id,
                missing=asked.missing,
                search=asked.search,
                start=asked.start,
                limit=asked.limit,
            )


@dataclass(frozen=True, slots=True)
class ReadAuditLog:
    units: Units

    async def __call__(
        self, organization_id: OrganizationId | None, before: int | None = None, limit: int = 50
    ) -> Sequence[AuditEntry]:
        """Give what was done, newest first: in an organization, or (None) everywhere."""
        async with self.units.reading() as unit:
            return await unit.audit.page(organization_id, before, limit)


@dataclass(frozen=True, slots=True)
class ListMembers:
    units: Units

    async def __call__(self, organization_id: OrganizationId) -> Sequence[Account]:
        """Give the accounts that have a role in an organization itself."""
        async with self.units.reading() as unit:
            return await unit.accounts.of_organization(organization_id)


@dataclass(frozen=True, slots=True)
class ListApiKeys:
    units: Units

    async def __call__(self, organization_id: OrganizationId | None) -> Sequence[ApiKey]:
        """Give an organization's API keys, newest first; with None, those for all organizations."""
        async with self.units.reading() as unit:
            return await unit.api_keys.of_organization(organization_id)


@dataclass(frozen=True, slots=True)
class ListAccounts:
    units: Units

    async def __call__(self) -> Sequence[Account]:
        """Give all accounts, by e-mail."""
        async with self.units.reading() as unit:
            return await unit.accounts.all()
