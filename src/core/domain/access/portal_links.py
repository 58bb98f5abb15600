"""Portal addresses: each opens one person's page for a while, and can be revoked (rule 31)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.domain.errors import LinkExpired
from core.domain.ids import DestinationEventId, OrganizationId, SourceId
from core.domain.records.kinds import RecordKind

ADDRESS_LASTS = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class PersonRef:
    """Whose page: a synced person of one organization in one Gleanin event."""

    organization_id: OrganizationId
    event_id: DestinationEventId
    kind: RecordKind
    source_id: SourceId


def check_address(made_at: datetime, revoked_at: datetime | None, now: datetime) -> None:
    """See that an address still opens its page.

    Raises:
        LinkExpired: it is too old, or all made up to a later moment were revoked.
    """
    if now >= made_at + ADDRESS_LASTS or (revoked_at is not None and made_at <= revoked_at):
        raise LinkExpired
