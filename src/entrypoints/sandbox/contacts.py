"""The data of the Gleanin stand-in: its events and the records sent to it."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from entrypoints.sandbox.further_kinds import FurtherKinds
from entrypoints.sandbox.responses import json_bytes
from entrypoints.sandbox.schemas import AcceptedSchema, Attributes

Json = dict[str, Any]
FIRST_EVENT_ID = 11846
FIRST_RECORD_ID = 500_001


def timestamp(at: float) -> str:
    """Format a time as Gleanin does: ISO 8601, milliseconds, Z."""
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
    schema: AcceptedSchema
    campaign: tuple[int, str] | None
    """Whose links it gets; None if it is no person."""
    _body: bytes = b""
    _linked: bool = False

    def links(self) -> list[Json]:
        if self.campaign is None:
            return []
        number, title = self.campaign
        token = hashlib.sha256(f"{self.type} {self.id}".encode()).hexdigest()[:20]
        url = f"https://app.gleanin.com/share/{token}"
        return [{"campaign_id": number, "title": title, "url": url}]

    def change(self, attributes: Attributes, at: float) -> None:
        for name, value in attributes.items():
            self.attributes[name] = [] if value is None and name in self.schema.lists else value
        self.updated = at
        self._body = b""

    def body(self, *, linked: bool) -> bytes:
        """Return the record as JSON, cached because it is read repeatedly."""
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
        if self.campaign is not None:
            attributes["campaign_links"] = self.links() if linked else []
        sessions = self.attributes.get("session_ids")
        if isinstance(sessions, list):
            attributes["session_count"] = len(sessions)
            relationships["sessions"] = {
                "data": [{"type": "sessions", "id": str(session_id)} for session_id in sessions]
            }
        return {"type": self.type, "id": self.id, "attributes": attributes, "relationships": relationships}


@dataclass(frozen=True, slots=True)
class LateCreate:
    """A create that was already answered and is executed when it is due."""

    due: float
    record_type: str
    event_id: int
    attributes: Attributes


@dataclass(slots=True)
class Contacts:
    clock: Callable[[], float]
    link_delay: float
    on_created: Callable[[str], None]
    """Called with the record type when a late create is executed."""
    kinds: FurtherKinds = field(default_factory=FurtherKinds)
    """Which types of records there are."""
    events: dict[int, SandboxEvent] = field(default_factory=dict)
    late: list[LateCreate] = field(default_factory=list)
    """Creates that are not executed yet."""
    _records: dict[tuple[int, str], dict[str, SandboxRecord]] = field(default_factory=dict)
    _next_event: int = FIRST_EVENT_ID
    _next_record: int = FIRST_RECORD_ID
    _settling: threading.RLock = field(default_factory=threading.RLock)
    """The state may be read by other threads than the one that serves it."""

    def add_event(
        self, title: str, time_zone: str | None = None, event_id: int | None = None
    ) -> SandboxEvent:
        number = self._next_event if event_id is None else event_id
        event = self.events[number] = SandboxEvent(number, title, time_zone, timestamp(self.clock()))
        self._next_event = max(self._next_event, number) + 1
        return event

    def of(self, event_id: int, record_type: str) -> dict[str, SandboxRecord]:
        """Return the records of a type in an event, oldest first."""
        self.settle()
        return self._records.get((event_id, record_type), {})

    def find(self, record_type: str, record_id: str) -> SandboxRecord | None:
        self.settle()
        found = (
            records.get(record_id) for (_, kind), records in self._records.items() if kind == record_type
        )
        return next((record for record in found if record is not None), None)

    def add(self, record_type: str, event_id: int, attributes: Attributes) -> SandboxRecord:
        """Create a record, also if the same was sent before: Gleanin may not detect duplicates."""
        self.settle()
        return self._add(record_type, event_id, attributes, self.clock())

    def add_later(self, record_type: str, event_id: int, attributes: Attributes, seconds: float) -> None:
        """Create a record after this many seconds, even if the faults change in the meantime."""
        with self._settling:
            self.late.append(LateCreate(self.clock() + seconds, record_type, event_id, attributes))

    def settle(self) -> None:
        """Execute the late creates that are due; drop those whose event was deleted."""
        if not self.late:
            return
        with self._settling:
            now = self.clock()
            due = sorted((create for create in self.late if create.due <= now), key=lambda create: create.due)
            self.late = [create for create in self.late if create.due > now]
            for create in due:
                if create.event_id in self.events:
                    self._add(create.record_type, create.event_id, create.attributes, create.due)
                    self.on_created(create.record_type)

    def _add(self, record_type: str, event_id: int, attributes: Attributes, at: float) -> SandboxRecord:
        record_id = str(self._next_record)
        self._next_record += 1
        schema, campaign = self.kinds.schemas[record_type], self.kinds.campaigns.get(record_type)
        record = SandboxRecord(record_type, record_id, event_id, schema.unset(), at, at, schema, campaign)
        record.change(attributes | {"event_id": event_id}, at)
        self._records.setdefault((event_id, record_type), {})[record_id] = record
        return record

    def delete(self, record: SandboxRecord) -> None:
        """Delete a record, as an admin can by hand; a deleted session is removed from its speakers."""
        del self._records[record.event_id, record.type][record.id]
        if record.type == "sessions":
            deleted = int(record.id)
            for speaker in self.of(record.event_id, "speakers").values():
                ids = speaker.attributes["session_ids"]
                if isinstance(ids, list) and deleted in ids:
                    speaker.change(
                        {"session_ids": [session_id for session_id in ids if session_id != deleted]},
                        self.clock(),
                    )

    def delete_event(self, event_id: int) -> None:
        self.settle()
        del self.events[event_id]
        for key in [key for key in self._records if key[0] == event_id]:
            del self._records[key]

    def bodies(self, records: Iterable[SandboxRecord]) -> Iterator[bytes]:
        linked_before = self.clock() - self.link_delay
        return (record.body(linked=record.created <= linked_before) for record in records)

    def counts(self) -> Json:
        return {
            str(event_id): {kind: len(self.of(event_id, kind)) for kind in self.kinds.schemas}
            for event_id in self.events
        }

    def duplicates(self) -> Json:
        """Count, by event and type, the records beyond the first with the same external id."""
        return {
            str(event_id): {
                kind: _duplicates(self.of(event_id, kind).values()) for kind in self.kinds.schemas
            }
            for event_id in self.events
        }


def _duplicates(records: Iterable[SandboxRecord]) -> int:
    external_ids = [record.attributes["external_idx"] for record in records]
    known = [external_id for external_id in external_ids if external_id is not None]
    return len(known) - len(set(known))
