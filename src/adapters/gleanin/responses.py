"""From Gleanin's answers to events and records: what belongs to an event, and whether the answer was cut."""

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

_UNEXPECTED = "Gleanin's answer is not the JSON that was expected."
_LARGE = 1024 * 1024
"""Of an answer of more bytes, what is not needed is dropped while it is parsed.

That takes longer, but lets other threads go on meanwhile, as Python's parser alone does not.
"""
MOST_VALUES = 5_000_000
"""50,000 speakers have less than 2 million."""
_AT_ONCE = 500
"""Records that are handed on together, however many an answer has."""


def parse(body: bytearray) -> wire.Document:
    """Parse a body, and empty it: of a large answer only what is needed stays in memory.

    Raises:
        DestinationUnreadable
    """
    document = _json(body, _slim if len(body) > _LARGE else None)
    if not isinstance(document, dict):
        raise DestinationUnreadable(_UNEXPECTED)
    try:
        return wire.Document.model_validate(document)
    except ValidationError as error:
        raise DestinationUnreadable(_UNEXPECTED) from error


def parse_plainly(body: bytearray) -> Any:
    """Parse a body, leaving nothing out.

    Raises:
        DestinationUnreadable
    """
    return _json(body, None)


def _json(body: bytearray, on_object: Callable[[dict[str, Any]], Any] | None) -> Any:
    if end_of_values(body, MOST_VALUES) is not None:
        body.clear()
        raise DestinationUnreadable(f"Gleanin's answer has more than {MOST_VALUES:,} values.")
    try:
        text = body.decode("utf-8-sig", "surrogatepass")  # some servers put a byte-order mark before it
        body.clear()
        return json.loads(text, object_hook=on_object)
    except (ValueError, RecursionError) as error:
        raise DestinationUnreadable(_UNEXPECTED) from error


def _slim(thing: dict[str, Any]) -> dict[str, Any]:
    attributes = thing.get("attributes")
    if isinstance(attributes, dict):
        thing["attributes"] = {name: attributes[name] for name in wire.KEPT if name in attributes}
    return thing


def events_in(document: wire.Document) -> Iterator[DestinationEvent]:
    if not isinstance(document.data, list):
        raise DestinationUnreadable("Gleanin's answer has no list of events.")
    return (_event(_resource(item)) for item in document.data)


def event_in(document: wire.Document, asked: DestinationEventId) -> DestinationEvent:
    event = _event(_resource(document.data))
    if event.id != asked:
        raise DestinationUnreadable("Gleanin's answer is about another event than the one asked for.")
    return event


def _event(resource: wire.Resource) -> DestinationEvent:
    told = resource.attributes
    return DestinationEvent(
        id=DestinationEventId(resource.id),
        name=told.title or told.slug or resource.id,
        time_zone=iana_name(told.time_zone),
        is_archived=told.state == wire.ARCHIVED,
    )


def _resource(data: object) -> wire.Resource:
    try:
        return wire.Resource.model_validate(data)
    except ValidationError as error:
        message = "Gleanin's answer has something without an id where a record or an event was expected."
        raise DestinationUnreadable(message) from error


@dataclass(slots=True)
class EventRecords:
    """Reads the records of one type that an event's answers include, page by page."""

    event_id: DestinationEventId
    shape: wire.ResourceSchema
    _listed: set[str] = field(default_factory=set)
    _found: set[str] = field(default_factory=set)
    _told: bool = False
    _lists: bool = False
    _found_event: bool = False
    _among_others: bool = False

    def page(self, document: wire.Document) -> Iterator[list[DestinationRecord]]:
        """Take a page, and empty it; what belongs to the event is given in parts."""
        self._read_event(document)
        rest = document.included or []
        self._told = self._told or document.included is not None
        rest.reverse()
        while rest:
            part = rest[: -_AT_ONCE - 1 : -1]
            del rest[-_AT_ONCE:]
            yield [self._record(resource) for resource in map(_resource, part) if self._takes(resource)]

    def require_all(self) -> None:
        """Find out, after the last page, whether something is missing.

        Raises:
            RecordsNotReported: no answer mentioned such records.
            DestinationUnreadable: an answer was cut.
        """
        if not self._told:
            raise RecordsNotReported(f"Gleanin's answer does not tell which {self.shape.type} the event has.")
        if missing := len(self._listed - self._found):
            raise DestinationUnreadable(
                f"Gleanin's answer was cut: {missing} of the event's {len(self._listed)} {self.shape.type} "
                "are not in it, and nothing says where the others are."
            )

    def _read_event(self, document: wire.Document) -> None:
        event = self._event_of(document)
        if event is None:
            return
        self._found_event = True
        relation = event.relationships.get(self.shape.type)
        if relation is None:
            return
        if relation.next and not document.next:
            raise DestinationUnreadable(
                f"Gleanin's answer was cut: the list of {self.shape.type} has another page."
            )
        listed = event.related(self.shape.type)
        if listed is not None:
            self._listed.update(listed)
            self._told = self._lists = True

    def _event_of(self, document: wire.Document) -> wire.Resource | None:
        """Find the event: alone, or among all events; a later page may have nothing but what it includes."""
        if isinstance(document.data, list):
            self._among_others = True
            return next((each for each in map(_resource, document.data) if each.id == self.event_id), None)
        if document.data is None and self._found_event:
            return None
        event = _resource(document.data)
        if event.id != self.event_id:
            raise DestinationUnreadable("Gleanin's answer is about another event than the one asked for.")
        return event

    def _takes(self, resource: wire.Resource) -> bool:
        """Tell whether an included record is a new one of this event.

        The documented sample has a speaker of event 8 in the answer about event 2.
        """
        if resource.type not in (self.shape.type, None) or resource.id in self._found:
            return False
        own = resource.own_event
        unclaimed = own is None and not self._lists and not self._among_others
        if resource.id not in self._listed and own != self.event_id and not unclaimed:
            return False
        self._found.add(resource.id)
        return True

    def _record(self, resource: wire.Resource) -> DestinationRecord:
        told = resource.attributes
        sessions = told.session_ids
        if sessions is None:
            sessions = resource.related("sessions") or ()
        return DestinationRecord(
            id=DestinationId(resource.id),
            external_id=ExternalId(told.external_idx) if told.external_idx else None,
            email=told.email,
            sessions=tuple(map(DestinationId, sessions)),
            links=told.campaign_links,
        )
