"""The product: its use cases over the store in memory, to run syncs of one mapping."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from cryptography.fernet import Fernet

from adapters.memory.clock import ManualClock
from adapters.memory.destination import InMemoryGleanin
from adapters.memory.event_log import RecordedEvents
from adapters.memory.id_generator import SequentialIds
from adapters.memory.link_writer import InMemoryLinkWriters
from adapters.memory.records import StoredRecord
from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from adapters.security.cipher import FernetCipher
from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import (
    DestinationEventId,
    ExternalId,
    OrganizationId,
    RunId,
    SourceEventId,
    SourceId,
    external_id,
)
from core.domain.records.kinds import ALL, RecordKind, Scope
from core.domain.records.outcomes import Outcome, RecordOutcome, counted
from core.domain.records.synced_records import RESEND_AFTER
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping, MappingSettings
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.mappings.remove_mapping import RemoveMapping
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from core.usecases.organizations.disconnect import Disconnect
from core.usecases.results.queries import GetRunWithOutcomes
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.shared.link_access import LinkAccess
from core.usecases.shared.run_ends import RunEnds
from core.usecases.sync.preview import Plan, Preview
from core.usecases.sync.run_sync import RunSync
from core.usecases.sync.systems import SystemAccess
from gleanin_sync_testkit import product_systems as systems
from gleanin_sync_testkit.killing import KillableUnitOfWorkFactory, Killed, KillPoint
from gleanin_sync_testkit.memory_source import EventRows, MemorySource
from gleanin_sync_testkit.product_systems import ProductDestination, ProductSource
from ports.store.unit_of_work import UnitOfWorkFactory

ORGANIZATION = "Acme"
LEASE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Synced:
    """A run that has ended, with its outcomes."""

    run: SyncRun
    outcomes: Sequence[RecordOutcome]

    def by_id(self, kind: RecordKind) -> Mapping[str, RecordOutcome]:
        """Return the outcomes of one kind by the record's id in the source."""
        return {
            outcome.record.source_id: outcome
            for outcome in self.outcomes
            if outcome.record.kind.name == kind.name
        }

    def of(self, kind: RecordKind, source_id: str) -> RecordOutcome:
        """Return the outcome of one record."""
        outcomes = self.by_id(kind)
        assert source_id in outcomes, (
            f"The run reports nothing about the {kind} {source_id!r}; it reports about {[*outcomes]}, "
            f"and says: {self.run.message}"
        )
        return outcomes[source_id]

    def number(self, *outcomes: Outcome, kind: RecordKind | None = None) -> int:
        """Return how many records had one of these outcomes."""
        return sum(
            result.outcome in outcomes and (kind is None or result.record.kind.name == kind.name)
            for result in self.outcomes
        )

    @property
    def writes(self) -> int:
        """The number of records that were written or may have been."""
        return self.number(Outcome.CREATED, Outcome.UPDATED)


