"""What the stand-in for Gleanin holds: its events and the records that it was sent."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from entrypoints.sandbox.responses import json_bytes
from entrypoints.sandbox.schemas import SHAPES, Attributes

Json = dict[str, Any]
FIRST_EVENT_ID = 11846
FIRST_RECORD_ID = 500_001
# Type of record -> the campaign that its people get links of.
CAMPAIGNS = {"speakers": (11411, "Speaker campaign"), "exhibitors": (11412, "Exhibitor campaign")}


def timestamp(at: float) -> str:
    """Write a time as Gleanin does: ISO 8601, milliseconds, Z."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


@dataclass(frozen=True, slots=True)
class SandboxEvent:
    id: int
    title: str
    time_zone: str | None
    created: str

    def resource(self) -> Json:
        digest = hashlib.sha256(f"{self.id} {self.title}".encode()).hexdigest()
        attributes: Json = {
            "title": self.title,
            "slug": digest[:40],
            "account_id": str(UUID(digest[:32])),
            "state": "active",
            "conversion_heartbeats": 0,
            "created_at": self.created,
            "updated_at": self.created,
        }
        if self.time_zone:
            attributes["time_zone"] = self.time_zone
        return {"type": "events", "id": str(self.id), "attributes": attributes}


@dataclass(slots=True)
class SandboxRecord:
    type: str
    id: str
    event_id: int
    attributes: Attributes
    created: float
    updated: float
    _body: bytes = b""
    _linked: bool = False

    def links(self) -> list[Json]:
        number, title = CAMPAIGNS[self.type]
        token = hashlib.sha256(f"{self.type} {self.id}".encode()).hexdigest()[:20]
        url = f"https://app.gleanin.com/share/{token}"
        return [{"campaign_id": number, "title": title, "url": url}]

    def change(self, attributes: Attributes, at: float) -> None:
        for name, value in attributes.items():
            self.attributes[name] = [] if value is None and name in SHAPES[self.type].lists else value
        self.updated = at
        self._body = b""

    def body(self, *, linked: bool) -> bytes:
        """Give the record as JSON; it is written once, for reads ask for the same again and again."""
        if not self._body or linked != self._linked:
            self._body, self._linked = json_bytes(self.resource(linked=linked)), linked
        return self._body

    def resource(self, *, linked: bool) -> Json:
        attributes: Json = {
            **self.attributes,
            "created_at": timestamp(self.created),
            "updated_at": timestamp(self.updated),
        }
        relationships: Json = {"event": {"data": {"type": "events", "id": str(self.event_id)}}}
        if self.type in CAMPAIGNS:
            attributes["campaign_links"] = self.links() if linked else []
        sessions = self.attributes.get("session_ids")
        if isinstance(sessions, list):
            attributes["session_count"] = len(sessions)
            relationships["sessions"] = {"data": [{"type": "sessions", "id": str(one)} for one in sessions]}
        return {"type": self.type, "id": self.id, "attributes": attributes, "relationships": relationships}


@dataclass(frozen=True, slots=True)
class LateCreate:
    """A create that was answered, and is carried out when it is due."""

    due: float
    record_type: str
    event_id: int
    attributes: Attributes


@dataclass(slots=True)
class Contacts:
    clock: Callable[[], float]
    link_delay: float
    carried_out: Callable[[str], None]
    """Called with the type of each late create, when it takes place."""
    events: dict[int, SandboxEvent] = field(default_factory=dict)
    late: list[LateCreate] = field(default_factory=list)
    """Those that are still to be carried out."""
    _records: dict[tuple[int, str], dict[str, SandboxRecord]] = field(default_factory=dict)
    _next_event: int = FIRST_EVENT_ID
    _next_record: int = FIRST_RECORD_ID
    _settling: threading.RLock = field(default_factory=threading.RLock)
    """A world may be read by other threads than the one that serves it."""

    def add_event(
        self, title: str, time_zone: str | None = None, event_id: int | None = None
    ) -> SandboxEvent:
        number = self._next_event if event_id is None else event_id
        event = self.events[number] = SandboxEvent(number, title, time_zone, timestamp(self.clock()))
        self._next_event = max(self._next_event, number) + 1
        return event

    def of(self, event_id: int, record_type: str) -> dict[str, SandboxRecord]:
        """Give the records of a type in an event, oldest first."""
        self.settle()
        return self._records.get((event_id, record_type), {})

    def find(self, record_type: str, record_id: str) -> SandboxRecord | None:
        self.settle()
        every = (kept.get(record_id) for (_, kind), kept in self._records.items() if kind == record_type)
        return next((record for record in every if record is not None), None)

    def add(self, record_type: str, event_id: int, attributes: Attributes) -> SandboxRecord:
        """Make a record; what was sent before is made again, as the contract fears."""
        self.settle()
        return self._add(record_type, event_id, attributes, self.clock())

    def add_later(self, record_type: str, event_id: int, attributes: Attributes, seconds: float) -> None:
        """Make a record so many seconds from now, whatever happens to the troubles in between."""
        with self._settling:
            self.late.append(LateCreate(self.clock() + seconds, record_type, event_id, attributes))

    def settle(self) -> None:
        """Carry out the late creates that are due; those whose event has gone come to nothing."""
        if not self.late:
            return
        with self._settling:
            now = self.clock()
            due = sorted((one for one in self.late if one.due <= now), key=lambda one: one.due)
            self.late = [one for one in self.late if one.due > now]
            for one in due:
                if one.event_id in self.events:
                    self._add(one.record_type, one.event_id, one.attributes, one.due)
                    self.carried_out(one.record_type)

    def _add(self, record_type: str, event_id: int, attributes: Attributes, at: float) -> SandboxRecord:
        record_id = str(self._next_record)
        self._next_record += 1
        record = SandboxRecord(record_type, record_id, event_id, SHAPES[record_type].unset(), at, at)
        record.change(attributes | {"event_id": event_id}, at)
        self._records.setdefault((event_id, record_type), {})[record_id] = record
        return record

    def delete(self, record: SandboxRecord) -> None:
        """Take a record away, as an admin can by hand; nobody stays tied to a session that is gone."""
        del self._records[record.event_id, record.type][record.id]
        if record.type == "sessions":
            gone = int(record.id)
            for speaker in self.of(record.event_id, "speakers").values():
                tied = speaker.attributes["session_ids"]
                if isinstance(tied, list) and gone in tied:
                    speaker.change({"session_ids": [one for one in tied if one != gone]}, self.clock())

    def delete_event(self, event_id: int) -> None:
        self.settle()
        del self.events[event_id]
        for place in [place for place in self._records if place[0] == event_id]:
            del self._records[place]

    def bodies(self, records: Iterable[SandboxRecord]) -> Iterator[bytes]:
        linked_before = self.clock() - self.link_delay
        return (record.body(linked=record.created <= linked_before) for record in records)

    def counts(self) -> Json:
        return {
            str(event_id): {kind: len(self.of(event_id, kind)) for kind in SHAPES} for event_id in self.events
        }

    def duplicates(self) -> Json:
        """Count, for each event and type, the records beyond the first with one external id."""
        return {
            str(event_id): {kind: _duplicates(self.of(event_id, kind).values()) for kind in SHAPES}
            for event_id in self.events
        }


def _duplicates(records: Iterable[SandboxRecord]) -> int:
    external_ids = [record.attributes["external_idx"] for record in records]
    told = [one for one in external_ids if one is not None]
    return len(told) - len(set(told))
