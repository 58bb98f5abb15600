"""Event mappings, their schedules and their unchanged markers."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from core.domain.ids import (
    ConnectionId,
    DestinationEventId,
    MappingId,
    OrganizationId,
    SourceEventId,
)
from core.domain.runs.fair_queue import ContinuousMapping, DueMapping
from core.domain.runs.schedule import Halt, Schedule
from core.domain.runs.unchanged_marker import UnchangedMarker
from core.domain.systems import ExternalSystem
from core.domain.tenancy.event_mappings import EventMapping


class Mappings(Protocol):
    async def add(self, mapping: EventMapping) -> None:
        """Add a mapping.

        Raises:
            UniqueViolation: SOURCE_EVENT or DESTINATION_EVENT, if any organization's mapping holds one of its events.
        """
        ...

    async def update(self, mapping: EventMapping) -> None: ...

    async def get(self, mapping_id: MappingId) -> EventMapping | None: ...

    async def list_by_events(
        self,
        source_url: str,
        source_ids: Collection[SourceEventId],
        destination_ids: Collection[DestinationEventId],
    ) -> Sequence[EventMapping]:
        """List the mappings of any organization that hold one of these events."""
        ...

    async def list_by_organization(self, organization_id: OrganizationId) -> Sequence[EventMapping]:
        """List all the organization's mappings, including removed ones, oldest first."""
        ...

    async def list_by_connection(self, connection_id: ConnectionId) -> Sequence[EventMapping]: ...

    async def list_active(self, organization_id: OrganizationId | None = None) -> Sequence[EventMapping]:
        """List the active mappings, oldest first: an organization's, or all with None."""
        ...


class Schedules(Protocol):
    async def get(self, mapping_id: MappingId) -> Schedule | None: ...

    async def save(self, schedule: Schedule) -> None:
        """Insert or replace."""
        ...

    async def list_by_connection(self, connection_id: ConnectionId) -> Sequence[Schedule]:
        """List the schedules of a connection's mappings; a mapping may have none."""
        ...

    async def list_for_open_connections(
        self, organization_id: OrganizationId | None = None
    ) -> Sequence[tuple[OrganizationId, Schedule]]:
        """List the schedules of open connections' mappings, including removed ones.

        Args:
            organization_id: only this organization; None for all.
        """
        ...

    async def find_halt(self, organization_id: OrganizationId) -> Halt | None:
        """Return the first halt of the organization's open connection, if there is one."""
        ...

    async def find_destination(
        self, organization_id: OrganizationId
    ) -> tuple[ExternalSystem, Halt | None] | None:
        """Return the destination of the organization's open connection, and its first halt, in one query."""
        ...

    async def list_due(self, now: datetime, max_per_organization: int, limit: int) -> Sequence[DueMapping]:
        """List the mappings that are due for continuous sync, or have no schedule yet, longest due first.

        They are active, with saved settings, and not halted. A mapping without a schedule is due since it was mapped.

        Args:
            now: the current time.
            max_per_organization: how many to return at most of each organization.
            limit: how many to return at most in total.
        """
        ...

    async def begin_check(self, mapping_id: MappingId, owner: str, now: datetime, until: datetime) -> bool:
        """Lock a mapping for a check; return False if another check holds it or it has no schedule."""
        ...

    async def renew_check(self, mapping_id: MappingId, owner: str, until: datetime) -> bool:
        """Extend the lock; return False if this owner no longer holds it."""
        ...

    async def end_check(self, mapping_id: MappingId, owner: str | None = None) -> bool:
        """Release the lock; return False if this owner no longer holds it. Without an owner, release any lock."""
        ...

    async def list_continuous(self) -> Sequence[ContinuousMapping]:
        """List the mappings with continuous sync, including those without a schedule."""
        ...


class UnchangedMarkers(Protocol):
    async def get(self, mapping_id: MappingId) -> UnchangedMarker | None: ...

    async def save(self, marker: UnchangedMarker) -> None:
        """Insert or replace."""
        ...

    async def remove(self, mapping_id: MappingId) -> None:
        """Delete a mapping's marker, if there is one."""
        ...
