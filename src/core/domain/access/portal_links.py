"""Portal addresses: each opens one person's page until it expires or is revoked (rule 31)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.errors import LinkExpired
from core.domain.ids import DestinationEventId, OrganizationId, SourceId
from core.domain.records.kinds import RecordKind

LINK_LIFETIME = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class PersonRef:
    """The person of a portal page: a synced person of an organization in a destination event."""

    organization_id: OrganizationId
    event_id: DestinationEventId
    kind: RecordKind
    source_id: SourceId


def check_portal_link(created_at: datetime, revoked_at: datetime | None, now: datetime) -> None:
    """Check that a portal address is still valid.

    Args:
        created_at: when the address was created.
        revoked_at: addresses created up to then are revoked; None if none are.
        now: the current time.

    Raises:
        LinkExpired: the address has expired or was revoked.
    """
    if now >= created_at + LINK_LIFETIME or (revoked_at is not None and created_at <= revoked_at):
        raise LinkExpired
