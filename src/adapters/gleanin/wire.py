"""All our assumptions about Gleanin's API; they are made here and nowhere else.

[doc] is documented; [guess] is assumed, in the style of what is documented. `probe.py` compares them with a real account.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from adapters.gleanin.value_types import (
    INSTANT,
    INTEGER,
    INTEGERS,
    LINKS,
    TEXT,
    TEXTS,
    TIME_ZONE,
    ValueType,
    one_of,
)
from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.fields import Fields, FieldValue
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER
from core.domain.records.synced_records import ShareLink
from ports.plugins import RecordSchema
from ports.probe import Marked

DOC, GUESS = Marked.DOCUMENTED, Marked.GUESSED

# [doc] on both documented calls, although the bodies are JSON:API.
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
EVENTS = "events"  # [doc]
LINK_HOSTS = frozenset({"app.gleanin.com", "invt.io"})
"""Hosts of share links, as seen on public pages."""
_OF_EVERYBODY = re.compile(r"^[a-z]+://[^/]+/share/campaigns/[^/?#]+(/variants)?/?([?#]|$)", re.IGNORECASE)
"""A campaign's page, as seen on public pages: the same for everybody, and so nobody's share link."""
ARCHIVED = "archived"  # [guess]; [doc] has only "active"


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    marked: Marked
    value_type: ValueType


# The attributes of every event, of every record, and of every person.
EVENT_ATTRIBUTES = (
    Attribute("title", DOC, TEXT),
    Attribute("slug", DOC, TEXT),
    Attribute("state", DOC, one_of('"active" or [guess] "archived"', "active", ARCHIVED)),
    Attribute("created_at", DOC, INSTANT),
    Attribute("time_zone", GUESS, TIME_ZONE),
)
_RECORD_ATTRIBUTES = (Attribute("event_id", DOC, INTEGER), Attribute("external_idx", DOC, TEXT))
_PERSON_LINKS = Attribute("campaign_links", GUESS, LINKS)


@dataclass(frozen=True, slots=True)
class ResourceSchema:
    """One kind of record in Gleanin's terms."""

    type: str
    """The resource's type; also the path of its collection and its name in `include`."""
    marked: Marked
    """The basis of its name in `include`."""
    written: Mapping[str, Attribute]
    """Our field -> their attribute. A list is cleared by an empty list, anything else by null [guess]."""
    only_read: tuple[Attribute, ...] = _RECORD_ATTRIBUTES
    constants: Mapping[str, str] = field(default_factory=dict)
    """Attributes that every record gets."""


# POST /{type} -> 201 and PATCH /{type}/{id} -> 200 [guess], after the documented POST /events.
SCHEMAS: Mapping[str, ResourceSchema] = {
    SESSION.name: ResourceSchema(
        type="sessions",
        marked=DOC,
        written={
            "title": Attribute("title", GUESS, TEXT),
            "starts_at": Attribute("starts_at", GUESS, INSTANT),
            "ends_at": Attribute("ends_at", GUESS, INSTANT),
            "schedule": Attribute("schedule", GUESS, TEXT),
            "description": Attribute("description", GUESS, TEXT),
            "tracks": Attribute("tracks", GUESS, TEXTS),
        },
    ),
    SPEAKER.name: ResourceSchema(
        type="speakers",
        marked=DOC,
        written={
            "first_name": Attribute("first_name", GUESS, TEXT),
            "last_name": Attribute("last_name", GUESS, TEXT),
            "name": Attribute("name", DOC, TEXT),  # one full name
            "email": Attribute("email", DOC, TEXT),
            "job_title": Attribute("job_title", DOC, TEXT),
            "company_name": Attribute("company_name", DOC, TEXT),
            "headshot": Attribute("headshot_url", GUESS, TEXT),
            "sessions": Attribute("session_ids", DOC, INTEGERS),  # when written, it replaces the list [guess]
        },
        only_read=(*_RECORD_ATTRIBUTES, _PERSON_LINKS),
    ),
    EXHIBITOR_CONTACT.name: ResourceSchema(
        type="exhibitors",
        marked=GUESS,
        written={
            "company_name": Attribute("company_name", GUESS, TEXT),
            "email": Attribute("email", GUESS, TEXT),
            "logo": Attribute("logo_url", GUESS, TEXT),
        },
        only_read=(*_RECORD_ATTRIBUTES, _PERSON_LINKS),
    ),
}


def further_schema(schema: RecordSchema, *, is_person: bool) -> ResourceSchema:
    """Return the schema of a kind that another plug-in brings; nothing in it is documented."""
    links = (_PERSON_LINKS,) if is_person else ()
    return ResourceSchema(
        schema.type,
        GUESS,
        {
            name: Attribute(attribute, GUESS, TEXTS if name in schema.lists else TEXT)
            for name, attribute in schema.attributes.items()
        },
        (*_RECORD_ATTRIBUTES, *links),
        schema.constants,
    )


def event_path(event_id: str) -> str:
    return f"{EVENTS}/{quote(event_id, safe='')}"  # [guess]


def records_path(event_id: str, schema: ResourceSchema) -> str:
    # One include per request: a comma-separated list is not documented.
    return f"{event_path(event_id)}?include={schema.type}"  # [doc] on GET /events, [guess] here


def all_records_path(schema: ResourceSchema) -> str:
    return f"{EVENTS}?include={schema.type}"  # [doc]


def record_path(schema: ResourceSchema, destination_id: str) -> str:
    return f"{schema.type}/{quote(destination_id, safe='')}"


