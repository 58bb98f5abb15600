"""Synced records: our memory that a source record is in Gleanin."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from core.domain.identifiers import ConnectionId, GleaninId, SourceId
from core.domain.kinds import RecordKind

FieldValue = str | tuple[str, ...]
Fields = Mapping[str, FieldValue]
"""The mapped fields of a record that have a value; an empty field is absent (rule 20)."""


_IN_ORDER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def fingerprint(fields: Fields) -> str:
    """Give what changes exactly when a mapped field does (rule 21)."""
    return hashlib.sha256(_IN_ORDER.encode(fields).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A person's share link: made by Gleanin, never by us."""

    title: str
    url: str


def presentable(links: Iterable[ShareLink]) -> tuple[ShareLink, ...]:
    """Leave only the links that may be shown: `https` ones (rule 30)."""
    return tuple(link for link in links if _is_https(link.url))


def _is_https(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and url.isprintable() and " " not in url
    except ValueError:
        return False


UNCONFIRMED = ""
"""In the place of a fingerprint: a change was about to be sent, and nobody has noted that it arrived."""


@dataclass(frozen=True, slots=True)
class SyncedRecord:
    kind: RecordKind
    source_id: SourceId
    label: str
    gleanin_id: GleaninId
    connection_id: ConnectionId
    """The connection under which it was sent; under another one it is never written again (rule 10)."""
    fingerprint: str
    fields: Fields
    """What was last sent."""
    email: str | None = None
    links: tuple[ShareLink, ...] = field(default=())
