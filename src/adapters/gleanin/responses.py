"""Parses Gleanin's responses into events and records, and detects responses that were cut."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from adapters.gleanin import wire
from adapters.gleanin.time_zones import iana_name
from adapters.http_client.json_values import end_of_values
from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.records.destination_records import DestinationEvent, DestinationRecord
from ports.destination import DestinationUnreadable, RecordsNotReported

_UNEXPECTED = "Gleanin's response is not the expected JSON."
_WRONG_EVENT = "Gleanin's response is about another event than the requested one."
_LARGE = 1024 * 1024
"""Bytes: from larger responses, unused attributes are dropped during parsing.

That takes longer, but lets other threads run meanwhile, which Python's parser alone does not.
"""
MAX_VALUES = 5_000_000
"""50,000 speakers have less than 2 million."""
_BATCH_SIZE = 500
"""The most records that are passed on together."""


def parse(body: bytearray) -> wire.Document:
    """Parse a body and empty it; only the attributes in use are kept of a large response.

    Raises:
        DestinationUnreadable: it is not the expected JSON, or has too many values.
    """
    document = _json(body, _slim if len(body) > _LARGE else None)
    if not isinstance(document, dict):
        raise DestinationUnreadable(_UNEXPECTED)
    try:
        return wire.Document.model_validate(document)
    except ValidationError as error:
        raise DestinationUnreadable(_UNEXPECTED) from error


def parse_plainly(body: bytearray) -> Any:
    """Parse a body without leaving anything out, and empty it.

    Raises:
        DestinationUnreadable: it is not JSON, or has too many values.
    """
    return _json(body, None)


def _json(body: bytearray, on_object: Callable[[dict[str, Any]], Any] | None) -> Any:
    if end_of_values(body, MAX_VALUES) is not None:
        body.clear()
        raise DestinationUnreadable(f"Gleanin's response has more than {MAX_VALUES:,} values.")
    try:
        text = body.decode("utf-8-sig", "surrogatepass")  # some servers send a byte-order mark
        body.clear()
        return json.loads(text, object_hook=on_object)
    except (ValueError, RecursionError) as error:
        raise DestinationUnreadable(_UNEXPECTED) from error


def _slim(resource: dict[str, Any]) -> dict[str, Any]:
    attributes = resource.get("attributes")
    if isinstance(attributes, dict):
        used = {name: attributes[name] for name in wire.USED_ATTRIBUTES if name in attributes}
        resource["attributes"] = used
    return resource


def events_in(document: wire.Document) -> Iterator[DestinationEvent]:
    if not isinstance(document.data, list):
        raise DestinationUnreadable("Gleanin's response has no list of events.")
    return (_event(_resource(item)) for item in document.data)


def event_in(document: wire.Document, requested: DestinationEventId) -> DestinationEvent:
    event = _event(_resource(document.data))
    if event.id != requested:
        raise DestinationUnreadable(_WRONG_EVENT)
    return event


def _event(resource: wire.Resource) -> DestinationEvent:
    attributes = resource.attributes
    return DestinationEvent(
        id=DestinationEventId(resource.id),
        name=attributes.title or attributes.slug or resource.id,
        time_zone=iana_name(attributes.time_zone),
        is_archived=attributes.state == wire.ARCHIVED,
    )


def _resource(data: object) -> wire.Resource:
    try:
        return wire.Resource.model_validate(data)
    except ValidationError as error:
        message = "Gleanin's response has a record or an event without an id."
        raise DestinationUnreadable(message) from error


@dataclass(slots=True)
class EventRecordReader:
    """Reads the records of one type that an event's responses include, page by page."""

    event_id: DestinationEventId
    schema: wire.ResourceSchema
    _listed: set[str] = field(default_factory=set)
    _found: set[str] = field(default_factory=set)
    _is_reported: bool = False
    _has_list: bool = False
    _found_event: bool = False
    _is_among_others: bool = False

    def read_page(self, document: wire.Document) -> Iterator[list[DestinationRecord]]:
        """Read a page and empty it; the event's records come in batches."""
        self._read_event(document)
        rest = document.included or []
        self._is_reported = self._is_reported or document.included is not None
        rest.reverse()
        while rest:
            batch = rest[: -_BATCH_SIZE - 1 : -1]
            del rest[-_BATCH_SIZE:]
            yield [self._record(resource) for resource in map(_resource, batch) if self._accepts(resource)]

    def require_all(self) -> None:
        """Check, after the last page, that nothing is missing.

        Raises:
            RecordsNotReported: no response mentioned such records.
            DestinationUnreadable: a response was cut.
        """
        if not self._is_reported:
            raise RecordsNotReported(f"Gleanin's response does not list the event's {self.schema.type}.")
        if missing := len(self._listed - self._found):
            raise DestinationUnreadable(
                f"Gleanin's response was cut: it lacks {missing} of the event's {len(self._listed)} "
                f"{self.schema.type}, and has no link to another page."
            )

    def _read_event(self, document: wire.Document) -> None:
        event = self._event_of(document)
        if event is None:
            return
        self._found_event = True
        relation = event.relationships.get(self.schema.type)
        if relation is None:
            return
        if relation.next and not document.next:
            raise DestinationUnreadable(
                f"Gleanin's response was cut: the list of {self.schema.type} has another page."
            )
        listed = event.related(self.schema.type)
        if listed is not None:
            self._listed.update(listed)
            self._is_reported = self._has_list = True

    def _event_of(self, document: wire.Document) -> wire.Resource | None:
        """Return the event, alone or among all events; a later page may have included records only."""
        if isinstance(document.data, list):
            self._is_among_others = True
            events = map(_resource, document.data)
            return next((event for event in events if event.id == self.event_id), None)
        if document.data is None and self._found_event:
            return None
        event = _resource(document.data)
        if event.id != self.event_id:
            raise DestinationUnreadable(_WRONG_EVENT)
        return event

    def _accepts(self, resource: wire.Resource) -> bool:
        """Check whether an included record belongs to this event and was not seen before.

        The documented sample has a speaker of event 8 in the response about event 2.
        """
        if resource.type not in (self.schema.type, None) or resource.id in self._found:
            return False
        event_id = resource.event_id
        is_unclaimed = event_id is None and not self._has_list and not self._is_among_others
        if resource.id not in self._listed and event_id != self.event_id and not is_unclaimed:
            return False
        self._found.add(resource.id)
        return True

    def _record(self, resource: wire.Resource) -> DestinationRecord:
        attributes = resource.attributes
        sessions = attributes.session_ids
        if sessions is None:
            sessions = resource.related("sessions") or ()
        return DestinationRecord(
            id=DestinationId(resource.id),
            external_id=ExternalId(attributes.external_idx) if attributes.external_idx else None,
            email=attributes.email,
            sessions=tuple(map(DestinationId, sessions)),
            links=attributes.campaign_links,
        )
