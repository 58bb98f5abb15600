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
from core.domain.records.kinds import RecordKind
from core.domain.records.outcomes import Causes, Counts, Outcome, RecordOutcome
from core.domain.records.synced_records import CreateIntent, SentRecords, ShareLink, SyncedRecord
from ports.store.pages import Page


class SyncedRecords(Protocol):
    """Synced records belong to an organization and a Gleanin event; they outlive mappings and connections."""

    async def save(
        self, organization_id: OrganizationId, event_id: DestinationEventId, records: Collection[SyncedRecord]
    ) -> None:
        """Insert or replace; the links of a record that exists are left as they are."""
        ...

    async def mark_left(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
        left_at: datetime | None,
    ) -> None:
        """Note since when these have left the programme; None for those that are in it again."""
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

    async def places(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence["SyncedRecordRef"]:
        """Tell of every synced record of a kind where it is, and nothing more."""
        ...

    async def sent(self, organization_id: OrganizationId) -> Sequence[SentRecords]:
        """Count the organization's synced records by Gleanin event, connection and kind."""
        ...

    async def list_by_event(
        self, organization_id: OrganizationId, event_id: DestinationEventId, kind: RecordKind
    ) -> Sequence[SyncedRecord]:
        """Give all records of a kind, by label."""
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
        """Give a part of the people by kind and label, without reading more of the others than it must.

        Args:
            organization_id: whose.
            event_id: where.
            missing: only people without a link.
            search: only people whom this fits; see `RecordSearch`.
            start: how many to leave out, as told by the part before.
            limit: how many to give at most.
        """
        ...


@dataclass(frozen=True, slots=True)
class PeoplePage:
    people: Sequence[SyncedRecord]
    total: int
    """How many there are in all that were asked for."""
    without_link: int
    """How many of all people in the event have no link yet, whatever was asked for."""
    next: int | None = None
    """Where the next part begins; None where there is none."""


@dataclass(frozen=True, slots=True)
class SyncedRecordRef:
    source_id: SourceId
    gleanin_id: DestinationId
    connection_id: ConnectionId
    email: str | None = None
    """The one that was last sent, unless it is in doubt what has arrived since."""
    left_at: datetime | None = None
    """Since when it has left the programme; None while it is in it."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """What one run did with one record."""

    run_id: RunId
    at: datetime
    outcome: RecordOutcome
    position: int = 0
    """Its place among all outcomes."""
    confirmed_at: datetime | None = None
    """When a later run last found that nothing had changed; None where none did."""


class CreateIntents(Protocol):
    """Creates that were about to be sent, and of which nobody has recorded yet what became (rule 32).

    They belong to an organization and a Gleanin event, one for each source record, and outlive runs and connections.
    """

    async def add(
        self, organization_id: OrganizationId, event_id: DestinationEventId, intents: Collection[CreateIntent]
    ) -> None:
        """Insert or replace them, with `sent_at` as they have it."""
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
        """Set `sent_at` to the database's time: these were sent by now, if they were sent at all."""
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
        """Give a run's outcomes, in the order in which they were added; `only` restricts them."""
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
        """Give a part of a run's outcomes, in the order in which they were added.

        Args:
            run_id: of which run.
            only: these outcomes; all, where there are none.
            kinds: of these kinds; all, where there are none.
            search: only records that this fits; see `RecordSearch`.
            start: where to begin, as told by the part before.
            limit: how many to give at most.
        """
        ...

    async def history(
        self, mapping_id: MappingId, id_or_email: str, limit: int | None = None, before: int | None = None
    ) -> Sequence[HistoryEntry]:
        """Give all that happened to a record of a mapping, by its Sessionboard id, Gleanin id or e-mail, oldest first.

        With a limit, the newest so many from before a position, oldest first too.
        """
        ...