def create_body(
    schema: ResourceSchema, event_id: DestinationEventId, external_id: ExternalId, fields: Fields
) -> bytes:
    attributes: dict[str, object] = {
        "event_id": _foreign_key(event_id),
        "external_idx": external_id,
        **schema.constants,
        **_written(schema, fields),
    }
    return json.dumps({"data": {"type": schema.type, "attributes": attributes}}).encode()


def update_body(
    schema: ResourceSchema, destination_id: DestinationId, changes: Sequence[FieldChange]
) -> bytes:
    attributes = _written(schema, {change.field: change.new for change in changes})
    return json.dumps(
        {"data": {"type": schema.type, "id": destination_id, "attributes": attributes}}
    ).encode()


def _written(schema: ResourceSchema, values: Mapping[str, FieldValue | None]) -> dict[str, object]:
    """Return the attributes of fields; a field that is not in the schema is not sent."""
    known = ((schema.written[name], value) for name, value in values.items() if name in schema.written)
    return {attribute.name: _to_json(attribute.value_type, value) for attribute, value in known}


def _to_json(value_type: ValueType, value: FieldValue | None) -> object:
    if value_type is INTEGERS:
        return [_foreign_key(item) for item in value or ()]
    return list(value or ()) if value_type is TEXTS or isinstance(value, tuple) else value


def _foreign_key(identifier: str) -> int | str:
    """Return an id as attributes have it, an integer [doc]; any other id is sent unchanged."""
    return int(identifier) if _INTEGER.fullmatch(identifier) else identifier


_INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
_UNSAFE = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates, which databases cannot store and terminals cannot show."""


def clean(value: object) -> str | None:
    """Return a text or number as text that can be stored; None for anything else and for empty text."""
    if isinstance(value, str):
        return _UNSAFE.sub("", value) or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _id(value: object) -> str:
    text = clean(value)
    if not text or not text.strip("."):  # "." and ".." would be another path
        message = "no id"
        raise ValueError(message)
    return text


def _ids(value: object) -> tuple[str, ...] | None:
    """Read a list of ids or resource identifiers; None if it is not a list, which means "not reported"."""
    if not isinstance(value, list):
        return None
    items = (item.get("id") if isinstance(item, dict) else item for item in value)
    return tuple(text for item in items if (text := clean(item)))


def _links(value: object) -> tuple[ShareLink, ...] | None:
    """Read `campaign_links: [{"campaign_id", "title", "url"}]` [guess], which is empty until Gleanin creates them.

    None if it is not a list, which means "not reported".
    """
    if not isinstance(value, list):
        return None
    return tuple(
        ShareLink(clean(item.get("title")) or "Share link", url, clean(item.get("campaign_id")) or "")
        for item in value
        if isinstance(item, dict) and (url := clean(item.get("url"))) and not _OF_EVERYBODY.search(url)
    )


def _next(value: object) -> str | None:
    """Read `links.next` [guess]: a URL, or JSON:API's object with one."""
    link = value.get("next") if isinstance(value, dict) else None
    return clean(link.get("href") if isinstance(link, dict) else link)


def _object(value: object) -> object:
    return value if isinstance(value, dict) else {}


Text = Annotated[str | None, BeforeValidator(clean)]
Ids = Annotated[tuple[str, ...] | None, BeforeValidator(_ids)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, arbitrary_types_allowed=True)


class _Attributes(_Wire):
    title: Text = None  # [doc]
    slug: Text = None  # [doc]
    state: Text = None  # [doc]
    time_zone: Text = None  # [guess], an IANA name or one of Rails
    event_id: Text = None  # [doc], an integer
    external_idx: Text = None  # [doc]
    email: Text = None  # [doc]
    session_ids: Ids = None  # [doc]
    campaign_links: Annotated[tuple[ShareLink, ...] | None, BeforeValidator(_links)] = None


class _Relationship(_Wire):
    """A relationship to one or many; JSON:API [guess]."""

    data: Any = None
    next: Annotated[str | None, BeforeValidator(_next)] = Field(default=None, alias="links")


class Resource(_Wire):
    id: Annotated[str, BeforeValidator(_id)]  # [doc] a string
    type: Text = None
    attributes: Annotated[_Attributes, BeforeValidator(_object)] = _Attributes()
    relationships: Annotated[
        dict[str, Annotated[_Relationship, BeforeValidator(_object)]], BeforeValidator(_object)
    ] = {}

    @property
    def event_id(self) -> str | None:
        """The event it belongs to, by its relationship or else by its attribute."""
        relation = self.relationships.get("event")
        data = relation.data if relation else None
        return (clean(data.get("id")) if isinstance(data, dict) else None) or self.attributes.event_id

    def related(self, name: str) -> tuple[str, ...] | None:
        relation = self.relationships.get(name)
        return _ids(relation.data) if relation else None


class Document(_Wire):
    """One response: JSON:API's top level [doc]."""

    data: Any = None
    included: list[Any] | None = None
    next: Annotated[str | None, BeforeValidator(_next)] = Field(default=None, alias="links")


USED_ATTRIBUTES = frozenset(_Attributes.model_fields)
"""The attributes that are read; the others are dropped while a large response is parsed."""


def written_id(body: bytes | bytearray) -> DestinationId | None:
    """Return the record's id in the response to a write; None if it has none."""
    try:
        data = json.loads(body)["data"]
        return DestinationId(_id(data["id"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def confirms(body: bytes | bytearray, destination_id: DestinationId) -> bool:
    """Check the response to an update: it should be the resource [guess], but any JSON is accepted."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return written_id(body) in (None, destination_id)
