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

from core.domain.identifiers import ExternalId, GleaninEventId, GleaninId
from core.domain.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER, RecordKind
from core.domain.planning import Change
from core.domain.synced import Fields, FieldValue, ShareLink

BASE_URL = "https://app.gleanin.com/api/clients/v1"  # [doc]
# [doc] on both documented calls, though the bodies are JSON:API's.
HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
EVENTS = "events"  # [doc]
ARCHIVED = "archived"  # [guess]; [doc] has "active" only


@dataclass(frozen=True, slots=True)
class Shape:
    """How one kind of record is spelt in Gleanin."""

    type: str
    """The resource's type, which is also its collection's path and its name in `include`."""
    attributes: Mapping[str, str]
    """Our field -> their attribute."""
    lists: frozenset[str] = frozenset()
    """Fields that are lists: cleared by an empty list, where others are by null [guess]."""
    ids: frozenset[str] = frozenset()
    """Lists of Gleanin ids: integers in attributes [doc]."""


# POST /{type} -> 201 and PATCH /{type}/{id} -> 200 [guess], after the documented POST /events.
SHAPES: Mapping[str, Shape] = {
    SESSION.name: Shape(
        type="sessions",  # [doc] as an include
        attributes={  # [guess]
            "title": "title",
            "starts_at": "starts_at",
            "ends_at": "ends_at",
            "schedule": "schedule",
            "description": "description",
            "tracks": "tracks",
        },
        lists=frozenset({"tracks"}),
    ),
    SPEAKER.name: Shape(
        type="speakers",  # [doc] as an include
        attributes={
            "first_name": "first_name",  # [guess]
            "last_name": "last_name",  # [guess]
            "name": "name",  # [doc], one full name
            "email": "email",  # [doc]
            "job_title": "job_title",  # [doc]
            "company_name": "company_name",  # [doc]
            "headshot": "headshot_url",  # [guess]
            "sessions": "session_ids",  # [doc] when read; replaces the list when written [guess]
        },
        lists=frozenset({"sessions"}),
        ids=frozenset({"sessions"}),
    ),
    EXHIBITOR_CONTACT.name: Shape(
        type="exhibitors",  # [guess], as an include too
        attributes={"company_name": "company_name", "email": "email", "logo": "logo_url"},  # [guess]
    ),
}


def shape_of(kind: RecordKind) -> Shape:
    return SHAPES[kind.name]


def event_path(event_id: str) -> str:
    return f"{EVENTS}/{quote(event_id, safe='')}"  # [guess]


def records_path(event_id: str, shape: Shape) -> str:
    # One include a request: a comma list is not documented.
    return f"{event_path(event_id)}?include={shape.type}"  # [doc] on GET /events, [guess] here


def record_path(shape: Shape, gleanin_id: str) -> str:
    return f"{shape.type}/{quote(gleanin_id, safe='')}"


def create_body(shape: Shape, event_id: GleaninEventId, external_id: ExternalId, fields: Fields) -> bytes:
    attributes: dict[str, object] = {"event_id": _foreign_key(event_id), "external_idx": external_id}
    for name, value in fields.items():
        attributes[shape.attributes[name]] = _sent(shape, name, value)
    return json.dumps({"data": {"type": shape.type, "attributes": attributes}}).encode()


def update_body(shape: Shape, gleanin_id: GleaninId, changes: Sequence[Change]) -> bytes:
    attributes = {
        shape.attributes[change.field]: _sent(shape, change.field, change.new) for change in changes
    }
    return json.dumps({"data": {"type": shape.type, "id": gleanin_id, "attributes": attributes}}).encode()


def _sent(shape: Shape, name: str, value: FieldValue | None) -> object:
    if name in shape.ids:
        return [_foreign_key(item) for item in value or ()]
    if name in shape.lists:
        return list(value or ())
    return value


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


def _links(value: object) -> tuple[ShareLink, ...]:
    """Read `campaign_links: [{"campaign_id", "title", "url"}]` [guess], empty until Gleanin has made them."""
    items = value if isinstance(value, list) else ()
    return tuple(
        ShareLink(clean(item.get("title")) or "Share link", url)
        for item in items
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
    time_zone: Text = None  # [guess], an IANA name
    event_id: Text = None  # [doc], an integer
    external_idx: Text = None  # [doc]
    email: Text = None  # [doc]
    session_ids: Ids = None  # [doc]
    campaign_links: Annotated[tuple[ShareLink, ...], BeforeValidator(_links)] = ()


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


def created_id(body: bytes | bytearray) -> GleaninId | None:
    """Read the id of what a write answered; None when the answer does not have one."""
    try:
        data = json.loads(body)["data"]
        return GleaninId(_id(data["id"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


_ADDRESS = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+")
_LONGEST_COMPLAINT = 300
_SUMMARIES = ("detail", "title", "message", "code", "status")


def complaint(body: bytes | bytearray) -> str:
    """Give an error's own words in one short line, without anybody's address; empty when there are none.

    Takes `{"errors": [{"status", "code", "title", "detail", "source": {"pointer"}}]}`, every member optional,
    `{"errors": {field: [..]}}`, `{"error": "..."}` and plain text [guess].
    """
    text = body.decode(errors="replace")
    try:
        words = _words(json.loads(text))
    except (ValueError, RecursionError):
        words = "" if text.lstrip().startswith("<") else text
    line = " ".join((clean(words[: 4 * _LONGEST_COMPLAINT]) or "").split())
    line = _ADDRESS.sub("(address)", line)
    return line if len(line) <= _LONGEST_COMPLAINT else line[: _LONGEST_COMPLAINT - 1] + "…"


def _words(said: object) -> str:
    match said:
        case str() | int():
            return str(said)
        case list():
            return "; ".join(filter(None, map(_words, said)))
        case {"errors": inner} | {"error": inner}:
            return _words(inner)
        case dict():
            summary = next((said[name] for name in _SUMMARIES if isinstance(said.get(name), str | int)), None)
            if summary is None:
                return "; ".join(
                    f"{name}: {words}" for name, inner in said.items() if (words := _words(inner))
                )
            source = said.get("source")
            pointer = clean(source.get("pointer")) if isinstance(source, dict) else None
            return f"{pointer.rpartition('/')[2]}: {summary}" if pointer else str(summary)
        case _:
            return ""
