"""A harness for the use cases: both systems, the store and the clock in memory, with all use cases wired to them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from cryptography.fernet import Fernet

from adapters.memory.clock import ManualClock
from adapters.memory.destination import InMemoryDestination, InMemoryGleanin
from adapters.memory.event_log import RecordedEvents
from adapters.memory.id_generator import SequentialIds
from adapters.memory.link_writer import InMemoryLinkWriters
from adapters.memory.notifier import InMemoryNotifier
from adapters.memory.records import StoredRecord
from adapters.memory.source import InMemoryProgramme, InMemorySource, InMemorySources
from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from adapters.security.cipher import FernetCipher
from core.domain.access.authorization import COMMAND_LINE, Actor
from core.domain.ids import (
    DestinationEventId,
    MappingId,
    OrganizationId,
    RunId,
    SourceEventId,
    SourceId,
    external_id,
)
from core.domain.notifications.notification import Channel, Recipient
from core.domain.records.feeds import SESSIONS, Feed, SourceRow
from core.domain.records.kinds import ALL, RecordKind, Scope
from core.domain.records.outcomes import RecordOutcome
from core.domain.records.source_records import Exhibitor, Session, SourceEvent, Unreadable
from core.domain.records.synced_records import RESEND_AFTER
from core.domain.runs.run import SyncRun, Trigger
from core.domain.runs.schedule import Schedule
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Connection, Organization
from core.domain.tenancy.secrets import SystemCredentials, Token
from core.usecases.links.order_link_field import OrderLinkField
from core.usecases.links.preview_link_change import PreviewLinkChange
from core.usecases.links.queries import ListLinkCampaigns, ListLinkChoices
from core.usecases.links.write_links_back import PreviewLinks, WriteLinksBack
from core.usecases.mappings.change_settings import ChangeSettings, SettingsChange
from core.usecases.mappings.confirm_time_zone import ConfirmZone
from core.usecases.mappings.list_events import ListEvents
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.mappings.queries import ListMappings
from core.usecases.mappings.remove_mapping import RemoveMapping
from core.usecases.notifications.choose_recipient import ChooseRecipient
from core.usecases.notifications.deliver_notifications import DeliverNotifications
from core.usecases.notifications.remove_recipient import RemoveRecipient
from core.usecases.notifications.send_test import SendTestNotification
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from core.usecases.organizations.connect_or_renew import ConnectOrRenew
from core.usecases.organizations.disconnect import Disconnect
from core.usecases.organizations.remove_organization import RemoveOrganization
from core.usecases.organizations.replace_destination_token import ReplaceDestinationToken
from core.usecases.organizations.replace_source_token import ReplaceSourceToken
from core.usecases.results.queries import GetRunWithOutcomes, ListShareLinks
from core.usecases.runs.queries import FindRun, ListRuns
from core.usecases.runs.recover_abandoned_run import RecoverAbandonedRun
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.runs.requeue_interrupted_run import RequeueInterruptedRun
from core.usecases.runs.select_next_runs import SelectNextRuns
from core.usecases.shared.link_access import LinkAccess
from core.usecases.shared.run_ends import RunEnds
from core.usecases.sync.get_event import GetEvent
from core.usecases.sync.preview import Preview
from core.usecases.sync.run_sync import RunSync
from core.usecases.sync.systems import SystemAccess
from ports.destination import BeforeWrite, DestinationOpener, Destinations
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.support.assertions import present
from tests.support.delegating_opener import DelegatingOpener
from tests.support.systems import SESSIONBOARD
from tests.support.wiring import Wired

R = TypeVar("R", bound=SourceRow)
URL = "https://sessionboard.example.org"
SESSIONBOARD_TOKEN = Token("sessionboard-token-0123456789")
TOKEN = Token("gleanin-token-abcdefghi-4321")
LEASE = timedelta(seconds=15)
HERE = SourceEventId("3960")
ELSEWHERE = SourceEventId("3961")
THERE = DestinationEventId("11")
FAR = DestinationEventId("12")


async def nothing() -> None:
    pass


@dataclass(slots=True)
class Gate(DelegatingOpener):
    """Gleanin with a hook that runs for every write, after the fence and right before the write takes place."""

    gleanin: InMemoryGleanin
    before_write: Callable[[], Awaitable[None]] = nothing

    @property
    def delegate(self) -> DestinationOpener:
        return self.gleanin

    def named(self, identifier: str) -> "Gate":
        self.gleanin.named(identifier)
        return self

    @asynccontextmanager
    async def open(
        self, credentials: SystemCredentials, before_write: BeforeWrite | None = None
    ) -> AsyncIterator[InMemoryDestination]:
        async def check_and_wait() -> None:
            if before_write is not None:
                await before_write()
            await self.before_write()

        async with self.gleanin.open(credentials, check_and_wait) as destination:
            yield destination


class FixedUrls:
    def home(self) -> str:
        return "https://sync.example.org/"

    def run(self, run_id: RunId) -> str:
        return f"https://sync.example.org/runs/{run_id}"


@dataclass(slots=True)
class CountingSource(InMemorySource):
    """Sessionboard, with a count of how often all sessions were read."""

    reads: int = 0

    async def records(
        self, event_id: SourceEventId, feed: Feed[R]
    ) -> AsyncIterator[Sequence[R | Unreadable]]:
        self.reads += feed is SESSIONS
        async for page in InMemorySource.records(self, event_id, feed):
            yield page


@dataclass(slots=True)
class Harness:
    """All use cases, with two events in each system.

    Sessionboard has the events HERE and ELSEWHERE, Gleanin has THERE and FAR and reports no time zones. The use cases
    have no default for the actor; the methods here fill in the command line.
    """

    units: UnitOfWorkFactory = field(default_factory=InMemoryUnitOfWorkFactory)
    gleanin: InMemoryGleanin = field(default_factory=InMemoryGleanin)
    sources: InMemorySources = field(default_factory=lambda: InMemorySources(CountingSource()))
    clock: ManualClock = field(default_factory=ManualClock)
    ids: SequentialIds = field(default_factory=SequentialIds)
    cipher: FernetCipher = field(default_factory=lambda: FernetCipher([Fernet.generate_key().decode()]))
    log: RecordedEvents = field(default_factory=RecordedEvents)
    contact: str | None = None
    lease: timedelta = LEASE
    resend_after: timedelta = RESEND_AFTER
    notifier: InMemoryNotifier = field(default_factory=InMemoryNotifier)
    public_urls: FixedUrls = field(default_factory=FixedUrls)
    link_writers: InMemoryLinkWriters = field(default_factory=InMemoryLinkWriters)
    gate: Gate = field(init=False)
    destinations: Destinations = field(init=False)

    access = Wired(SystemAccess)
    links = Wired(LinkAccess)
    patient_links = Wired(LinkAccess)
    list_link_choices = Wired(ListLinkChoices)
    list_link_campaigns = Wired(ListLinkCampaigns)
    preview_link_change = Wired(PreviewLinkChange)
    order_link_field = Wired(OrderLinkField)
    preview_links = Wired(PreviewLinks)
    write_links_back = Wired(WriteLinksBack)
    patient_access = Wired(SystemAccess)
    _connect = Wired(Connect)
    _renew = Wired(ReplaceDestinationToken)
    list_events = Wired(ListEvents)
    confirm_time_zone = Wired(ConfirmZone)
    request = Wired(RequestSync)
    requeue_run = Wired(RequeueInterruptedRun)
    select_next_runs = Wired(SelectNextRuns)
    recover_run = Wired(RecoverAbandonedRun)
    run_sync = Wired(RunSync)
    deliver_notifications = Wired(DeliverNotifications)
    preview = Wired(Preview)
    get_event = Wired(GetEvent)
    list_share_links = Wired(ListShareLinks)
    get_run = Wired(FindRun)
    list_mappings = Wired(ListMappings)
    list_runs = Wired(ListRuns)

    def __post_init__(self) -> None:
        if isinstance(self.units, InMemoryUnitOfWorkFactory):
            self.units.clock = self.clock
        self.destinations = self.gate = Gate(self.gleanin)
        self.source.clock = self.gleanin.clock = self.clock
        for event, name in ((HERE, "PyConf"), (ELSEWHERE, "RustConf")):
            self.source.put(SourceEvent(event, name, "Europe/Paris"))
        for there, name in ((THERE, "PyConf goes Gleanin"), (FAR, "RustConf goes Gleanin")):
            self.gleanin.add_event(there, name)

    @property
    def source(self) -> InMemorySource:
        return self.sources.source

    @property
    def reads(self) -> int:
        """The number of times that all sessions were read."""
        assert isinstance(self.source, CountingSource)
        return self.source.reads

    @property
    def programme(self) -> InMemoryProgramme:
        return self.source.programmes[HERE]

    async def add_organization(
        self, command: NewOrganization, *, actor: Actor = COMMAND_LINE
    ) -> Organization:
        add = AddOrganization(self.units, self.sources, self.cipher, self.ids, self.clock)
        return await add(command, actor=actor)

    async def remove_organization(
        self, organization_id: OrganizationId, confirmation: str | None, *, actor: Actor = COMMAND_LINE
    ) -> None:
        await RemoveOrganization(self.units, self.clock)(organization_id, confirmation, actor=actor)

    async def connect(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        url: str = "",
        fields: Mapping[str, str] | None = None,
        continuous_sync: bool = False,
        actor: Actor = COMMAND_LINE,
    ) -> Connection:
        return await self._connect(
            organization_id, token, url=url, fields=fields, continuous_sync=continuous_sync, actor=actor
        )

    async def replace_sessionboard_token(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        fields: Mapping[str, str] | None = None,
        actor: Actor = COMMAND_LINE,
    ) -> Organization:
        replace_token = ReplaceSourceToken(self.units, self.sources, self.cipher, self.clock)
        return await replace_token(organization_id, token, fields=fields, actor=actor)

    async def replace_destination_token(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        actor: Actor = COMMAND_LINE,
        fields: Mapping[str, str] | None = None,
        continuous_sync: bool | None = None,
    ) -> Connection:
        return await self._renew(
            organization_id, token, fields=fields, continuous_sync=continuous_sync, actor=actor
        )

    async def connect_or_renew(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        fields: Mapping[str, str] | None = None,
        continuous_sync: bool | None = None,
        actor: Actor = COMMAND_LINE,
    ) -> tuple[Connection, bool]:
        connect_or_renew = ConnectOrRenew(self._connect, self._renew)
        return await connect_or_renew(
            organization_id, token, fields=fields, continuous_sync=continuous_sync, actor=actor
        )

    async def disconnect(
        self, organization_id: OrganizationId, confirmation: str | None, *, actor: Actor = COMMAND_LINE
    ) -> Connection:
        return await Disconnect(self.units, self.clock, self.run_ends, LEASE)(
            organization_id, confirmation, actor=actor
        )

    async def map_events(self, command: NewMapping, *, actor: Actor = COMMAND_LINE) -> EventMapping:
        map_events = MapEvents(self.units, self.sources, self.destinations, self.cipher, self.ids, self.clock)
        return await map_events(command, actor=actor)

    async def remove_mapping(self, mapping_id: MappingId, *, actor: Actor = COMMAND_LINE) -> EventMapping:
        return await RemoveMapping(self.units, self.clock, self.run_ends)(mapping_id, actor=actor)

    async def change_settings(self, command: SettingsChange, *, actor: Actor = COMMAND_LINE) -> EventMapping:
        change = ChangeSettings(
            self.units, self.sources, self.cipher, self.clock, self.confirm_time_zone, self.links
        )
        return await change(command, actor=actor)

    async def request_sync(
        self, mapping_id: MappingId, scope: Scope = ALL, trigger: Trigger = Trigger.MANUAL
    ) -> SyncRun:
        return await self.request(SyncRequest(mapping_id, scope, trigger, actor=COMMAND_LINE))

    @property
    def run_ends(self) -> RunEnds:
        return RunEnds(self.ids, self.clock, self.log, support_contact=self.contact)

    async def choose_recipient(
        self, organization_id: OrganizationId, channel: Channel, address: str, *, actor: Actor = COMMAND_LINE
    ) -> tuple[Recipient, Token | None]:
        choose = ChooseRecipient(self.units, self.notifier, self.cipher, self.ids, self.clock)
        return await choose(organization_id, channel, address, actor=actor)

    async def remove_recipient(
        self, organization_id: OrganizationId, *, actor: Actor = COMMAND_LINE
    ) -> Recipient | None:
        return await RemoveRecipient(self.units, self.clock)(organization_id, actor=actor)

    async def send_test_notification(
        self, organization_id: OrganizationId, *, actor: Actor = COMMAND_LINE
    ) -> Recipient:
        attempt = SendTestNotification(
            self.units, self.notifier, self.cipher, self.public_urls, self.ids, self.clock
        )
        return await attempt(organization_id, actor=actor)

    def offer(
        self,
        *sessions: Session | Unreadable,
        exhibitors: tuple[Exhibitor | Unreadable, ...] = (),
        event: SourceEventId = HERE,
    ) -> None:
        """Replace what Sessionboard's event has."""
        programme = self.source.programmes[event]
        programme.sessions[:] = sessions
        programme.exhibitors[:] = exhibitors

    async def organization(self, name: str = "Acme") -> Organization:
        return await self.add_organization(NewOrganization(name, URL, SESSIONBOARD_TOKEN))

    async def connection(self, name: str = "Acme") -> Connection:
        return await self.connect((await self.organization(name)).id, TOKEN)

    async def map(
        self,
        organization_id: OrganizationId,
        event: SourceEventId = HERE,
        there: DestinationEventId = THERE,
    ) -> EventMapping:
        return await self.map_events(NewMapping(organization_id, event, there, time_zone_confirmed=True))

    async def mapping(self) -> EventMapping:
        """Add an organization, connect it, and map HERE to THERE."""
        return await self.map((await self.connection()).organization_id)

    async def reconnect_and_map(
        self, previous: EventMapping, there: DestinationEventId = THERE
    ) -> EventMapping:
        """Disconnect, connect again and map the same Sessionboard event."""
        await self.disconnect(previous.organization_id, "Acme")
        await self.connect(previous.organization_id, TOKEN)
        return await self.map(previous.organization_id, there=there)

    async def sync(self, mapping: EventMapping, scope: Scope = ALL) -> SyncRun:
        return await self.run_sync((await self.request_sync(mapping.id, scope)).id)

    async def check(self, mapping: EventMapping) -> SyncRun | None:
        """Check a mapping as if it were due."""
        return await self.run_sync.check(mapping.id)

    @asynccontextmanager
    async def committing(self) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work that is committed when its block ends without an error."""
        async with self.units.write() as unit:
            yield unit
            await unit.commit()

    async def schedule_of(self, mapping_id: MappingId) -> Schedule:
        async with self.units.read() as unit:
            return present(await unit.schedules.get(mapping_id))

    async def outcomes(self, run: SyncRun) -> dict[str, RecordOutcome]:
        """Return a run's outcomes by source id, which is unique in these tests."""
        _, outcomes = await GetRunWithOutcomes(self.units)(run.id)
        by_id = {str(outcome.record.source_id): outcome for outcome in outcomes}
        assert len(by_id) == len(outcomes), "one outcome for each record (rule 26)"
        return by_id

    def in_gleanin(self, mapping: EventMapping, kind: RecordKind, source_id: str) -> list[StoredRecord]:
        """Return the records in Gleanin that were created for a source record; more than one is a duplicate."""
        sought_id = external_id(SESSIONBOARD, mapping.connection_id, SourceId(source_id))
        records = self.gleanin.list_by_event(mapping.events.destination_id, kind)
        return [record for record in records if record.external_id == sought_id]

    def the(self, mapping: EventMapping, kind: RecordKind, source_id: str) -> StoredRecord:
        (record,) = self.in_gleanin(mapping, kind, source_id)
        return record
