"""Portal addresses: each opens one person's page until it expires or is revoked (rule 31)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.errors import LinkExpired
from core.domain.ids import DestinationEventId, OrganizationId, SourceId
from core.domain.records.kinds import RecordKind

LINK_LIFETIME = timedelta(days=90)
RESOLUTION = timedelta(microseconds=1)
"""Of the time that an address is signed with."""


@dataclass(frozen=True, slots=True)
class PersonRef:
    """The person of a portal page: a synced person of an organization in a destination event."""

    organization_id: OrganizationId
    event_id: DestinationEventId
    kind: RecordKind
    source_id: SourceId


@dataclass(frozen=True, slots=True)
class PortalAddress:
    """The address of a person that was made last. It is signed anew from this time, and so is always the same."""

    made_at: datetime

    @property
    def expires_at(self) -> datetime:
        return self.made_at + LINK_LIFETIME


def valid_address(
    made_at: datetime | None, revoked_at: datetime | None, now: datetime
) -> PortalAddress | None:
    """Return the address that was made last, if it still opens the page; None if there is none that does (rule 39)."""
    if made_at is None:
        return None
    try:
        check_portal_link(made_at, revoked_at, now)
    except LinkExpired:
        return None
    return PortalAddress(made_at)


def new_address(revoked_at: datetime | None, now: datetime) -> PortalAddress:
    """Return a new address; one that was revoked in the same moment, or by a clock that was set back, is not it."""
    return PortalAddress(now if revoked_at is None else max(now, revoked_at + RESOLUTION))


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
