"""Links written back into the source: what was written, what became of it, and what a token has used."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.domain.ids import MappingId, OrganizationId, RunId, SourceEventId, SourceId
from core.domain.links.link_homes import HolderType
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome, LinkResult
from core.domain.links.write_back import WrittenLink
from core.domain.links.write_quota import WriteQuota
from core.domain.records.kinds import RecordKind
from ports.store.pages import Page


@dataclass(frozen=True, slots=True)
class LinkPlace:
    """Where links are written: one field of an organization's event in the source."""

    organization_id: OrganizationId
    source_url: str
    event_id: SourceEventId
    holder: HolderType
    field: str


class WrittenLinks(Protocol):
    """What we know to have written; it outlives mappings and connections, as the source keeps it too."""

    async def find(
        self, place: LinkPlace, record_ids: Collection[SourceId]
    ) -> Mapping[SourceId, WrittenLink]: ...

    async def save(self, place: LinkPlace, links: Collection[WrittenLink]) -> None:
        """Insert or replace."""
        ...

    async def take_echo(
        self,
        organization_id: OrganizationId,
        holder: HolderType,
        record_id: SourceId,
        values: Mapping[str, str],
        since: datetime,
    ) -> bool:
        """Check whether a change of a record is the echo of our own write, and do so once for each write.

        Args:
            organization_id: whose write.
            holder: the type of the record.
            record_id: which record.
            values: what its custom fields hold now, by their internal names.
            since: earlier writes have no echo any more.
        """
        ...


class LinkOutcomes(Protocol):
    """What became of links, run by run; and of the latest write-back that was asked for by itself."""

    async def add(self, mapping_id: MappingId, run_id: RunId, results: Sequence[LinkResult]) -> None:
        """Store the results of a run."""
        ...

    async def replace_latest(self, mapping_id: MappingId, results: Sequence[LinkResult]) -> None:
        """Store the results of a write-back without a run, in place of those of the previous one."""
        ...

    async def counts(self, run_id: RunId) -> LinkCounts: ...

    async def page(
        self,
        run_id: RunId,
        *,
        only: Collection[LinkOutcome] = (),
        search: str = "",
        start: int = 0,
        limit: int = 50,
    ) -> Page[LinkResult]:
        """Return a page of a run's results in the order they were added.

        Args:
            run_id: the run.
            only: only these outcomes; empty for all.
            search: only records that match; see `RecordSearch`.
            start: where to begin: `next` of the previous page.
            limit: how many to return at most.
        """
        ...

    async def latest(
        self, mapping_id: MappingId, source_ids: Collection[SourceId]
    ) -> Mapping[tuple[RecordKind, SourceId], Sequence[LinkResult]]:
        """Return what became of these people's links last, by kind and id; of each type of record the latest result."""
        ...


class WriteQuotas(Protocol):
    """What each token has used of its source's limits."""

    async def get(self, token: str) -> WriteQuota:
        """Return what a token has used.

        Args:
            token: its digest.
        """
        ...

    async def save(self, token: str, quota: WriteQuota) -> None: ...


class FieldOrders(Protocol):
    """Fields that were ordered and are not known to exist yet."""

    async def add(self, place: LinkPlace, at: datetime) -> None:
        """Insert or replace; the field of the place is the public name that was ordered."""
        ...

    async def get(self, place: LinkPlace) -> datetime | None: ...

    async def remove(self, place: LinkPlace) -> None: ...
