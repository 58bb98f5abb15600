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
from core.domain.tenancy.event_mappings import EventMapping


class Mappings(Protocol):
    async def add(self, mapping: EventMapping) -> None:
        """Add a mapping.

        Raises:
            Taken: SESSIONBOARD_EVENT or GLEANIN_EVENT, by any organization's mapping that holds its events.
        """
        ...

    async def update(self, mapping: EventMapping) -> None: ...

    async def get(self, mapping_id: MappingId) -> EventMapping | None: ...

    async def holding(
        self,
        sessionboard_url: str,
        sessionboard_ids: Collection[SourceEventId],
        gleanin_ids: Collection[DestinationEventId],
    ) -> Sequence[EventMapping]:
        """Give the mappings, of any organization, that hold any of these events."""
        ...

    async def list_by_organization(self, organization_id: OrganizationId) -> Sequence[EventMapping]:
        """Give all the organization's mappings, removed ones too, oldest first."""
        ...

    async def list_by_connection(self, connection_id: ConnectionId) -> Sequence[EventMapping]: ...

    async def active(self, organization_id: OrganizationId | None = None) -> Sequence[EventMapping]:
        """Return the active mappings, oldest first: an organization's, or (None) everybody's."""
        ...


class Schedules(Protocol):
    async def get(self, mapping_id: MappingId) -> Schedule | None: ...

    async def save(self, schedule: Schedule) -> None:
        """Insert or replace."""
        ...

    async def list_by_connection(self, connection_id: ConnectionId) -> Sequence[Schedule]:
        """Give the schedules of a connection's mappings, as far as there are any."""
        ...

    async def list_by_open_connections(
        self, organization_id: OrganizationId | None = None
    ) -> Sequence[tuple[OrganizationId, Schedule]]:
        """Return the schedules of open connections' mappings, removed ones too.

        Args:
            organization_id: whose; None for everybody's.
        """
        ...

    async def halt_of(self, organization_id: OrganizationId) -> Halt | None:
        """Return the halt of the organization's open connection, if there is one: the first of several."""
        ...

    async def due(self, now: datetime, of_each: int, limit: int) -> Sequence[DueMapping]:
        """Return mappings whose time for continuous sync has come, or that have no schedule yet.

        They are active, with saved settings, and not halted. At most so many of each organization and in all, the
        longest due first; the time of one without a schedule came when it was mapped.
        """
        ...

    async def begin_check(self, mapping_id: MappingId, owner: str, now: datetime, until: datetime) -> bool:
        """Hold a mapping for a check; False where another check holds it, or it has no schedule."""
        ...

    async def renew_check(self, mapping_id: MappingId, owner: str, until: datetime) -> bool:
        """Hold it for longer; False when this owner holds it no more."""
        ...

    async def end_check(self, mapping_id: MappingId, owner: str | None = None) -> bool:
        """Release a mapping; return False when this owner holds it no more. Without one, whatever check holds it is over."""
        ...

    async def continuous(self) -> Sequence[ContinuousMapping]:
        """Return the mappings with continuous sync, those that have no schedule yet too."""
        ...


class UnchangedMarkers(Protocol):
    async def get(self, mapping_id: MappingId) -> UnchangedMarker | None: ...

    async def save(self, marker: UnchangedMarker) -> None:
        """Insert or replace."""
        ...

    async def remove(self, mapping_id: MappingId) -> None:
        """Remove it, if there is one."""
        ...
