"""Read where links can be written back, and what became of them (rule 38)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.domain.ids import MappingId, SourceId
from core.domain.links.link_homes import LinkField, LinkHome, LinkSettings
from core.domain.links.link_outcomes import LinkOutcome, LinkResult
from core.domain.records.kinds import RecordKind
from core.domain.runs.run import SyncRun
from core.usecases.shared.link_access import LinkAccess
from core.usecases.shared.link_fields import field_holders, list_campaigns, list_fields
from core.usecases.shared.mapping_access import get_mapping_access
from ports.link_writer import LinkWriters
from ports.store.pages import Page
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class LinkChoices:
    """What an admin can choose for writing back."""

    chosen: LinkSettings
    fields: Sequence[LinkField]
    """Of people."""
    company_fields: Sequence[LinkField]
    campaigns: Mapping[str, str]
    """The titles of the campaigns that people have links of, by id."""


@dataclass(frozen=True, slots=True)
class TakesLinks:
    """Whether a source takes links at all."""

    link_writers: LinkWriters

    def __call__(self, source: str) -> bool:
        """Return whether links can be written into a source, given by its identifier."""
        return bool(self.link_writers.homes(source))


@dataclass(frozen=True, slots=True)
class ListLinkHomes:
    link_writers: LinkWriters

    def __call__(self, source: str) -> Mapping[str, LinkHome]:
        """Return where a source, given by its identifier, has links of people, by the name of the kind."""
        return self.link_writers.homes(source)


@dataclass(frozen=True, slots=True)
class ListLinkChoices:
    links: LinkAccess

    async def __call__(self, mapping_id: MappingId) -> LinkChoices:
        """Return the fields that can be chosen, as the source has them now, and the campaigns.

        Raises:
            NotFound, NotMapped
            LinksNotTaken
            SourceError
        """
        mapping, sealed = await get_mapping_access(self.links.units, mapping_id)
        homes = self.links.homes(mapping)
        person, company = field_holders(homes)
        fields, company_fields = (
            await list_fields(self.links, mapping, sealed, person),
            await list_fields(self.links, mapping, sealed, company) if company else (),
        )
        campaigns = await list_campaigns(self.links, mapping)
        return LinkChoices(mapping.settings.links, fields, company_fields, campaigns)


@dataclass(frozen=True, slots=True)
class ListLinkCampaigns:
    links: LinkAccess

    async def __call__(self, mapping_id: MappingId) -> Mapping[str, str]:
        """Return the titles of the campaigns that people have links of, by id, without reading the source.

        Raises:
            NotFound, NotMapped
        """
        mapping, _ = await get_mapping_access(self.links.units, mapping_id)
        return await list_campaigns(self.links, mapping)


@dataclass(frozen=True, slots=True)
class LinkOutcomesQuery:
    run: SyncRun
    only: Collection[LinkOutcome] = ()
    search: str = ""
    start: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class ListLinkOutcomes:
    units: UnitOfWorkFactory

    async def __call__(self, query: LinkOutcomesQuery) -> Page[LinkResult]:
        """Return a page of what became of links in a run, in the order they were recorded."""
        async with self.units.read() as unit:
            return await unit.link_outcomes.page(
                query.run.id, only=query.only, search=query.search, start=query.start, limit=query.limit
            )


@dataclass(frozen=True, slots=True)
class ListLatestLinks:
    units: UnitOfWorkFactory

    async def __call__(
        self, mapping_id: MappingId, source_ids: Collection[SourceId]
    ) -> Mapping[tuple[RecordKind, SourceId], Sequence[LinkResult]]:
        """Return what became of these people's links last."""
        async with self.units.read() as unit:
            return await unit.link_outcomes.latest(mapping_id, source_ids)
