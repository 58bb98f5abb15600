"""The seam for plug-ins, and the only module of this program that they import.

A package registers what it brings as entry points:

- `gleanin_sync.sources`: a `SourcePlugin`, which reads events and their records from another system;
- `gleanin_sync.destinations`: a `DestinationPlugin`, which writes records to another system;
- `gleanin_sync.kinds`: a `KindPlugin`, a further kind of records.

The name of an entry point is the identifier of what it brings. A plug-in gets no database, no token but its own, no
HTTP client but `Http`, and no way to delete anything.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.domain.email import clean_email, is_masked, normalize_email
from core.domain.errors import InvalidInput
from core.domain.ids import DestinationEventId, DestinationId, ExternalId, SourceEventId, SourceId
from core.domain.links.echoes import HintedRecord
from core.domain.links.link_homes import HolderType, LinkField, LinkHome
from core.domain.links.write_back import LinkHolder
from core.domain.links.write_quota import WriteLimits
from core.domain.planning.plan import FieldChange
from core.domain.records import reasons
from core.domain.records.destination_records import DestinationEvent, DestinationRecord
from core.domain.records.feeds import EXHIBITORS, SESSIONS, Feed, SourceRow
from core.domain.records.fields import Fields, FieldValue
from core.domain.records.kind_settings import KindSetting, SettingValue
from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER, RecordKind, Scope
from core.domain.records.outcomes import RecordRef
from core.domain.records.pictures import picture_url
from core.domain.records.reasons import Reason
from core.domain.records.source_records import (
    Exhibitor,
    ExhibitorContact,
    Participation,
    ParticipationRole,
    Person,
    Session,
    SourceEvent,
    Unreadable,
)
from core.domain.records.synced_records import ShareLink
from core.domain.records.unreadable_rows import unreadable_row
from core.domain.selection.candidates import (
    Blocked,
    Candidate,
    Eligible,
    Selection,
    Skipped,
    check_required_fields,
    filled,
    is_preferred,
    unreadable_candidate,
)
from core.domain.selection.destination_view import DestinationView
from core.domain.selection.email_conflicts import EmailConflicts
from core.domain.selection.feed_rows import FeedRows, SelectionContext, Selector
from core.domain.systems import ExternalSystem, Systems
from core.domain.tenancy.access_fields import AccessField, check_different
from core.domain.tenancy.secrets import NO_TOKEN, Token
from core.domain.text import normalize_line, normalize_rich_text, normalize_url
from ports.destination import (
    BeforeWrite,
    Destination,
    DestinationError,
    DestinationEventGone,
    DestinationRefused,
    DestinationUnavailable,
    DestinationUnreadable,
    RecordGone,
    RecordRejected,
    RecordsNotReported,
    UnsupportedKind,
    WriteForbidden,
    WriteOutcomeUnknown,
)
from ports.link_writer import (
    LinkQuotaUsedUp,
    LinkWrite,
    LinkWriteForbidden,
    LinkWriter,
    LinkWriteUnknown,
    LinkWritten,
    Written,
)
from ports.probe import Finding, Marked, Verdict
from ports.source import (
    Source,
    SourceError,
    SourceEventGone,
    SourceEventRefused,
    SourceIncomplete,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
)

API_VERSION = 1
"""Of this module. A plug-in says for which version it was made; another one is refused."""


HINT_HEADER = "X-Webhook-Secret"
Row = Mapping[str, Any]
SandboxRows = Sequence[Row] | Callable[[Row], Sequence[Row]]
"""Rows, or a function of the event that returns them."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A complete response to a request."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class HttpUnavailable(Exception):
    """No usable answer came, after retries; the text is a sentence for people."""

    def __init__(self, sentence: str, *, not_executed: bool) -> None:
        super().__init__(sentence)
        self.not_executed = not_executed
        """Whether it is certain that the request was not executed."""


class Http(Protocol):
    """Requests to one system: encrypted, bounded, limited and retried, and never to another host."""

    async def read(
        self,
        target: str,
        params: Mapping[str, str | int] | None = None,
        *,
        method: str = "GET",
        json: object = None,
    ) -> HttpAnswer:
        """Send a request that changes nothing; 429 and server errors are retried.

        Args:
            target: a path below the base URL, or an absolute link to the same host, such as one to the next page.
            params: of the query; None leaves the link's own query as it is.
            method: of the request.
            json: the body; None for none.

        Raises:
            HttpUnavailable
        """
        ...

    async def write(self, method: str, target: str, json: object) -> HttpAnswer:
        """Send a write, once; it is completed even when the caller is cancelled.

        Raises:
            HttpUnavailable: look at `not_executed` before it is sent again.
        """
        ...


