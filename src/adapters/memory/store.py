"""All rows in memory, and a stand-in for a database's keys."""

from copy import copy
from dataclasses import dataclass, field, fields
from datetime import datetime

from core.domain.access.accounts import Account, Attempts, LoginSession
from core.domain.access.api_keys import ApiKey
from core.domain.access.audit import AuditEntry
from core.domain.access.identities import ProviderIdentity
from core.domain.access.portal_links import PersonRef
from core.domain.ids import (
    AccountId,
    ApiKeyId,
    ConnectionId,
    DestinationEventId,
    MappingId,
    NotificationId,
    OrganizationId,
    RunId,
    SourceId,
)
from core.domain.links.link_outcomes import LinkResult
from core.domain.links.write_back import WrittenLink
from core.domain.links.write_quota import WriteQuota
from core.domain.notifications.notification import Notification, Recipient
from core.domain.records.outcomes import RecordOutcome
from core.domain.records.synced_records import CreateIntent, SyncedRecord
from core.domain.runs.run import SyncRun
from core.domain.runs.schedule import Schedule
from core.domain.runs.unchanged_marker import UnchangedMarker
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Connection, Organization
from ports.store.errors import PersistenceError
from ports.store.links import LinkPlace


@dataclass(slots=True)
class InMemoryStore:
    """All rows. They are frozen, so copying the dicts copies everything."""

    organizations: dict[OrganizationId, Organization] = field(default_factory=dict)
    removed: dict[OrganizationId, str] = field(default_factory=dict)
    """The Sessionboard URLs of deleted organizations."""
    connections: dict[ConnectionId, Connection] = field(default_factory=dict)
    mappings: dict[MappingId, EventMapping] = field(default_factory=dict)
    runs: dict[RunId, SyncRun] = field(default_factory=dict)
    idempotency_keys: dict[tuple[MappingId, str], RunId] = field(default_factory=dict)
    """Run by mapping and idempotency key."""
    schedules: dict[MappingId, Schedule] = field(default_factory=dict)
    checks: dict[MappingId, tuple[str, datetime]] = field(default_factory=dict)
    """The owner of a mapping's check, and when its lease ends."""
    unchanged_markers: dict[MappingId, UnchangedMarker] = field(default_factory=dict)
    synced: dict[tuple[OrganizationId, DestinationEventId, str], dict[SourceId, SyncedRecord]] = field(
        default_factory=dict
    )
    """By organization, Gleanin event and name of the kind; the inner dicts are replaced, never changed."""
    left_at: dict[tuple[OrganizationId, DestinationEventId, str, SourceId], datetime] = field(
        default_factory=dict
    )
    """When synced records left the programme."""
    intents: dict[tuple[OrganizationId, DestinationEventId, str, SourceId], CreateIntent] = field(
        default_factory=dict
    )
    outcomes: dict[RunId, dict[tuple[str, SourceId], tuple[int, RecordOutcome]]] = field(default_factory=dict)
    """With their positions; the inner dicts are replaced, never changed."""
    accounts: dict[AccountId, Account] = field(default_factory=dict)
    identities: dict[ProviderIdentity, AccountId] = field(default_factory=dict)
    login_sessions: dict[str, LoginSession] = field(default_factory=dict)
    attempts: dict[str, Attempts] = field(default_factory=dict)
    api_keys: dict[ApiKeyId, ApiKey] = field(default_factory=dict)
    audit: dict[int, AuditEntry] = field(default_factory=dict)
    revocations: dict[PersonRef, datetime] = field(default_factory=dict)
    portal_addresses: dict[PersonRef, datetime] = field(default_factory=dict)
    recipients: dict[OrganizationId, Recipient] = field(default_factory=dict)
    notifications: dict[NotificationId, Notification] = field(default_factory=dict)
    written_links: dict[tuple[LinkPlace, SourceId], tuple[WrittenLink, bool]] = field(default_factory=dict)
    """Each with whether its echo is still to come."""
    link_outcomes: dict[int, tuple[MappingId, RunId | None, LinkResult]] = field(default_factory=dict)
    write_quotas: dict[str, WriteQuota] = field(default_factory=dict)
    field_orders: dict[LinkPlace, datetime] = field(default_factory=dict)
    accounts_added: int = 0
    served_url: str | None = None
    last_position: int = 0
    """The last position given to an outcome or an audit entry."""

    def copy(self) -> "InMemoryStore":
        return InMemoryStore(*(copy(getattr(self, table.name)) for table in fields(self)))

    def next_position(self) -> int:
        self.last_position += 1
        return self.last_position

    def source_url(self, organization_id: OrganizationId) -> str:
        """Return the Sessionboard URL of an organization, deleted ones too."""
        organization = self.organizations.get(organization_id)
        return self.removed[organization_id] if organization is None else organization.source_url


def check(*, holds: bool) -> None:
    """Raise what a database's foreign and primary keys would.

    Raises:
        PersistenceError: the constraint does not hold.
    """
    if not holds:
        raise PersistenceError("The in-memory store rejected a row that conflicts with its data.")
