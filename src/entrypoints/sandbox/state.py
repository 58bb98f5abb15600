"""Everything that a sandbox holds: both sides, the trouble they make, and what was asked of them."""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from entrypoints.sandbox.contacts import Contacts
from entrypoints.sandbox.fault_injection import Fault, FaultInjector
from entrypoints.sandbox.search import ProgrammeSearch

Json = dict[str, Any]
SESSIONBOARD_TOKEN = "sandbox-sessionboard-token"  # noqa: S105 - opens nothing but the sandbox
GLEANIN_TOKEN = "sandbox-gleanin-token"  # noqa: S105 - likewise
LINK_DELAY = 0.5
INCLUDED_PAGE_SIZE = 1000
LONGEST_LOG = 50_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request, when it was answered."""

    n: int
    begun: float
    """When it came."""
    at: float
    host: str
    """The name under which the sandbox was asked: where every client has another one, it tells who asked."""
    side: str
    method: str
    path: str
    status: int
    """0 where the connection was cut instead."""
    received: int
    """Bytes of the body."""
    sent: int
    event: int | None = None
    """Which event in Gleanin it was about, if it was about one that there is."""

    def as_json(self) -> Json:
        told = ("host", "side", "method", "path", "status", "received", "sent", "event")
        times = {"begun": _instant(self.begun), "at": _instant(self.at)}
        return {"n": self.n} | times | {name: getattr(self, name) for name in told}


def _instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


@dataclass(slots=True)
class RequestLog:
    """The last requests, and counts of all."""

    last: deque[Asked] = field(default_factory=lambda: deque(maxlen=LONGEST_LOG))
    by_template: Counter[str] = field(default_factory=Counter)
    by_status: Counter[str] = field(default_factory=Counter)
    in_flight: int = 0
    total: int = 0


@dataclass(slots=True)
class SandboxState:
    link_delay: float = LINK_DELAY
    """Seconds from a person's creation until there is a share link."""
    page_size: int = INCLUDED_PAGE_SIZE
    """Included records on one page of Gleanin's."""
    clock: Callable[[], float] = time.time
    programmes: dict[int, ProgrammeSearch] = field(default_factory=dict)
    """What Sessionboard has, by event."""
    shown: dict[str, frozenset[int]] = field(default_factory=dict)
    """Which of them, by the host name under which Sessionboard is asked for its list; all where nothing is said."""
    writes: Counter[str] = field(default_factory=Counter)
    """Writes that took place in Gleanin, as in `POST /speakers`."""
    troubles: FaultInjector = field(default_factory=FaultInjector)
    log: RequestLog = field(default_factory=RequestLog)
    gleanin: Contacts = field(init=False)

    def __post_init__(self) -> None:
        self.gleanin = Contacts(self.clock, self.link_delay, self._note_late)

    def _note_late(self, record_type: str) -> None:
        self.writes[f"POST /{record_type}"] += 1

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock(), UTC)

    def add(self, saved: Mapping[str, Any]) -> None:
        """Add a saved event to Sessionboard, and what belongs to it to Gleanin.

        Its "gleanin" says what Gleanin has: {"events": [{"title", "time_zone"?, "id"?}], "contacts":
        [{"type", ...attributes}]}; without it, one event of the same title which tells no time zone.
        """
        programme = ProgrammeSearch.of(saved["event"], saved["sessions"], saved["exhibitors"])
        told = saved.get("gleanin") or {}
        self.add_programme(programme, told.get("events"), told.get("contacts") or ())

    def add_programme(
        self,
        programme: ProgrammeSearch,
        gleanin_events: Iterable[Mapping[str, Any]] | None = None,
        contacts: Iterable[Mapping[str, Any]] = (),
    ) -> None:
        self.programmes[programme.id] = programme
        if gleanin_events is None:
            gleanin_events = [{"title": str(programme.event.get("name"))}]
        ids = [
            self.gleanin.add_event(one["title"], one.get("time_zone"), one.get("id")).id
            for one in gleanin_events
        ]
        for contact in contacts:
            attributes = {key: value for key, value in contact.items() if key not in ("type", "event")}
            self.gleanin.add(contact.get("type", "speakers"), ids[contact.get("event", 0)], attributes)

    def make_trouble(self, *troubles: Fault) -> None:
        """Misbehave from now on as told, instead of as before; without any, behave."""
        self.troubles.make(*troubles)

    def state(self) -> Json:
        self.gleanin.settle()
        return {
            "sessionboard": [
                {"id": one.id, "name": one.event.get("name"), "time_zone": one.event.get("timezone")}
                for one in self.programmes.values()
            ],
            "gleanin": [
                {"id": str(event.id), "title": event.title, "time_zone": event.time_zone}
                for event in self.gleanin.events.values()
            ],
            "records": self.gleanin.counts(),
            "duplicates": self.gleanin.duplicates(),
            "writes": dict(self.writes),
            "late_creates": len(self.gleanin.late),
            "requests": dict(self.log.by_template),
            "statuses": dict(self.log.by_status),
            "in_flight": self.log.in_flight,
        }