class OpenHttp(Protocol):
    def __call__(
        self, base_url: str, headers: Mapping[str, str], before_write: BeforeWrite | None = None
    ) -> AbstractAsyncContextManager[Http]:
        """Open the connections to one system.

        Args:
            base_url: of its API.
            headers: of each request, beside those for JSON, which they may replace.
            before_write: as the plug-in got it; awaited before each write.

        Raises:
            InvalidInput: the URL is invalid or not allowed.
        """
        ...


@dataclass(frozen=True, slots=True)
class FeedReader:
    """How a source reads one feed of an event: data, and a pure function."""

    path: str
    """Below the event's own path."""
    parse: Callable[[Mapping[str, Any]], Iterable[SourceRow]]
    """Returns the rows of one object of the list; what it raises makes that object an unreadable row."""
    query: Mapping[str, object] = field(default_factory=dict)
    """What is asked for besides the page, in the source's own terms."""


@dataclass(frozen=True, slots=True)
class RecordSchema:
    """How a destination writes the records of one kind."""

    type: str
    """The resource's type."""
    attributes: Mapping[str, str]
    """The attribute of each field; a field that is not listed is never sent."""
    constants: Mapping[str, str] = field(default_factory=dict)
    """Attributes that every record of the kind gets."""
    lists: Collection[str] = ()
    """The fields whose values are lists of texts; those of the others are texts."""


@dataclass(frozen=True, slots=True)
class Access:
    """The access to a system, as an admin entered it."""

    url: str
    token: Token = NO_TOKEN
    """Of a plug-in that needs none, its text is empty."""
    readers: Mapping[str, FeedReader] = field(default_factory=dict)
    """For a source: how it reads the feeds that kinds of other plug-ins bring, by the feed's name; `parse` never raises."""
    schemas: Mapping[str, RecordSchema] = field(default_factory=dict)
    """For a destination: how it writes the kinds that other plug-ins bring, by the kind's name."""
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The values of the plug-in's access fields by name; optional ones that are empty are left out."""


Probe = Callable[[Access, OpenHttp], Awaitable[Sequence[Finding]]]


@dataclass(frozen=True, slots=True)
class SourcePlugin:
    identifier: str
    display_name: str
    open: Callable[[Access, OpenHttp], AbstractAsyncContextManager[Source]]
    url_help: str = ""
    regions: Mapping[str, str] = field(default_factory=dict)
    """Base URLs by the name of a region, for systems that have such."""
    access_help: str = ""
    time_zone_help: str = ""
    """Where the time zone of an event can be changed."""
    event_of_hint: Callable[[bytes], str | None] | None = None
    """Returns the event that the body of a webhook is about, or None if it names none; absent if there are no webhooks."""
    record_of_hint: Callable[[bytes], HintedRecord | None] | None = None
    """Returns the record that the body of a webhook tells to have been updated, so that the echo of our own write is
    known as such; None if it tells of something else. Needed only where links can be written."""
    hint_header: str = HINT_HEADER
    """The header of a webhook that has its secret."""
    access_fields: Sequence[AccessField] = ()
    """What an admin enters besides the URL and the token."""
    needs_token: bool = True
    open_link_writer: (
        Callable[[Access, OpenHttp, BeforeWrite], AbstractAsyncContextManager[LinkWriter]] | None
    ) = None
    """Opens it for writing share links into custom fields (rule 38); None if nothing can be written to it."""
    link_homes: Mapping[str, LinkHome] = field(default_factory=dict)
    """Where the links of people are written, by the name of the kind; kinds of other plug-ins say so themselves."""
    probe: Probe | None = None
    """Compares an account with what the plug-in assumes, and writes nothing; None if it has no checks."""
    api_version: int = API_VERSION

    def __post_init__(self) -> None:
        check_different(self.access_fields)

    @property
    def system(self) -> ExternalSystem:
        return ExternalSystem(self.identifier, self.display_name)


@dataclass(frozen=True, slots=True)
class DestinationPlugin:
    identifier: str
    display_name: str
    open: Callable[[Access, OpenHttp, BeforeWrite | None], AbstractAsyncContextManager[Destination]]
    url: str = ""
    """The base URL; empty if an admin enters it."""
    access_help: str = ""
    url_help: str = ""
    access_fields: Sequence[AccessField] = ()
    """What an admin enters besides the URL and the token."""
    needs_token: bool = True
    probe: Probe | None = None
    """Compares an account with what the plug-in assumes, and writes nothing; None if it has no checks."""
    api_version: int = API_VERSION

    def __post_init__(self) -> None:
        check_different(self.access_fields)

    @property
    def system(self) -> ExternalSystem:
        return ExternalSystem(self.identifier, self.display_name)