@dataclass(slots=True)
class Product:
    """An installation with one organization, connected, and one mapping.

    `source` and `destination` are plug-ins' (`source_of`, `destination_of`), or in memory by default. `start` adds the
    organization, connects it and maps the events; the first `sync` does so, too.
    """

    source: ProductSource = field(default_factory=systems.memory_source)
    destination: ProductDestination = field(default_factory=systems.memory_destination)
    clock: ManualClock = field(default_factory=ManualClock)
    log: RecordedEvents = field(default_factory=RecordedEvents)
    resend_after: timedelta = RESEND_AFTER
    """Time from the latest create of a record until it may be sent again after a lost answer (rule 32)."""
    kill_point: KillPoint = field(default_factory=KillPoint)
    """Where the process dies: what it stores are moments; those of requests are counted by a wire's hooks."""
    units: UnitOfWorkFactory = field(init=False)
    mapping: EventMapping | None = None
    """The mapping that is synced; None before `start`, and after it was removed."""
    _organization: OrganizationId | None = None
    _ids: SequentialIds = field(default_factory=SequentialIds)
    _cipher: FernetCipher = field(default_factory=lambda: FernetCipher([Fernet.generate_key().decode()]))
    _access: SystemAccess = field(init=False)

    def __post_init__(self) -> None:
        self.units = KillableUnitOfWorkFactory(InMemoryUnitOfWorkFactory(self.clock), self.kill_point)
        self._access = SystemAccess(
            self.units, systems.sources(self.source), systems.destinations(self.destination), self._cipher
        )
        if isinstance(self.destination.opener, InMemoryGleanin):
            self.destination.opener.clock = self.clock

    @property
    def programme(self) -> EventRows:
        """The programme of the source in memory."""
        assert isinstance(self.source.opener, MemorySource), "only a source in memory has its programme here"
        return self.source.opener.programmes[self.source.event]

    @property
    def memory(self) -> InMemoryGleanin:
        """The destination in memory."""
        assert isinstance(self.destination.opener, InMemoryGleanin), "only a destination in memory is here"
        return self.destination.opener

    async def start(self) -> EventMapping:
        """Add the organization, connect it, and map the two events."""
        access = self._access
        add = AddOrganization(self.units, access.sources, self._cipher, self._ids, self.clock)
        source = self.source
        new = NewOrganization(
            ORGANIZATION, source.url, source.token, source.opener.system.identifier, source.fields
        )
        self._organization = (await add(new, actor=COMMAND_LINE)).id
        await self.connect()
        return await self.map()

    async def connect(self) -> None:
        """Connect the organization; after `disconnect`, this opens another connection."""
        connect = Connect(self.units, self._access.destinations, self._cipher, self._ids, self.clock)
        await connect(
            self._added,
            self.destination.token,
            destination=self.destination.opener.system.identifier,
            fields=self.destination.fields,
            actor=COMMAND_LINE,
        )

    async def map(
        self, source_event: str | None = None, destination_event: str | None = None
    ) -> EventMapping:
        """Map two events, by default those of the source and the destination; this is what is synced from now on."""
        access = self._access
        map_events = MapEvents(
            self.units, access.sources, access.destinations, self._cipher, self._ids, self.clock
        )
        new = NewMapping(
            self._added,
            SourceEventId(source_event or self.source.event),
            DestinationEventId(destination_event or self.destination.event),
            time_zone_confirmed=True,
        )
        self.mapping = await map_events(new, actor=COMMAND_LINE)
        return self.mapping

    async def remove_mapping(self) -> None:
        await RemoveMapping(self.units, self.clock, self._run_ends)(self.mapped.id, actor=COMMAND_LINE)
        self.mapping = None

    async def disconnect(self) -> None:
        """Disconnect the organization, which also ends the mapping."""
        disconnect = Disconnect(self.units, self.clock, self._run_ends, LEASE)
        await disconnect(self._added, ORGANIZATION, actor=COMMAND_LINE)
        self.mapping = None

    async def reconnect(self) -> EventMapping:
        """Disconnect, connect again, and map the same events again."""
        await self.disconnect()
        await self.connect()
        return await self.map()

    async def change_settings(self, settings: MappingSettings) -> None:
        """Store other settings of the mapping."""
        async with self.units.write() as unit:
            mapping = await unit.mappings.get(self.mapped.id)
            assert mapping is not None, "the mapping is stored"
            await unit.mappings.update(replace(mapping, settings=settings))
            await unit.commit()

    async def sync(self, scope: Scope = ALL) -> Synced:
        """Sync the mapping by hand, and return the run that ended; its sums balance (rule 26)."""
        run = await self.request(scope)
        return await self.result_of(await self._run_sync(run))

    async def killed_sync(self, kill_at: int, scope: Scope = ALL) -> Synced | None:
        """Sync, and die at the n-th moment; return None if the process died, or the run if it ended before that.

        The next sync is that of a new process: it takes over once the lease of the dead one has expired, and waits out
        the minute in which a create without an answer must not be sent again (rule 32).
        """
        if self.mapping is None and self._organization is None:
            await self.start()
        self.kill_point.start(kill_at)
        try:
            return await self.sync(scope)
        except (Killed, BaseExceptionGroup):
            if not self.kill_point.is_dead:
                raise
            return None
        finally:
            self.kill_point.start()

    async def request(self, scope: Scope = ALL) -> RunId:
        """Book a run without carrying it out."""
        if self.mapping is None and self._organization is None:
            await self.start()
        request = RequestSync(self.units, self._ids, self.clock)
        return (await request(SyncRequest(self.mapped.id, scope, actor=COMMAND_LINE))).id

    async def carry_out(self, run_id: RunId) -> Synced:
        """Carry out a run that was booked, as a worker does."""
        return await self.result_of(await self._run_sync(run_id))

    async def check(self) -> Synced | None:
        """Check the mapping as continuous sync does; None if nothing had changed."""
        run = await self._run_sync.check(self.mapped.id)
        return await self.result_of(run) if run else None

    async def preview(self, scope: Scope = ALL) -> Plan:
        """Return what a sync would do; nothing is written."""
        return await Preview(self._access, self.clock)(self.mapped.id, scope)

    async def result_of(self, run: SyncRun) -> Synced:
        """Return a run with its outcomes, after checking that its sums balance (rule 26)."""
        run, outcomes = await GetRunWithOutcomes(self.units)(run.id)
        records = [(outcome.record.kind.name, outcome.record.source_id) for outcome in outcomes]
        twice = {record for record in records if records.count(record) > 1}
        assert not twice, f"Each record has one outcome (rule 26), but these have several: {sorted(twice)}"
        assert run.counts == counted(outcomes), (
            f"The run counts {run.counts}, but its outcomes are {counted(outcomes)} (rule 26)"
        )
        return Synced(run, outcomes)

    def external_id(self, source_id: str) -> ExternalId:
        """Return the id under which a record is sent in the present connection."""
        return external_id(self.source.opener.system, self.mapped.connection_id, SourceId(source_id))

    def stored(self, kind: RecordKind) -> Mapping[str, StoredRecord]:
        """Return what the destination in memory has of one kind and the present connection, by id in the source.

        Raises:
            AssertionError: a record is there twice.
        """
        prefix, found = self.external_id(""), dict[str, StoredRecord]()
        for record in self.memory.list_by_event(self.mapped.events.destination_id, kind):
            if record.external_id is not None and record.external_id.startswith(prefix):
                source_id = record.external_id.removeprefix(prefix)
                assert source_id not in found, f"The {kind} {source_id!r} was created twice (rule 32)"
                found[source_id] = record
        return found

    def wait_a_minute(self) -> None:
        """Move the clock so far that a create without an answer may be sent again (rule 32)."""
        self.clock.advance(self.resend_after + timedelta(seconds=1))

    @property
    def mapped(self) -> EventMapping:
        """The mapping that is synced."""
        assert self.mapping is not None, "there is no mapping: call `start` or `map` first"
        return self.mapping

    @property
    def _added(self) -> OrganizationId:
        assert self._organization is not None, "call `start` first"
        return self._organization

    @property
    def _run_ends(self) -> RunEnds:
        return RunEnds(self._ids, self.clock, self.log)

    @property
    def _run_sync(self) -> RunSync:
        return RunSync(
            self._access,
            self._ids,
            self.clock,
            self.log,
            LEASE,
            self._run_ends,
            LinkAccess(
                self._access.units, self._access.cipher, self.clock, InMemoryLinkWriters(homes_by_kind={})
            ),
            self.resend_after,
        )
