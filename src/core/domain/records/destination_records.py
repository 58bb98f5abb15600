"""Events and records as the destination has them."""

from dataclasses import dataclass

from core.domain.ids import ExternalId, GleaninEventId, GleaninId
from core.domain.records.synced_records import ShareLink


@dataclass(frozen=True, slots=True)
class GleaninEvent:
    id: GleaninEventId
    name: str
    time_zone: str | None = None
    is_archived: bool = False


@dataclass(frozen=True, slots=True)
class GleaninRecord:
    id: GleaninId
    external_id: ExternalId | None = None
    email: str | None = None
    sessions: tuple[GleaninId, ...] = ()
    links: tuple[ShareLink, ...] | None = ()
    """None when nothing was said of links."""