@dataclass(frozen=True, slots=True)
class PageColumn:
    """A column of the kind's page."""

    heading: str
    text: Callable[..., str]
    """Of one line."""
    setting: str = ""
    """The setting of the kind on which the text depends; `text` then gets its value as a second argument, which is the
    default for an event that is not mapped."""


@dataclass(frozen=True, slots=True)
class KindPlugin:
    kind: RecordKind
    make_rows: Callable[[SelectionContext], FeedRows]
    """Indexes the rows of the kind's feed, and knows the kind's selector."""
    readers: Mapping[str, FeedReader] = field(default_factory=dict)
    """How each source reads the kind's feed, by the source's identifier."""
    schemas: Mapping[str, RecordSchema] = field(default_factory=dict)
    """How each destination writes the kind, by the destination's identifier."""
    page_label: str = ""
    """Of the page of the kind's scope; empty if it has none."""
    search_label: str = "Search"
    lines: Callable[[Any], Iterable[Any]] = lambda row: (row,)
    """Returns the lines of the page for one row of the feed; each has an `id`, which is that of a record, and a `label`."""
    columns: Sequence[PageColumn] = ()
    """Of the page, after the record's label."""
    link_homes: Mapping[str, LinkHome] = field(default_factory=dict)
    """Where the links of such people can be written back, by the source's identifier; a kind of people only."""
    webhooks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The topics of webhooks that tell of changes of such records, by the source's identifier."""
    sandbox_rows: Mapping[str, SandboxRows] = field(default_factory=dict)
    """Rows of the feed for the sandbox's events, as the source's API has them, by the source's identifier."""
    api_version: int = API_VERSION

    @property
    def identifier(self) -> str:
        return self.kind.name

    @property
    def display_name(self) -> str:
        return self.kind.plural.capitalize()


Plugin = SourcePlugin | DestinationPlugin | KindPlugin

__all__ = [
    "API_VERSION",
    "EXHIBITORS",
    "EXHIBITOR_CONTACT",
    "SESSION",
    "SESSIONS",
    "SPEAKER",
    "Access",
    "AccessField",
    "AsyncIterator",
    "BeforeWrite",
    "Blocked",
    "Candidate",
    "Destination",
    "DestinationError",
    "DestinationEvent",
    "DestinationEventGone",
    "DestinationEventId",
    "DestinationId",
    "DestinationPlugin",
    "DestinationRecord",
    "DestinationRefused",
    "DestinationUnavailable",
    "DestinationUnreadable",
    "DestinationView",
    "Eligible",
    "EmailConflicts",
    "Exhibitor",
    "ExhibitorContact",
    "ExternalId",
    "ExternalSystem",
    "Feed",
    "FeedReader",
    "FeedRows",
    "FieldChange",
    "FieldValue",
    "Fields",
    "Finding",
    "HintedRecord",
    "HolderType",
    "Http",
    "HttpAnswer",
    "HttpUnavailable",
    "InvalidInput",
    "KindPlugin",
    "KindSetting",
    "LinkField",
    "LinkHolder",
    "LinkHome",
    "LinkQuotaUsedUp",
    "LinkWrite",
    "LinkWriteForbidden",
    "LinkWriteUnknown",
    "LinkWriter",
    "LinkWritten",
    "Marked",
    "OpenHttp",
    "PageColumn",
    "Participation",
    "ParticipationRole",
    "Person",
    "Plugin",
    "Probe",
    "Reason",
    "RecordGone",
    "RecordKind",
    "RecordRef",
    "RecordRejected",
    "RecordSchema",
    "RecordsNotReported",
    "Scope",
    "Selection",
    "SelectionContext",
    "Selector",
    "Session",
    "SettingValue",
    "ShareLink",
    "Skipped",
    "Source",
    "SourceError",
    "SourceEvent",
    "SourceEventGone",
    "SourceEventId",
    "SourceEventRefused",
    "SourceId",
    "SourceIncomplete",
    "SourcePlugin",
    "SourceRefused",
    "SourceRow",
    "SourceUnavailable",
    "SourceUnreadable",
    "Systems",
    "Token",
    "Unreadable",
    "UnsupportedKind",
    "Verdict",
    "WriteForbidden",
    "WriteLimits",
    "WriteOutcomeUnknown",
    "Written",
    "check_required_fields",
    "clean_email",
    "filled",
    "is_masked",
    "is_preferred",
    "normalize_email",
    "normalize_line",
    "normalize_rich_text",
    "normalize_url",
    "picture_url",
    "reasons",
    "unreadable_candidate",
    "unreadable_row",
]
