"""The unit of work: a transaction with its repositories."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

from ports.store.access import (
    Accounts,
    ApiKeys,
    AttemptsBySubject,
    AuditLog,
    Installation,
    LoginSessions,
    PortalAddresses,
    PortalRevocations,
    ProviderIdentities,
)
from ports.store.links import FieldOrders, LinkOutcomes, WriteQuotas, WrittenLinks
from ports.store.mappings import Mappings, Schedules, UnchangedMarkers
from ports.store.notifications import Notifications, Recipients
from ports.store.organizations import Connections, Organizations
from ports.store.results import CreateIntents, Outcomes, SyncedRecords
from ports.store.runs import Runs


class UnitOfWork(Protocol):
    @property
    def organizations(self) -> Organizations: ...
    @property
    def connections(self) -> Connections: ...
    @property
    def mappings(self) -> Mappings: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def schedules(self) -> Schedules: ...
    @property
    def unchanged_markers(self) -> UnchangedMarkers: ...
    @property
    def synced(self) -> SyncedRecords: ...
    @property
    def intents(self) -> CreateIntents: ...
    @property
    def outcomes(self) -> Outcomes: ...
    @property
    def written_links(self) -> WrittenLinks: ...
    @property
    def link_outcomes(self) -> LinkOutcomes: ...
    @property
    def write_quotas(self) -> WriteQuotas: ...
    @property
    def field_orders(self) -> FieldOrders: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def identities(self) -> ProviderIdentities: ...
    @property
    def installation(self) -> Installation: ...
    @property
    def login_sessions(self) -> LoginSessions: ...
    @property
    def attempts(self) -> AttemptsBySubject: ...
    @property
    def api_keys(self) -> ApiKeys: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def portal_revocations(self) -> PortalRevocations: ...
    @property
    def portal_addresses(self) -> PortalAddresses: ...
    @property
    def recipients(self) -> Recipients: ...
    @property
    def notifications(self) -> Notifications: ...

    async def now(self) -> datetime:
        """Return the time of the database's clock, which all processes share."""
        ...

    async def commit(self) -> None:
        """Commit all changes.

        Raises:
            PersistenceError: also for earlier calls: a unit may defer statements that return no result.
        """
        ...


class UnitOfWorkFactory(Protocol):
    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a unit that only reads and waits for no lock."""
        ...

    def write(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a unit that may write; data it has read does not change until it commits.

        Raises:
            DatabaseUnavailable
        """
        ...
