"""What is remembered, in units of work: leaving one without `commit()` undoes it.

PersistenceError
├── Taken           a unique constraint stands in the way: somebody else was first
└── StoreUnusable   the database cannot be reached, or is not migrated
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from core.domain.ids import (
    ConnectionId,
    GleaninEventId,
    GleaninId,
    MappingId,
    NoticeId,
    OrganizationId,
    RunId,
    SessionboardEventId,
    SourceId,
)
from core.domain.notifications.notification import Notice, Recipient
from core.domain.records.kinds import RecordKind
from core.domain.records.outcomes import Causes, Counts, Outcome, RecordOutcome
from core.domain.records.synced_records import CreateIntent, SentRecords, ShareLink, SyncedRecord
from core.domain.runs.fair_queue import ContinuousMapping, DueMapping, OpenWork
from core.domain.runs.retention import EndedRun
from core.domain.runs.run import Progress, SyncRun
from core.domain.runs.schedule import Halt, Schedule
from core.domain.runs.unchanged_marker import Checkpoint
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Connection, Organization
from ports.accounts import (
    Accounts,
    ApiKeys,
    AttemptsBySubject,
    AuditLog,
    Installation,
    PortalRevocations,
    ProviderIdentities,
    SignIns,
)

T = TypeVar("T")


class PersistenceError(Exception):
    pass


class Unique(StrEnum):
    """What there can be only one of."""

    ORGANIZATION_NAME = "organization_name"
    OPEN_CONNECTION = "open_connection"
    SESSIONBOARD_EVENT = "sessionboard_event"
    GLEANIN_EVENT = "gleanin_event"
    RUNNING_RUN = "running_run"
    QUEUED_RUN = "queued_run"
    ACCOUNT_EMAIL = "account_email"


class Taken(PersistenceError):
    def __init__(self, what: Unique) -> None:
        super().__init__(f"taken: {what}")
        self.what = what


class StoreUnusable(PersistenceError):
    """Its text is a sentence that says what to do."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a long list."""

    items: Sequence[T]
    next: int | None = None
    """Where the next part begins; None where there is none."""


class Organizations(Protocol):
    async def add(self, organization: Organization) -> None:
        """Add an organization.

        Raises:
            Taken: ORGANIZATION_NAME, ignoring case.
        """
        ...

    async def update(self, organization: Organization) -> None:
        """Store its new token; name and address stay."""
        ...

    async def get(self, organization_id: OrganizationId) -> Organization | None: ...

    async def named(self, name: str) -> Organization | None:
        """Find one by its name, ignoring case."""
        ...

    async def all(self) -> Sequence[Organization]:
        """Give all, by name."""
        ...

    async def remove(self, organization_id: OrganizationId, at: datetime) -> None:
        """Take an organization away with its mappings, runs, outcomes, synced records, API keys, grants and notices.

        Its connections stay, ended at the latest now, without anything in them but their ids: they tell what was
        sent under them.
        """
        ...


class Connections(Protocol):
    async def add(self, connection: Connection) -> None:
        """Add a connection.

        Raises:
            Taken: OPEN_CONNECTION.
        """
        ...

    async def update(self, connection: Connection) -> None: ...

    async def get(self, connection_id: ConnectionId) -> Connection | None: ...

    async def open_one(self, organization_id: OrganizationId) -> Connection | None:
        """Find the organization's open connection."""
        ...

    async def list_open(self) -> Sequence[Connection]:
        """Return the open connections of all organizations, in no particular order."""
        ...

    async def elsewhere(self, sessionboard_url: str) -> Collection[ConnectionId]:
        """Give all connections, ended ones too, of organizations at another Sessionboard address."""
        ...


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
        sessionboard_ids: Collection[SessionboardEventId],
        gleanin_ids: Collection[GleaninEventId],
    ) -> Sequence[EventMapping]:
        """Give the mappings, of any organization, that hold any of these events."""
        ...

    async def of_organization(self, organization_id: OrganizationId) -> Sequence[EventMapping]:
        """Give all the organization's mappings, removed ones too, oldest first."""
        ...

    async def of_connection(self, connection_id: ConnectionId) -> Sequence[EventMapping]: ...

    async def active(self, organization_id: OrganizationId | None = None) -> Sequence[EventMapping]:
        """Return the active mappings, oldest first: an organization's, or (None) everybody's."""
        ...


