"""A stage for the use cases: both sides, the store and the clock in memory, and everything wired to them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from cryptography.fernet import Fernet

from adapters.memory.clock import ManualClock
from adapters.memory.destination import MemoryDestination, MemoryGleanin
from adapters.memory.event_log import KeptEvents
from adapters.memory.id_generator import CountingNames
from adapters.memory.notifier import MemoryMessenger
from adapters.memory.records import StoredRecord
from adapters.memory.source import InMemoryProgramme, MemorySessionSource, MemorySessionSources
from adapters.memory.unit_of_work import MemoryUnits
from adapters.security.cipher import FernetCipher
from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import (
    GleaninEventId,
    MappingId,
    OrganizationId,
    RunId,
    SessionboardEventId,
    SourceId,
    external_id,
)
from core.domain.notifications.notification import Channel, Recipient
from core.domain.records.kinds import RecordKind, Scope
from core.domain.records.outcomes import RecordOutcome
from core.domain.records.source_records import Exhibitor, Session, SourceEvent, Unreadable
from core.domain.records.synced_records import RESEND_AFTER
from core.domain.runs.run import SyncRun, Trigger
from core.domain.runs.schedule import Schedule
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Connection, Organization
from core.domain.tenancy.secrets import Token
from core.usecases.mappings.change_settings import ChangeSettings, SettingsChange
from core.usecases.mappings.confirm_time_zone import NoteTimeZone
from core.usecases.mappings.list_events import ListEvents
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.mappings.queries import ListMappings
from core.usecases.mappings.remove_mapping import RemoveMapping
from core.usecases.notifications.choose_recipient import ChooseRecipient
from core.usecases.notifications.deliver_notifications import DeliverNotices
from core.usecases.notifications.remove_recipient import RemoveRecipient
from core.usecases.notifications.send_test import TryRecipient
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from core.usecases.organizations.connect_or_renew import ConnectOrRenew
from core.usecases.organizations.disconnect import Disconnect
from core.usecases.organizations.remove_organization import RemoveOrganization
from core.usecases.organizations.replace_destination_token import ReplaceGleaninToken
from core.usecases.organizations.replace_source_token import ReplaceSessionboardToken
from core.usecases.results.queries import ListOutcomes, ListShareLinks
from core.usecases.runs.queries import FindRun, ListRuns
from core.usecases.runs.recover_abandoned_run import TakeOver
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.runs.requeue_interrupted_run import RequestAgain
from core.usecases.runs.select_next_runs import ChooseRuns
from core.usecases.shared.run_ends import RunEnds
from core.usecases.sync.access import Access
from core.usecases.sync.preview import Preview
from core.usecases.sync.run import RunSync
from core.usecases.sync.show_event import ShowEvent
from ports.destination import BeforeWrite, Destinations
from ports.store.unit_of_work import Unit, Units
from tests.present import present
from tests.unit.usecases.wired import Wired

URL = "https://sessionboard.example.org"
SESSIONBOARD_TOKEN = Token("sessionboard-token-0123456789")
TOKEN = Token("gleanin-token-abcdefghi-4321")
LEASE = timedelta(seconds=15)
HERE = SessionboardEventId("3960")
ELSEWHERE = SessionboardEventId("3961")
THERE = GleaninEventId("11")
FAR = GleaninEventId("12")


async def nothing() -> None:
    pass


@dataclass(slots=True)
class Gate:
    """Gleanin with a gate that every write comes to after the fence, right before it takes place."""

    gleanin: MemoryGleanin
    pass_by: Callable[[], Awaitable[None]] = nothing

    @asynccontextmanager
    async def open(
        self, token: Token, before_write: BeforeWrite | None = None
    ) -> AsyncIterator[MemoryDestination]:
        async def guarded() -> None:
            if before_write is not None:
                await before_write()
            await self.pass_by()

        async with self.gleanin.open(token, guarded) as destination:
            yield destination


class Paths:
    def home(self) -> str:
        return "https://sync.example.org/"

    def run(self, run_id: RunId) -> str:
        return f"https://sync.example.org/runs/{run_id}"


@dataclass(slots=True)
class Watched(MemorySessionSource):
    """Sessionboard, with a count of how often somebody read all sessions."""

    readings: int = 0

    async def sessions(self, event_id: SessionboardEventId) -> AsyncIterator[Sequence[Session | Unreadable]]:
        self.readings += 1
        async for page in MemorySessionSource.sessions(self, event_id):
            yield page


@dataclass(slots=True)
class Stage:
    """Sessionboard has the events HERE and ELSEWHERE, Gleanin has THERE and FAR, and tells no time zones.

    The use cases have no default for the actor; the stage's methods fill in the command line.
    """

    units: Units = field(default_factory=MemoryUnits)
    gleanin: MemoryGleanin = field(default_factory=MemoryGleanin)
    sources: MemorySessionSources = field(default_factory=lambda: MemorySessionSources(Watched()))
    clock: ManualClock = field(default_factory=ManualClock)
    names: CountingNames = field(default_factory=CountingNames)
    cipher: FernetCipher = field(default_factory=lambda: FernetCipher([Fernet.generate_key().decode()]))
    log: KeptEvents = field(default_factory=KeptEvents)
    contact: str | None = None
    lease: timedelta = LEASE
    resend_after: timedelta = RESEND_AFTER
    messenger: MemoryMessenger = field(default_factory=MemoryMessenger)
    links: Paths = field(default_factory=Paths)
    gate: Gate = field(init=False)
    destinations: Destinations = field(init=False)

    access = Wired(Access)
    patient_access = Wired(Access)
    _connect = Wired(Connect)
    _renew = Wired(ReplaceGleaninToken)
    list_events = Wired(ListEvents)
    note_time_zone = Wired(NoteTimeZone)
    request = Wired(RequestSync)
    request_again = Wired(RequestAgain)
    choose_runs = Wired(ChooseRuns)
    take_over = Wired(TakeOver)
    run_sync = Wired(RunSync)
    deliver_notices = Wired(DeliverNotices)
    preview = Wired(Preview)
    show_event = Wired(ShowEvent)
    list_share_links = Wired(ListShareLinks)
    find_run = Wired(FindRun)
    list_mappings = Wired(ListMappings)
    list_runs = Wired(ListRuns)

    def __post_init__(self) -> None:
        if isinstance(self.units, MemoryUnits):
            self.units.clock = self.clock
        self.destinations = self.gate = Gate(self.gleanin)
        self.source.clock = self.gleanin.clock = self.clock
        for event, name in ((HERE, "PyConf"), (ELSEWHERE, "RustConf")):
            self.source.put(SourceEvent(event, name, "Europe/Paris"))
        for there, name in ((THERE, "PyConf goes Gleanin"), (FAR, "RustConf goes Gleanin")):
            self.gleanin.add_event(there, name)

    @property
    def source(self) -> MemorySessionSource:
        return self.sources.source

    @property
    def readings(self) -> int:
        """How often all sessions were read."""
        assert isinstance(self.source, Watched)
        return self.source.readings

    @property
    def programme(self) -> InMemoryProgramme:
        return self.source.programmes[HERE]

    async def add_organization(self, command: NewOrganization, *, by: str = COMMAND_LINE) -> Organization:
        add = AddOrganization(self.units, self.sources, self.cipher, self.names, self.clock)
        return await add(command, by=by)

    async def remove_organization(
        self, organization_id: OrganizationId, confirmation: str | None, *, by: str = COMMAND_LINE
    ) -> None:
        await RemoveOrganization(self.units, self.clock)(organization_id, confirmation, by=by)

    async def connect(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        continuous_sync: bool = False,
        by: str = COMMAND_LINE,
    ) -> Connection:
        return await self._connect(organization_id, token, continuous_sync=continuous_sync, by=by)

    async def replace_sessionboard_token(
        self, organization_id: OrganizationId, token: Token, *, by: str = COMMAND_LINE
    ) -> Organization:
        replace_token = ReplaceSessionboardToken(self.units, self.sources, self.cipher, self.clock)
        return await replace_token(organization_id, token, by=by)

    async def replace_gleanin_token(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        by: str = COMMAND_LINE,
        continuous_sync: bool | None = None,
    ) -> Connection:
        return await self._renew(organization_id, token, continuous_sync=continuous_sync, by=by)

    async def connect_or_renew(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        continuous_sync: bool | None = None,
        by: str = COMMAND_LINE,
    ) -> tuple[Connection, bool]:
        connect_or_renew = ConnectOrRenew(self._connect, self._renew)
        return await connect_or_renew(organization_id, token, continuous_sync=continuous_sync, by=by)

    async def disconnect(
        self, organization_id: OrganizationId, confirmation: str | None, *, by: str = COMMAND_LINE
    ) -> Connection:
        return await Disconnect(self.units, self.clock, self.run_ends, LEASE)(
            organization_id, confirmation, by=by
        )

    async def map_events(self, command: NewMapping, *, by: str = COMMAND_LINE) -> EventMapping:
        map_events = MapEvents(
            self.units, self.sources, self.destinations, self.cipher, self.names, self.clock
        )
        return await map_events(command, by=by)

    async def remove_mapping(self, mapping_id: MappingId, *, by: str = COMMAND_LINE) -> EventMapping:
        return await RemoveMapping(self.units, self.clock, self.run_ends)(mapping_id, by=by)

    async def change_settings(self, command: SettingsChange, *, by: str = COMMAND_LINE) -> EventMapping:
        change = ChangeSettings(self.units, self.sources, self.cipher, self.clock, self.note_time_zone)
        return await change(command, by=by)

    async def request_sync(
        self, mapping_id: MappingId, scope: Scope = Scope.ALL, trigger: Trigger = Trigger.MANUAL
    ) -> SyncRun:
        return await self.request(SyncRequest(mapping_id, scope, trigger, by=COMMAND_LINE))

    @property
    def run_ends(self) -> RunEnds:
        return RunEnds(self.names, self.clock, self.log, support_contact=self.contact)

    async def choose_recipient(
        self, organization_id: OrganizationId, channel: Channel, address: str, *, by: str = COMMAND_LINE
    ) -> tuple[Recipient, Token | None]:
        choose = ChooseRecipient(self.units, self.messenger, self.cipher, self.names, self.clock)
        return await choose(organization_id, channel, address, by=by)

    async def remove_recipient(
        self, organization_id: OrganizationId, *, by: str = COMMAND_LINE
    ) -> Recipient | None:
        return await RemoveRecipient(self.units, self.clock)(organization_id, by=by)

    async def try_recipient(self, organization_id: OrganizationId, *, by: str = COMMAND_LINE) -> Recipient:
        attempt = TryRecipient(self.units, self.messenger, self.cipher, self.links, self.names, self.clock)
        return await attempt(organization_id, by=by)

    def offer(
        self,
        *sessions: Session | Unreadable,
        exhibitors: tuple[Exhibitor | Unreadable, ...] = (),
        event: SessionboardEventId = HERE,
    ) -> None:
        """Let this be all that Sessionboard's event has."""
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
        event: SessionboardEventId = HERE,
        there: GleaninEventId = THERE,
    ) -> EventMapping:
        return await self.map_events(NewMapping(organization_id, event, there, time_zone_confirmed=True))

    async def mapping(self) -> EventMapping:
        """Come to the point where HERE is mapped to THERE."""
        return await self.map((await self.connection()).organization_id)

    async def reconnect_and_map(self, former: EventMapping, there: GleaninEventId = THERE) -> EventMapping:
        """Disconnect, connect again and map the same Sessionboard event."""
        await self.disconnect(former.organization_id, "Acme")
        await self.connect(former.organization_id, TOKEN)
        return await self.map(former.organization_id, there=there)

    async def sync(self, mapping: EventMapping, scope: Scope = Scope.ALL) -> SyncRun:
        return await self.run_sync((await self.request_sync(mapping.id, scope)).id)

    async def check(self, mapping: EventMapping) -> SyncRun | None:
        """See to a mapping as if its time had come."""
        return await self.run_sync.check(mapping.id)

    @asynccontextmanager
    async def committing(self) -> AsyncIterator[Unit]:
        """Give a unit that is committed when its block ends without an error."""
        async with self.units.writing() as unit:
            yield unit
            await unit.commit()

    async def schedule_of(self, mapping_id: MappingId) -> Schedule:
        async with self.units.reading() as unit:
            return present(await unit.schedules.get(mapping_id))

    async def outcomes(self, run: SyncRun) -> dict[str, RecordOutcome]:
        """Give a run's outcomes by the source id; tests name no two records alike."""
        _, told = await ListOutcomes(self.units)(run.id)
        by_id = {each.record.source_id: each for each in told}
        assert len(by_id) == len(told), "one outcome for each record (rule 26)"
        return {str(key): each for key, each in by_id.items()}

    def in_gleanin(self, mapping: EventMapping, kind: RecordKind, source_id: str) -> list[StoredRecord]:
        """Find all that stands in Gleanin for one source record; more than one is one too many."""
        sent_as = external_id(mapping.connection_id, SourceId(source_id))
        records = self.gleanin.of_event(mapping.events.gleanin_id, kind)
        return [record for record in records if record.external_id == sent_as]

    def the(self, mapping: EventMapping, kind: RecordKind, source_id: str) -> StoredRecord:
        (record,) = self.in_gleanin(mapping, kind, source_id)
        return record
