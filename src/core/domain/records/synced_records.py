"""Synced records: what we know about source records that are in the destination."""

import hashlib
import json
from collections.abc import Container, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from core.domain.ids import ConnectionId, DestinationEventId, DestinationId, SourceId
from core.domain.records.canonical import unsigned
from core.domain.records.fields import Fields
from core.domain.records.kinds import RecordKind
from core.domain.text import split_url

_SORTED_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def fingerprint(fields: Fields) -> str:
    """Return a digest of just-mapped fields that changes only if their meaning changes (rule 21)."""
    return hashlib.sha256(_SORTED_JSON.encode(unsigned(fields)).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ShareLink:
    """A person's share link, created by the destination and never by us."""

    title: str
    url: str
    campaign: str = ""
    """The id of its campaign in the destination; empty if it was not told."""


def presentable(links: Iterable[ShareLink], hosts: Container[str] | None = None) -> tuple[ShareLink, ...]:
    """Return only the links that may be shown: `https` links on known hosts (rule 30).

    Args:
        links: as the destination reported them, or as stored.
        hosts: allowed hosts in lower case; None for links whose hosts were checked when they were stored.
    """
    return tuple(link for link in links if _may_be_shown(link.url, hosts))


def _may_be_shown(url: str, hosts: Container[str] | None) -> bool:
    try:
        parts = split_url(url)
        host, is_on_usual_port = parts.hostname or "", parts.port in (None, 443)
    except ValueError:
        return False
    is_https = parts.scheme == "https" and bool(host) and url.isprintable() and " " not in url
    return is_https and (hosts is None or (host in hosts and is_on_usual_port and "@" not in parts.netloc))


RESEND_AFTER = timedelta(seconds=60)
"""How long a create may still be in progress: a gateway timeout does not stop the application behind it."""
UNCONFIRMED = ""
"""Replaces the fingerprint while a change is being sent, until its arrival is recorded."""


@dataclass(frozen=True, slots=True)
class SyncedRecord:
    kind: RecordKind
    source_id: SourceId
    label: str
    destination_id: DestinationId
    connection_id: ConnectionId
    """The connection under which it was sent; another connection never writes it (rule 10)."""
    fingerprint: str
    fields: Fields
    """What was last sent."""
    email: str | None = None
    links: tuple[ShareLink, ...] = field(default=())

    @property
    def is_confirmed(self) -> bool:
        return self.fingerprint != UNCONFIRMED

    def unconfirmed(self, fields: Fields) -> "SyncedRecord":
        """Return the record while a change to `fields` is being sent.

        Its fields keep the names of everything that was or may have been sent: only those may be cleared later
        (rule 20).
        """
        return replace(self, fingerprint=UNCONFIRMED, fields={**self.fields, **fields})


@dataclass(frozen=True, slots=True)
class SentRecords:
    """The number of records of a kind that were sent to a destination event under a connection."""

    event_id: DestinationEventId
    connection_id: ConnectionId
    kind: RecordKind
    number: int


@dataclass(frozen=True, slots=True)
class CreateIntent:
    """The stored intent to send a create, kept until its result is recorded (rule 32)."""

    kind: RecordKind
    source_id: SourceId
    connection_id: ConnectionId
    field_names: tuple[str, ...] = ()
    """The fields that the create sets: no others of the record may be cleared later (rule 20)."""
    sent_at: datetime | None = None
    """The latest time of sending, by the database's clock; None while a run may still send it."""

    def may_be_sent_again(self, looked_up_at: datetime, gap: timedelta) -> bool:
        """Check whether a look-up that did not find the record began late enough to be trusted (rule 32)."""
        return self.sent_at is not None and self.sent_at + gap <= looked_up_at
