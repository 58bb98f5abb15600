"""What an author writes: a small stand-in of the destination, which answers as its documentation says."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar, Generic, TypeVar
from urllib.parse import unquote

import httpx

from gleanin_sync_testkit.wire import Answer, Request
from ports.plugins import Fields, FieldValue, RecordSchema

T = TypeVar("T")
READING_METHODS = ("GET", "HEAD", "OPTIONS")


@dataclass(slots=True)
class StoredEvent:
    id: str
    name: str
    time_zone: str | None = None


@dataclass(slots=True)
class StoredRecord:
    id: str
    event_id: str
    type: str
    """As in the `RecordSchema` of its kind."""
    external_id: str | None
    attributes: dict[str, Any]
    """As they were sent, without the record's own id, its external id and its event."""
    links: list[str] = field(default_factory=list)
    """URLs of share links."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list."""

    rows: Sequence[T]
    total: int
    """The number of rows on all pages."""
    next_start: int | None
    """The position of the next page's first row; None on the last page."""


class DestinationStandIn(ABC):
    """A destination with its events and records; a subclass says how they look on the wire.

    `answer` finds and stores them with `events`, `list_records`, `create_record`, `update_record`, `page` and `link`.
    The suite calls the other methods; override those whose default does not fit.
    """

    schemas: Mapping[str, RecordSchema]
    """How the records of each kind look on the wire, by the kind's name; only these kinds are tested."""
    url = "https://destination.example.org/api"
    """What an admin enters, or the plug-in's own."""
    token = "a-token-of-the-test-kit-0001"  # noqa: S105 - nobody's
    fields: ClassVar[Mapping[str, str]] = {}
    """The values of the plug-in's access fields, by name."""
    link_host = "links.example.org"
    """Where share links point to."""
    further_type: str | None = None
    """The type of records that kinds of other plug-ins are sent as; None for that of the last one in `schemas`."""
    first_id = 501

    def __init__(self) -> None:
        self.events: dict[str, StoredEvent] = {}
        self.records: dict[str, StoredRecord] = {}
        self.page_size = 100
        self.lost_rows = 0
        """So many rows are missing from each page, although they are counted."""
        self.next_link: str | None = None
        """What `link` returns instead of the right link."""
        self._numbers = count(self.first_id)

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """Answer a request as the service does; its token is valid."""

    # For `answer`:

    def parts(self, request: Request) -> list[str]:
        """Return the parts of a request's path below `url`."""
        below = request.url.partition("?")[0].removeprefix(self.url).strip("/")
        return [unquote(part) for part in below.split("/")]

    def list_records(self, event_id: str, type_: str) -> list[StoredRecord]:
        """Return an event's records of one type, oldest first."""
        found = self.records.values()
        return [record for record in found if (record.event_id, record.type) == (event_id, type_)]

    def create_record(
        self, event_id: str, type_: str, external_id: str | None, attributes: Mapping[str, Any]
    ) -> StoredRecord:
        """Store a record."""
        record = StoredRecord(self.new_id(), event_id, type_, external_id, dict(attributes))
        self.records[record.id] = record
        return record

    def update_record(self, record_id: str, attributes: Mapping[str, Any]) -> StoredRecord:
        """Change some attributes of a record."""
        record = self.records[record_id]
        record.attributes.update(attributes)
        return record

    def page(self, rows: Sequence[T], start: int = 0) -> Page[T]:
        """Return a page of `page_size` rows."""
        end = start + self.page_size
        found = rows[start:end]
        kept = max(len(found) - self.lost_rows, 0)
        return Page(found[:kept], len(rows), end if end < len(rows) else None)

    def link(self, request: Request, **query: str | int) -> str:
        """Return a link to the same list with other parameters, as in `next`."""
        return self.next_link or str(httpx.URL(request.url).copy_merge_params(query))

    def new_id(self) -> str:
        return str(next(self._numbers))

    # For the suite:

    def is_write(self, request: Request) -> bool:
        """Check whether a request writes."""
        return request.method not in READING_METHODS

    def accepts(self, request: Request) -> bool:
        """Check whether a request has the valid token."""
        return any(self.token in value for value in (*request.headers.values(), *request.query.values()))

    def rejection(self, words: str) -> Answer:
        """Return how the service explains that it rejects a record; the status is replaced by others, too."""
        return Answer({"error": words}, 422)

    def expected(self, schema: RecordSchema, fields: Fields) -> dict[str, Any]:
        """Return the attributes that a record with these fields has on the wire."""
        names = schema.attributes
        sent = {names[name]: self.encoded(name, value) for name, value in fields.items() if name in names}
        return {**schema.constants, **sent}

    def encoded(self, field_name: str, value: FieldValue) -> Any:
        """Return a field's value as it is on the wire."""
        return list(value) if isinstance(value, tuple) else value

    def add_event(self, name: str, time_zone: str | None = None) -> str:
        """Add an event and return its id."""
        event = StoredEvent(self.new_id(), name, time_zone)
        self.events[event.id] = event
        return event.id

    def remove_event(self, event_id: str) -> None:
        """Delete an event as an admin does, with its records."""
        del self.events[event_id]
        self.records = {key: record for key, record in self.records.items() if record.event_id != event_id}

    def add_contact(self, event_id: str, kind: str, email: str) -> str:
        """Add a person that somebody else has entered, without an external id, and return the record's id."""
        schema = self.schemas[kind]
        email_only = self.expected(schema, {"email": email})
        return self.create_record(event_id, schema.type, None, email_only).id

    def remove_record(self, record_id: str) -> None:
        """Delete a record as an admin does."""
        del self.records[record_id]

    def add_link(self, record_id: str, url: str) -> None:
        """Add a share link to a person."""
        self.records[record_id].links.append(url)
