"""Gleanin's API as we take it to be: every assumption stands here, and nowhere else.

[doc] is documented, [guess] is assumed in the style of what is. `probe.py` compares a real account with this.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    Form,
    one_of,
)
from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.fields import Fields, FieldValue
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER, RecordKind
from core.domain.records.synced_records import ShareLink
from ports.probe import Marked

DOC, GUESS = Marked.DOCUMENTED, Marked.GUESSED

# [doc] on both documented calls, though the bodies are JSON:API's.
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
EVENTS = "events"  # [doc]
LINK_HOSTS = frozenset({"app.gleanin.com", "invt.io"})
"""Of share links, as seen on public pages."""
ARCHIVED = "archived"  # [guess]; [doc] has "active" only


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    marked: Marked
    form: Form


# What every event has, and every record, and every person among them.
EVENT_ATTRIBUTES = (
    Attribute("title", DOC, TEXT),
    Attribute("slug", DOC, TEXT),
    Attribute("state", DOC, one_of('"active" or [guess] "archived"', "active", ARCHIVED)),
    Attribute("created_at", DOC, INSTANT),
    Attribute("time_zone", GUESS, TIME_ZONE),
)
_OWN = (Attribute("event_id", DOC, INTEGER), Attribute("external_idx", DOC, TEXT))
_LINKS_OF_A_PERSON = Attribute("campaign_links", GUESS, LINKS)


@dataclass(frozen=True, slots=True)
class ResourceSchema:
    """How one kind of record is spelt in Gleanin."""

    type: str
    """The resource's type, which is also its collection's path and its name in `include`."""
    marked: Marked
    """What its name in `include` rests on."""
    written: Mapping[str, Attribute]
    """Our field -> their attribute. A list is cleared by an empty list, anything else by null [guess]."""
    only_read: tuple[Attribute, ...] = _OWN


# POST /{type} -> 201 and PATCH /{type}/{id} -> 200 [guess], after the documented POST /events.
SHAPES: Mapping[str, ResourceSchema] = {
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
        only_read=(*_OWN, _LINKS_OF_A_PERSON),
    ),
    EXHIBITOR_CONTACT.name: ResourceSchema(
        type="exhibitors",
        marked=GUESS,
        written={
            "company_name": Attribute("company_name", GUESS, TEXT),
            "email": Attribute("email", GUESS, TEXT),
            "logo": Attribute("logo_url", GUESS, TEXT),
        },
        only_read=(*_OWN, _LINKS_OF_A_PERSON),
    ),
}


def shape_of(kind: RecordKind) -> ResourceSchema:
    return SHAPES[kind.name]


def event_path(event_id: str) -> str:
    return f"{EVENTS}/{quote(event_id, safe='')}"  # [guess]


def records_path(event_id: str, shape: ResourceSchema) -> str:
    # One include a request: a comma list is not documented.
    return f"{event_path(event_id)}?include={shape.type}"  # [doc] on GET /events, [guess] here


def all_records_path(shape: ResourceSchema) -> str:
    return f"{EVENTS}?include={shape.type}"  # [doc]


def record_path(shape: ResourceSchema, gleanin_id: str) -> str:
    return f"{shape.type}/{quote(gleanin_id, safe='')}"


def create_body(
    shape: ResourceSchema, event_id: DestinationEventId, external_id: ExternalId, fields: Fields
) -> bytes:
    attributes: dict[str, object] = {"event_id": _foreign_key(event_id), "external_idx": external_id}
    for name, value in fields.items():
        attribute = shape.written[name]
        attributes[attribute.name] = _sent(attribute.form, value)
    return json.dumps({"data": {"type": shape.type, "attributes": attributes}}).encode()


def update_body(shape: ResourceSchema, gleanin_id: DestinationId, changes: Sequence[FieldChange]) -> bytes:
    written = ((shape.written[change.field], change.new) for change in changes)
    attributes = {attribute.name: _sent(attribute.form, new) for attribute, new in written}
    return json.dumps({"data": {"type": shape.type, "id": gleanin_id, "attributes": attributes}}).encode()


def _sent(form: Form, value: FieldValue | None) -> object:
    if form is INTEGERS:
        return [_foreign_key(item) for item in value or ()]
    return list(value or ()) if form is TEXTS else value


def _foreign_key(identifier: str) -> int | str:
    """Write an id as attributes have it: an integer [doc]; one that is none is sent as it is."""
    return int(identifier) if _INTEGER.fullmatch(identifier) else identifier


_INTEGER = re.compile(r"0|[1-9][0-9]{0,17}")
_UNFIT = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates: no database stores them, no terminal shows them."""


def clean(value: object) -> str | None:
    """Give a text or a number as text that can be stored; None for anything else, and for nothing."""
    if isinstance(value, str):
        return _UNFIT.sub("", value) or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _id(value: object) -> str:
    text = clean(value)
    if not text or not text.strip("."):  # "." and ".." would be another path
        message = "no id"
        raise ValueError(message)
    return text


def _ids(value: object) -> tuple[str, ...] | None:
    """Take ids, or resource identifiers; None when it is no list, so that nothing is told."""
    if not isinstance(value, list):
        return None
    items = (item.get("id") if isinstance(item, dict) else item for item in value)
    return tuple(text for item in items if (text := clean(item)))


def _links(value: object) -> tuple[ShareLink, ...] | None:
    """Read `campaign_links: [{"campaign_id", "title", "url"}]` [guess], empty until Gleanin has made them.

    None when it is no list, so that nothing is told.
    """
    if not isinstance(value, list):
        return None
    return tuple(
        ShareLink(clean(item.get("title")) or "Share link", url)
        for item in value
        if isinstance(item, dict) and (url := clean(item.get("url")))
    )


def _next(value: object) -> str | None:
    """Read `links.next` [guess]: an address, or JSON:API's object with one."""
    following = value.get("next") if isinstance(value, dict) else None
    return clean(following.get("href") if isinstance(following, dict) else following)


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
    time_zone: Text = None  # [guess], an IANA name or one of Rails' own
    event_id: Text = None  # [doc], an integer
    external_idx: Text = None  # [doc]
    email: Text = None  # [doc]
    session_ids: Ids = None  # [doc]
    campaign_links: Annotated[tuple[ShareLink, ...] | None, BeforeValidator(_links)] = None


class _Relationship(_Wire):
    """To one or to many; JSON:API [guess]."""

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
    def own_event(self) -> str | None:
        """The event it says it belongs to: by its relationship, then by its attribute."""
        relation = self.relationships.get("event")
        data = relation.data if relation else None
        return (clean(data.get("id")) if isinstance(data, dict) else None) or self.attributes.event_id

    def related(self, name: str) -> tuple[str, ...] | None:
        relation = self.relationships.get(name)
        return _ids(relation.data) if relation else None


class Document(_Wire):
    """One answer, JSON:API's outer form [doc]."""

    data: Any = None
    included: list[Any] | None = None
    next: Annotated[str | None, BeforeValidator(_next)] = Field(default=None, alias="links")


KEPT = frozenset(_Attributes.model_fields)
"""The attributes that are read: the others are dropped while an answer is parsed, for it may be large."""


def written_id(body: bytes | bytearray) -> DestinationId | None:
    """Read the id of what a write answered; None when the answer does not have one."""
    try:
        data = json.loads(body)["data"]
        return DestinationId(_id(data["id"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def confirms(body: bytes | bytearray, gleanin_id: DestinationId) -> bool:
    """Tell whether a change took place: its answer should be the resource [guess], but any JSON will do."""
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return written_id(body) in (None, gleanin_id)
