"""Gleanin in memory: as strict as the sandbox, with faults on request."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from adapters.http_client.address_rules import check_base_url
from adapters.memory.clock import ManualClock
from adapters.memory.records import Faults, LoggedWrite, StoredRecord
from core.domain.errors import NothingToProbe
from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import ASSOCIATIONS, FieldChange
from core.domain.records.destination_records import DestinationEvent, DestinationRecord
from core.domain.records.fields import Fields, FieldValue
from core.domain.records.kinds import SESSION, SPEAKER, RecordKind
from core.domain.records.synced_records import ShareLink
from core.domain.systems import ExternalSystem
from core.domain.tenancy.access_fields import AccessRequirements
from core.domain.tenancy.secrets import SystemCredentials, Token
from ports.clock import Clock
from ports.destination import (
    BeforeWrite,
    DestinationEventGone,
    DestinationMissing,
    DestinationRefused,
    DestinationUnavailable,
    DestinationUnreadable,
    RecordGone,
    RecordRejected,
    RecordsNotReported,
    UnsupportedKind,
    WriteForbidden,
    WriteOutcomeUnknown,
)
from ports.probe import Finding

LISTS = frozenset({"tracks", ASSOCIATIONS})
_PAGE = 100
GLEANIN = ExternalSystem("gleanin", "Gleanin")
NAMES = ("name", "first_name", "last_name")
"""A speaker needs any of them; that there are a first and a last one is our own requirement."""


@dataclass(slots=True)
class InMemoryGleanin:
    """A whole Gleanin; `open` returns the port, everything else is for setting up tests."""

    system: ExternalSystem = GLEANIN
    max_in_flight: int = 4
    link_hosts: AbstractSet[str] = frozenset({"app.gleanin.com", "invt.io"})
    lists: AbstractSet[str] = LISTS
    """Fields whose value is a list; all other values are text."""
    links_after_reads: int | None = 0
    """How many reads of a person show no links yet; None for never any links."""
    tokens: set[str] | None = None
    """The tokens that are accepted; None for any."""
    faults: Faults = field(default_factory=Faults)
    events: dict[DestinationEventId, DestinationEvent] = field(default_factory=dict)
    records: dict[DestinationId, StoredRecord] = field(default_factory=dict)
    writes: list[LoggedWrite] = field(default_factory=list)
    clock: Clock = field(default_factory=ManualClock)
    posts: list[tuple[DestinationEventId, ExternalId, datetime]] = field(default_factory=list)
    """Every create that arrived and was not rejected, and when."""
    _late: list[tuple[datetime, StoredRecord]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1001))

    def named(self, identifier: str) -> "InMemoryGleanin":
        if identifier != self.system.identifier:
            raise DestinationMissing(f"There is no destination {identifier!r}.")
        return self

    @property
    def requirements(self) -> AccessRequirements:
        return AccessRequirements(self.system, needs_url=False)

    def normalize_url(self, url: str) -> str:
        return check_base_url(url, allow_private=True)

    @asynccontextmanager
    async def open(
        self, credentials: SystemCredentials, before_write: BeforeWrite | None = None
    ) -> AsyncIterator["InMemoryDestination"]:
        yield InMemoryDestination(self, credentials.token, before_write)

    async def probe(self, _credentials: SystemCredentials) -> Sequence[Finding]:
        raise NothingToProbe(self.system)

    def add_event(
        self, event_id: str, name: str, time_zone: str | None = None, *, is_archived: bool = False
    ) -> DestinationEvent:
        event = DestinationEvent(DestinationEventId(event_id), name, time_zone, is_archived)
        self.events[event.id] = event
        return event

    def remove_event(self, event_id: DestinationEventId) -> None:
        del self.events[event_id]
        for record in self.list_by_event(event_id):
            del self.records[record.id]

    def add_record(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        fields: Fields,
        external_id: ExternalId | None = None,
    ) -> StoredRecord:
        """Add a record that the sync did not create."""
        record = StoredRecord(event_id, kind, self.new_id(), external_id, dict(fields))
        self.records[record.id] = record
        return record

    def delete_by_hand(self, destination_id: DestinationId) -> None:
        """Delete a record as a Gleanin admin can; the port cannot (rule 22)."""
        del self.records[destination_id]

    def list_by_event(
        self, event_id: DestinationEventId, kind: RecordKind | None = None
    ) -> list[StoredRecord]:
        return [
            record
            for record in self.records.values()
            if record.event_id == event_id and (kind is None or record.kind.group == kind.group)
        ]

    def create_late(self, record: StoredRecord) -> None:
        self._late.append((self.clock.now() + timedelta(seconds=self.faults.late_seconds), record))

    @property
    def coming(self) -> list[StoredRecord]:
        """The records of creates that were sent but have not taken place yet."""
        return [record for _, record in self._late]

    def catch_up(self) -> None:
        """Carry out the late creates that are due."""
        due = [record for at, record in self._late if at <= self.clock.now()]
        self._late = [(at, record) for at, record in self._late if at > self.clock.now()]
        for record in due:
            self.records[record.id] = record
            sent = tuple(record.fields.items())
            self.writes.append(
                LoggedWrite(record.kind, record.id, record.external_id, created=True, sent=sent)
            )

    @property
    def duplicates(self) -> int:
        """How many records duplicate another with the same event, type and external id."""
        counts = Counter(
            (record.event_id, record.kind.group, record.external_id)
            for record in self.records.values()
            if record.external_id is not None
        )
        return sum(count - 1 for count in counts.values())

    def new_id(self) -> DestinationId:
        return DestinationId(str(next(self._numbers)))


@dataclass(frozen=True, slots=True)
class InMemoryDestination:
    _gleanin: InMemoryGleanin
    _token: Token
    _before_write: BeforeWrite | None = None

    @property
    def max_in_flight(self) -> int:
        return self._gleanin.max_in_flight

    @property
    def link_hosts(self) -> AbstractSet[str]:
        return self._gleanin.link_hosts

    async def events(self) -> Sequence[DestinationEvent]:
        await self._receive_request()
        return tuple(self._gleanin.events.values())

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        await self._receive_request()
        return self._event(event_id)

    async def records(
        self, event_id: DestinationEventId, kind: RecordKind
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        await self._receive_request()
        self._event(event_id)
        faults = self._gleanin.faults
        if faults.refuses_reads:
            raise DestinationRefused("Invalid token")
        if kind.name in faults.unknown_kinds:
            raise UnsupportedKind(f"Gleanin does not report which {kind.plural} an event has.")
        stored = self._gleanin.list_by_event(event_id, kind)
        for record in stored:
            self._make_links(record)
        stored = [record for record in stored if record.reads > faults.late_reads]
        if faults.silent_when_empty and not stored:
            raise RecordsNotReported(f"Gleanin's response does not list the event's {kind.plural}.")
        cut = faults.cuts_answers and bool(stored)
        returned = stored[: len(stored) // 2] if cut else stored
        for start in range(0, len(returned), _PAGE):
            page = returned[start : start + _PAGE]
            yield [record.seen(anonymous=faults.hides_external_ids) for record in page]
        if cut:
            raise DestinationUnreadable("Gleanin's response was cut.")

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        await self._receive_write()
        self._event(event_id)
        self._check(external_id, kind, event_id, fields)
        _check_required(kind, fields)
        self._check_email(event_id, kind, fields.get("email"), None)
        self._gleanin.posts.append((event_id, external_id, self._gleanin.clock.now()))
        if self._is_lost_before_writing():
            raise WriteOutcomeUnknown("Gleanin did not confirm a write.")
        record = StoredRecord(event_id, kind, self._gleanin.new_id(), external_id, dict(fields))
        if self._gleanin.faults.late_creates > 0:
            self._gleanin.faults.late_creates -= 1
            self._gleanin.create_late(record)
            raise WriteOutcomeUnknown("Gleanin did not confirm a write.")
        self._gleanin.records[record.id] = record
        self._record_write(
            LoggedWrite(kind, record.id, external_id, created=True, sent=tuple(fields.items()))
        )
        return record.id

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        destination_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        await self._receive_write()
        self._event(event_id)
        record = self._gleanin.records.get(destination_id)
        if record is None or record.kind.group != kind.group:
            raise RecordGone("Not found")
        values = {change.field: change.new for change in changes}
        self._check(record.external_id, kind, record.event_id, values)
        _check_required(kind, {**record.fields, **values})
        self._check_email(record.event_id, kind, values.get("email"), destination_id)
        if self._is_lost_before_writing():
            raise WriteOutcomeUnknown("Gleanin did not confirm a write.")
        unchanged = {name: value for name, value in record.fields.items() if name not in values}
        record.fields = unchanged | {name: value for name, value in values.items() if value}
        sent = tuple(values.items())
        self._record_write(LoggedWrite(kind, destination_id, record.external_id, created=False, sent=sent))

    async def _receive_request(self) -> None:
        await asyncio.sleep(0)  # yield to other tasks, as a real request would
        self._gleanin.catch_up()
        faults, tokens = self._gleanin.faults, self._gleanin.tokens
        if faults.unavailable_calls > 0:
            faults.unavailable_calls -= 1
            raise DestinationUnavailable("Gleanin does not respond.")
        if faults.refuses_tokens or (tokens is not None and self._token.value not in tokens):
            raise DestinationRefused("Invalid token")

    async def _receive_write(self) -> None:
        if self._before_write is not None:
            await self._before_write()
        await self._receive_request()

    def _event(self, event_id: DestinationEventId) -> DestinationEvent:
        try:
            return self._gleanin.events[event_id]
        except KeyError as error:
            message = "Gleanin has no such event, or the token has no access to it."
            raise DestinationEventGone(message) from error

    def _check(
        self,
        external_id: ExternalId | None,
        kind: RecordKind,
        event_id: DestinationEventId,
        values: Mapping[str, FieldValue | None],
    ) -> None:
        """Reject what the sandbox rejects: unknown fields, wrong types, associations with missing sessions."""
        message = self._gleanin.faults.rejected.get(external_id) if external_id else None
        if message is not None:
            raise RecordRejected(message)
        texts = [value for value in values.values() if isinstance(value, str)]
        if any(word in text for word in self._gleanin.faults.forbidden_words for text in texts):
            raise WriteForbidden("A firewall blocked this (403).")
        for name, value in values.items():
            if name not in kind.fields:
                raise RecordRejected(f"{name}: is not an attribute of a {kind}")
            if value is not None and isinstance(value, tuple) != (name in self._gleanin.lists):
                raise RecordRejected(f"{name}: has the wrong type")
        for session_id in values.get(ASSOCIATIONS) or ():
            session = self._gleanin.records.get(DestinationId(session_id))
            if session is None or (session.kind, session.event_id) != (SESSION, event_id):
                raise RecordRejected(f"{ASSOCIATIONS}: there is no such session")

    def _check_email(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        email: FieldValue | None,
        record_id: DestinationId | None,
    ) -> None:
        if email is not None and self._gleanin.faults.unique_emails:
            others = (row for row in self._gleanin.list_by_event(event_id, kind) if row.id != record_id)
            if any(row.fields.get("email") == email for row in others):
                raise RecordRejected("email: has already been taken")

    def _is_lost_before_writing(self) -> bool:
        faults = self._gleanin.faults
        if faults.lost_answers > 0 and not faults.lost_are_written:
            faults.lost_answers -= 1
            return True
        return False

    def _record_write(self, write: LoggedWrite) -> None:
        faults = self._gleanin.faults
        self._gleanin.writes.append(write)
        if faults.after_write is not None:
            faults.after_write(write)
        if faults.lost_answers > 0:
            faults.lost_answers -= 1
            raise WriteOutcomeUnknown("Gleanin did not confirm a write.")

    def _make_links(self, record: StoredRecord) -> None:
        after = self._gleanin.links_after_reads
        if record.kind.is_person and after is not None and record.links == () and record.reads >= after:
            url = f"https://app.gleanin.com/share/{record.kind.name}/{record.id}"
            record.links = (ShareLink(f"{record.kind} campaign".capitalize(), url),)
        record.reads += 1


def _check_required(kind: RecordKind, fields: Mapping[str, object]) -> None:
    """Check a record as it would be after a write.

    Raises:
        RecordRejected: it lacks a required field.
    """
    required = kind.required
    if kind.name == SPEAKER.name:
        required = tuple(name for name in required if name not in NAMES)
        if not any(fields.get(name) for name in NAMES):
            raise RecordRejected("name: can't be blank")
    if missing := [name for name in required if not fields.get(name)]:
        raise RecordRejected(f"{missing[0]}: can't be blank")
