"""Events and records as the destination has them."""

from dataclasses import dataclass

from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.records.synced_records import ShareLink


@dataclass(frozen=True, slots=True)
class DestinationEvent:
    id: DestinationEventId
    name: str
    time_zone: str | None = None
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class DestinationRecord:
    id: DestinationId
    external_id: ExternalId | None = None
    email: str | None = None
    sessions: tuple[DestinationId, ...] = ()
    links: tuple[ShareLink, ...] | None = ()
    """None if the destination did not report links."""
