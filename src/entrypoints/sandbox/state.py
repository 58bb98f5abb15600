"""The state of a sandbox: the data of both services, their faults, and the requests they received."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from entrypoints.sandbox.contacts import Contacts
from entrypoints.sandbox.custom_fields import CustomField
from entrypoints.sandbox.fault_injection import Fault, FaultInjector
from entrypoints.sandbox.further_kinds import FurtherKinds, installed_kinds
from entrypoints.sandbox.search import ProgrammeSearch
from entrypoints.sandbox.writable_kinds import WritableKind
from entrypoints.sandbox.write_state import FIELD_SCOPE, READ_SCOPES, WriteState

Json = dict[str, Any]
SESSIONBOARD_TOKEN = "sandbox-sessionboard-token"  # noqa: S105 - opens nothing but the sandbox
GLEANIN_TOKEN = "sandbox-gleanin-token"  # noqa: S105 - likewise
LINK_DELAY = 0.5
INCLUDED_PAGE_SIZE = 1000
MAX_LOG_LENGTH = 50_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """An answered request."""

    n: int
    begun: float
    """When it arrived."""
    at: float
    host: str
    """The host name of the request. If each client uses another one, it identifies the client."""
    side: str
    method: str
    path: str
    status: int
    """0 if the connection was cut."""
    received: int
    """Bytes of the body."""
    sent: int
    event: int | None = None
    """The Gleanin event that it was about, if it exists."""

    def as_json(self) -> Json:
        names = ("host", "side", "method", "path", "status", "received", "sent", "event")
        times = {"begun": _instant(self.begun), "at": _instant(self.at)}
        return {"n": self.n} | times | {name: getattr(self, name) for name in names}


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


@dataclass(slots=True)
class RequestLog:
    """The latest requests, and counts of all."""

    last: deque[LoggedRequest] = field(default_factory=lambda: deque(maxlen=MAX_LOG_LENGTH))
    by_template: Counter[str] = field(default_factory=Counter)
    by_status: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    total: int = 0


@dataclass(slots=True)
class SandboxState:
    link_delay: float = LINK_DELAY
    """Seconds from a person's creation until the share link exists."""
    page_size: int = INCLUDED_PAGE_SIZE
    """Included records per page of Gleanin."""
    clock: Callable[[], float] = time.time
    programmes: dict[int, ProgrammeSearch] = field(default_factory=dict)
    """Sessionboard's data by event id."""
    shown: dict[str, frozenset[int]] = field(default_factory=dict)
    """The ids of the events that Sessionboard lists, by the host name of the request; without an entry, all."""
    writes: Counter[str] = field(default_factory=Counter)
    """Writes executed in Gleanin, such as `POST /speakers`."""
    faults: FaultInjector = field(default_factory=FaultInjector)
    log: RequestLog = field(default_factory=RequestLog)
    kinds: FurtherKinds = field(default_factory=installed_kinds)
    """What installed packages add to both services."""
    gleanin: Contacts = field(init=False)
    sessionboard: WriteState = field(init=False)
    """What the writes to Sessionboard need, and their counts."""

    def __post_init__(self) -> None:
        writes = (kind.scope for kind in self.writable_kinds)
        self.sessionboard = WriteState(self.clock, frozenset({*READ_SCOPES, *writes, FIELD_SCOPE}))
        self.gleanin = Contacts(self.clock, self.link_delay, self._note_late, self.kinds)

    def _note_late(self, record_type: str) -> None:
        self.writes[f"POST /{record_type}"] += 1

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def add(self, saved: Mapping[str, Any]) -> None:
        """Add a saved event to Sessionboard, and its counterpart to Gleanin.

        Its "gleanin" is what Gleanin has: {"events": [{"title", "time_zone"?, "id"?}], "contacts":
        [{"type", ...attributes}]}. The default is one event with the same title and without a time zone.
        Its "fields" are its custom fields instead of the usual ones, and its "field_values" their values:
        {"contact" or "account": {record id: {internal name: value}}}.

        Raises:
            ValueError: a field is not valid.
        """
        programme = self.programme_of(saved)
        counterpart = saved.get("gleanin") or {}
        self.sessionboard.bring_fields(programme.id, saved)
        self.add_programme(programme, counterpart.get("events"), counterpart.get("contacts") or ())

    def programme_of(self, saved: Mapping[str, Any]) -> ProgrammeSearch:
        """Return a saved event with its own rows for further kinds, or else with those that the kinds bring."""
        further = {feed.name: saved[feed.name] for feed in self.kinds.feeds if feed.name in saved}
        programme = ProgrammeSearch.of(
            saved["event"], saved.get("sessions", ()), saved.get("exhibitors", ()), further
        )
        return self._with_further(programme)

    def _with_further(self, programme: ProgrammeSearch) -> ProgrammeSearch:
        missing = (feed for feed in self.kinds.feeds if feed.name not in programme.further)
        return programme.with_further({feed.name: feed.rows_of(programme.event) for feed in missing})

    def add_programme(
        self,
        programme: ProgrammeSearch,
        gleanin_events: Iterable[Mapping[str, Any]] | None = None,
        contacts: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        programme = self._with_further(programme)
        self.sessionboard.bring_fields(programme.id, {})
        self.put_programme(programme.with_values(self.sessionboard.values))
        if gleanin_events is None:
            gleanin_events = [{"title": str(programme.event.get("name"))}]
        ids = [
            self.gleanin.add_event(event["title"], event.get("time_zone"), event.get("id")).id
            for event in gleanin_events
        ]
        for contact in contacts:
            attributes = {key: value for key, value in contact.items() if key not in ("type", "event")}
            self.gleanin.add(contact.get("type", "speakers"), ids[contact.get("event", 0)], attributes)

    def put_programme(self, programme: ProgrammeSearch) -> None:
        """Put an event in the place of the one with the same id; values that are known show in its rows."""
        self.programmes[programme.id] = programme
        if self.sessionboard.values.has_any_in(programme.id):
            _ = programme.index

    def set_values(
        self,
        programme: ProgrammeSearch,
        record_id: str,
        changes: Iterable[tuple[CustomField, str | None]],
        before: float | None,
    ) -> None:
        """Set a record's values and move its `updated_at`, which was `before`; a global field is set in all events."""
        values, changes = self.sessionboard.values, list(changes)
        at = values.next_time(before)
        for changed, value in changes:
            values.put(programme.id, record_id, changed, value)
        is_global = any(changed.scope == "global" for changed, _ in changes)
        for concerned in self.programmes.values() if is_global else (programme,):
            values.move(concerned.id, record_id, at)
            concerned.touch(record_id, at)

    def edit_by_hand(
        self,
        event_id: int,
        record_id: str,
        custom_fields: Mapping[str, str | None] | None = None,
        *,
        before_next_write: bool = False,
    ) -> None:
        """Edit a contact or an account as an organizer can: its `updated_at` moves, and values may change.

        Args:
            event_id: of the event that the record is in.
            record_id: of the record.
            custom_fields: new values by internal name; None clears.
            before_next_write: wait, and edit just before the API updates the record the next time.

        Raises:
            LookupError: there is no such record.
            ValueError: a field does not exist, or cannot hold the value.
        """
        programme = self.programmes[event_id]
        found = ((kind, programme.record(kind.feed, record_id)) for kind in self.writable_kinds)
        kind, row = next(((kind, row) for kind, row in found if row is not None), (None, None))
        if kind is None or row is None:
            raise LookupError(record_id)
        changes: list[tuple[CustomField, str | None]] = []
        for internal_name, value in (custom_fields or {}).items():
            edited = self.sessionboard.values.definitions.find(event_id, kind.module, internal_name)
            if edited is None or edited.problem_with(value):
                message = f"There is no field {internal_name} that can hold this value."
                raise ValueError(message)
            changes.append((edited, value))
        if before_next_write:
            self.sessionboard.interventions[record_id] = partial(
                self.edit_by_hand, event_id, record_id, custom_fields
            )
        else:
            self.set_values(programme, record_id, changes, row.times.get("updatedAt"))

    def add_field(self, event_id: int, added: CustomField) -> None:
        """Add a custom field, or replace the one of the same module and internal name."""
        self.sessionboard.values.definitions.add(event_id, added)
        self.touch_fields()

    @property
    def writable_kinds(self) -> Iterator[WritableKind]:
        """Yield the kinds of records that Sessionboard's API updates; further ones are accounts, too."""
        yield WritableKind("contacts", "contacts", "contact")
        yield WritableKind("exhibitors", "exhibitors", "account")
        for feed in self.kinds.feeds:
            yield WritableKind(feed.path, feed.name, "account")

    def touch_fields(self) -> None:
        """Note that fields were added, or are shown in another way."""
        for programme in self.programmes.values():
            programme.touch_fields()

    def inject_faults(self, *faults: Fault) -> None:
        """Replace the current faults; without arguments, remove them."""
        self.faults.make(*faults)

    def summary(self) -> Json:
        self.gleanin.settle()
        return {
            "sessionboard": [
                {
                    "id": programme.id,
                    "name": programme.event.get("name"),
                    "time_zone": programme.event.get("timezone"),
                }
                for programme in self.programmes.values()
            ],
            "gleanin": [
                {"id": str(event.id), "title": event.title, "time_zone": event.time_zone}
                for event in self.gleanin.events.values()
            ],
            "records": self.gleanin.counts(),
            "duplicates": self.gleanin.duplicates(),
            "writes": dict(self.writes),
            "sessionboard_writes": self.sessionboard.as_json(),
            "late_creates": len(self.gleanin.late),
            "requests": dict(self.log.by_template),
            "statuses": dict(self.log.by_status),
            "in_flight": self.log.in_flight,
        }
