"""Synced records, intents to create, and outcomes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.domain.ids import (
    ConnectionId,
    DestinationEventId,
    DestinationId,
    MappingId,
    OrganizationId,
    RunId,
    SourceId,
)
from core.domain.links.write_back import LinkedPerson
from core.domain.records.kinds import RecordKind
from core.domain.records.outcomes import Causes, Counts, Outcome, RecordOutcome, RecordRef
from core.domain.records.synced_records import CreateIntent, SentRecords, ShareLink, SyncedRecord
from ports.store.pages import Page


class SyncedRecords(Protocol):
    """The synced records of an organization and a destination event, which outlive mappings and connections."""

    async def save(
        self, organization_id: OrganizationId, event_id: DestinationEventId, records: Collection[SyncedRecord]
    ) -> None:
        """Insert or replace records; the links of an existing record do not change."""
        ...

    async def mark_left(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
        left_at: datetime | None,
    ) -> None:
        """Store since when these records have left the programme; None if they are back in it."""
        ...

    async def save_links(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        links: Mapping[SourceId, tuple[ShareLink, ...]],
    ) -> None: ...

    async def find(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> Mapping[SourceId, SyncedRecord]: ...

    async def list_linked(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence[LinkedPerson]:
        """List the people of a kind who have links, by label, without what was sent of them."""
        ...

    async def list_refs(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence["SyncedRecordRef"]:
        """List references to all synced records of a kind, without their contents."""
        ...

    async def list_kinds(
        self, organization_id: OrganizationId, event_id: DestinationEventId
    ) -> Sequence[RecordKind]:
        """List the kinds of which there are synced records, also those that are not installed any more."""
        ...

    async def count_sent(self, organization_id: OrganizationId) -> Sequence[SentRecords]:
        """Count the organization's synced records by destination event, connection and kind."""
        ...

    async def list_by_event(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence[SyncedRecord]:
        """List all records of a kind by label."""
        ...

    async def people(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        *,
        missing: bool = False,
        search: str = "",
        start: int = 0,
        limit: int = 50,
    ) -> "PeoplePage":
        """Return a page of people by kind and label, reading as few other rows as possible.

        Args:
            organization_id: the organization.
            event_id: the destination event.
            missing: only people without a link.
            search: only people that match; see `RecordSearch`.
            start: how many to skip: `next` of the previous page.
            limit: how many to return at most.
        """
        ...


@dataclass(frozen=True, slots=True)
class PeoplePage:
    people: Sequence[SyncedRecord]
    total: int
    """How many people match the query."""
    without_link: int
    """How many of all people in the event have no link yet, whatever the query."""
    next: int | None = None
    """Where the next page begins; None on the last page."""


@dataclass(frozen=True, slots=True)
class SyncedRecordRef:
    source_id: SourceId
    destination_id: DestinationId
    connection_id: ConnectionId
    email: str | None = None
    """The e-mail that was last sent, unless a later write is unconfirmed."""
    left_at: datetime | None = None
    """When the record left the programme; None while it is in it."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """The outcome of one record in one run."""

    run_id: RunId
    at: datetime
    outcome: RecordOutcome
    position: int = 0
    """The outcome's position among all outcomes."""
    confirmed_at: datetime | None = None
    """When a later check last found nothing changed; None if none did."""


class CreateIntents(Protocol):
    """Creates that were about to be sent, whose result is not recorded yet (rule 32).

    They belong to an organization and a destination event, one per source record, and outlive runs and connections.
    """

    async def add(
        self, organization_id: OrganizationId, event_id: DestinationEventId, intents: Collection[CreateIntent]
    ) -> None:
        """Insert or replace intents, with their `sent_at`."""
        ...

    async def list_open(
        self, organization_id: OrganizationId, event_id: DestinationEventId
    ) -> Sequence[CreateIntent]: ...

    async def mark_sent(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> None:
        """Set `sent_at` to the database's time: if these were sent at all, then before now."""
        ...

    async def remove(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> None: ...


class Outcomes(Protocol):
    async def add(self, run_id: RunId, outcomes: Sequence[RecordOutcome]) -> None: ...

    async def counts(self, run_id: RunId) -> Counts:
        """Count a run's outcomes by kind and outcome."""
        ...

    async def causes(self, run_id: RunId) -> Causes:
        """Count a run's outcomes by kind and reason."""
        ...

    async def list_by_run(self, run_id: RunId, only: Collection[Outcome] = ()) -> Sequence[RecordOutcome]:
        """List a run's outcomes in the order they were added; `only` restricts them."""
        ...

    async def page(
        self,
        run_id: RunId,
        *,
        only: Collection[Outcome] = (),
        kinds: Collection[RecordKind] = (),
        search: str = "",
        start: int = 0,
        limit: int = 50,
    ) -> Page[RecordOutcome]:
        """Return a page of a run's outcomes in the order they were added.

        Args:
            run_id: the run.
            only: only these outcomes; empty for all.
            kinds: only records of these kinds; empty for all.
            search: only records that match; see `RecordSearch`.
            start: where to begin: `next` of the previous page.
            limit: how many to return at most.
        """
        ...

    async def find_named(self, mapping_id: MappingId, name: str, max_runs: int) -> Sequence[RecordRef]:
        """List the records with this title or name in the latest of a mapping's runs that has one; see `is_called`.

        Only so many of the latest runs are looked through.
        """
        ...

    async def history(
        self, mapping_id: MappingId, id_or_email: str, limit: int | None = None, before: int | None = None
    ) -> Sequence[HistoryEntry]:
        """List all outcomes of a mapping's record, by its source id, destination id or e-mail, oldest first.

        With a limit, list only the newest ones before a position, also oldest first.
        """
        ...