class Runs(Protocol):
    async def add(self, run: SyncRun) -> None:
        """Add a run.

        Raises:
            Taken: QUEUED_RUN or RUNNING_RUN of its mapping.
        """
        ...

    async def update(self, run: SyncRun) -> None:
        """Store a run as it is now.

        Raises:
            Taken: RUNNING_RUN, when another one runs for the mapping.
        """
        ...

    async def get(self, run_id: RunId) -> SyncRun | None: ...

    async def open_ones(self, mapping_id: MappingId) -> Sequence[SyncRun]:
        """Give the mapping's running and queued run, in this order, as far as there are any."""
        ...

    async def of_mapping(
        self, mapping_id: MappingId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        """Give the mapping's runs, newest first, or those that were requested before a certain one."""
        ...

    async def of_organization(
        self, organization_id: OrganizationId, limit: int = 100, before: RunId | None = None
    ) -> Sequence[SyncRun]:
        """Give the runs of all the organization's mappings, removed ones too, newest first."""
        ...

    async def latest_ended(self, organization_id: OrganizationId | None = None) -> Sequence[SyncRun]:
        """Return of each active mapping, and each scope, the newest run that has ended, the newest first.

        Runs that somebody has stopped, by removing the mapping or disconnecting, are left out.

        Args:
            organization_id: whose mappings; None for everybody's.
        """
        ...

    async def open_work(self) -> Sequence[OpenWork]:
        """Return all runs that have not ended, in the order in which they were asked for; then all checks.

        Of checks, the longest due come first; those whose time has run out are among them.
        """
        ...

    async def ended_before(
        self, instant: datetime, limit: int, after: RunId | None = None
    ) -> Sequence[EndedRun]:
        """Return runs that ended before, at most so many, the earliest first, or those that ended after a certain one."""
        ...

    async def forget(self, run_ids: Collection[RunId], limit: int) -> int:
        """Remove ended runs with their outcomes, at most so many rows in all, and return how many went.

        The outcomes go first: a run that still has some stays until next time.
        """
        ...

    async def run_in_place_of(self, run_id: RunId) -> RunId | None:
        """Return which run's outcomes an earlier version of this program showed for one that it does not keep."""
        ...

    async def booked_by(self, mapping_id: MappingId, request_key: str) -> RunId | None:
        """Tell which run an earlier request with this key booked."""
        ...

    async def note_booking(self, mapping_id: MappingId, request_key: str, run_id: RunId) -> None: ...

    async def renew(
        self, run_id: RunId, owner: str, until: datetime, progress: Mapping[str, Progress] | None = None
    ) -> bool:
        """Prolong the lease of a running run and note its progress; False when this owner holds it no more.

        Nothing else of the run is touched: somebody may have asked it to stop meanwhile.
        """
        ...

    async def standing(self, run_id: RunId) -> "Standing | None":
        """Tell who holds a run and whether it should stop: cheap, for it is asked before writes."""
        ...


class Schedules(Protocol):
    async def get(self, mapping_id: MappingId) -> Schedule | None: ...

    async def save(self, schedule: Schedule) -> None:
        """Insert or replace."""
        ...

    async def of_connection(self, connection_id: ConnectionId) -> Sequence[Schedule]:
        """Give the schedules of a connection's mappings, as far as there are any."""
        ...

    async def of_open_connections(
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


class Recipients(Protocol):
    """Where notices go: of each organization to one place at most."""

    async def get(self, organization_id: OrganizationId) -> Recipient | None: ...

    async def save(self, recipient: Recipient) -> None:
        """Insert or replace; what waits goes to the new one."""
        ...

    async def remove(self, organization_id: OrganizationId) -> None:
        """Take the recipient away, and the notices that still wait for it."""
        ...


class Notices(Protocol):
    """The outbox: what is to be told stands here from the moment in which it has happened."""

    async def add(self, notice: Notice) -> None: ...

    async def update(self, notice: Notice) -> None:
        """Store how far its delivery has come; one that has gone with its recipient stays gone."""
        ...

    async def get(self, notice_id: NoticeId) -> Notice | None: ...

    async def due(self, now: datetime, most_per_organization: int, limit: int) -> Sequence[Notice]:
        """Give notices for which an attempt is due, the longest due first, at most so many of each organization."""
        ...

    async def of_organization(self, organization_id: OrganizationId, limit: int = 50) -> Sequence[Notice]:
        """Give the organization's notices, newest first."""
        ...

    async def forget_before(self, instant: datetime, limit: int) -> int:
        """Take away notices of before that wait for nothing any more, at most so many; give how many went."""
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    owner: str | None
    lease_until: datetime | None
    stop_asked: str | None


class Checkpoints(Protocol):
    async def get(self, mapping_id: MappingId) -> Checkpoint | None: ...

    async def save(self, checkpoint: Checkpoint) -> None:
        """Insert or replace."""
        ...

    async def remove(self, mapping_id: MappingId) -> None:
        """Remove it, if there is one."""
        ...


class SyncedRecords(Protocol):
    """Synced records belong to an organization and a Gleanin event; they outlive mappings and connections."""

    async def save(
        self, organization_id: OrganizationId, event_id: GleaninEventId, records: Collection[SyncedRecord]
    ) -> None:
        """Insert or replace; the links of a record that exists are left as they are."""
        ...

    async def mark_left(
        self,
        organization_id: OrganizationId,
        event_id: GleaninEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
        left_at: datetime | None,
    ) -> None:
        """Note since when these have left the programme; None for those that are in it again."""
        ...

    async def save_links(
        self,
        organization_id: OrganizationId,
        event_id: GleaninEventId,
        kind: RecordKind,
        links: Mapping[SourceId, tuple[ShareLink, ...]],
    ) -> None: ...

    async def find(
        self,
        organization_id: OrganizationId,
        event_id: GleaninEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> Mapping[SourceId, SyncedRecord]: ...

    async def places(
        self, organization_id: OrganizationId, event_id: GleaninEventId, kind: RecordKind
    ) -> Sequence["Place"]:
        """Tell of every synced record of a kind where it is, and nothing more."""
        ...

    async def sent(self, organization_id: OrganizationId) -> Sequence[SentRecords]:
        """Count the organization's synced records by Gleanin event, connection and kind."""
        ...

    async def of_event(
        self, organization_id: OrganizationId, event_id: GleaninEventId, kind: RecordKind
    ) -> Sequence[SyncedRecord]:
        """Give all records of a kind, by label."""
        ...

    async def people(
        self,
        organization_id: OrganizationId,
        event_id: GleaninEventId,
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
class Place:
    source_id: SourceId
    gleanin_id: GleaninId
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
        self, organization_id: OrganizationId, event_id: GleaninEventId, intents: Collection[CreateIntent]
    ) -> None:
        """Insert or replace them, with `sent_at` as they have it."""
        ...

    async def list_open(
        self, organization_id: OrganizationId, event_id: GleaninEventId
    ) -> Sequence[CreateIntent]: ...

    async def mark_sent(
        self,
        organization_id: OrganizationId,
        event_id: GleaninEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> None:
        """Set `sent_at` to the database's time: these were sent by now, if they were sent at all."""
        ...

    async def remove(
        self,
        organization_id: OrganizationId,
        event_id: GleaninEventId,
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

    async def of_run(self, run_id: RunId, only: Collection[Outcome] = ()) -> Sequence[RecordOutcome]:
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


class Unit(Protocol):
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
    def checkpoints(self) -> Checkpoints: ...
    @property
    def synced(self) -> SyncedRecords: ...
    @property
    def intents(self) -> CreateIntents: ...
    @property
    def outcomes(self) -> Outcomes: ...
    @property
    def accounts(self) -> Accounts: ...
    @property
    def identities(self) -> ProviderIdentities: ...
    @property
    def installation(self) -> Installation: ...
    @property
    def sign_ins(self) -> SignIns: ...
    @property
    def attempts(self) -> AttemptsBySubject: ...
    @property
    def api_keys(self) -> ApiKeys: ...
    @property
    def audit(self) -> AuditLog: ...
    @property
    def portal_revocations(self) -> PortalRevocations: ...
    @property
    def recipients(self) -> Recipients: ...
    @property
    def notices(self) -> Notices: ...

    async def now(self) -> datetime:
        """Return the time by the database's clock, which all processes share."""
        ...

    async def commit(self) -> None:
        """Store what was done.

        Raises:
            PersistenceError: also of what was added before: a unit may put off what gives no result.
        """
        ...


class Units(Protocol):
    def reading(self) -> AbstractAsyncContextManager[Unit]:
        """Begin a unit that only reads, and waits for nobody."""
        ...

    def writing(self) -> AbstractAsyncContextManager[Unit]:
        """Begin a unit that may write; what it has read does not change before it commits.

        Raises:
            StoreUnusable
        """
        ...
