"""The source of sessions, people and exhibitors: a system, or a saved event.

SourceError
├── SourceUnavailable   try later
├── SourceRefused       an admin must act: the token is invalid or lacks a scope
│   └── SourceEventRefused  likewise, for this event only: the token may read others
├── SourceEventGone     the event does not exist, or the token cannot see it
├── SourceUnreadable    the response is malformed
└── SourceIncomplete    use the rows that were read, and report nothing else as gone (rule 34)
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import ClassVar, Protocol, TypeVar

from core.domain.ids import SourceEventId
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.source_records import SourceEvent, Unreadable
from core.domain.systems import ExternalSystem
from core.domain.tenancy.access_fields import AccessRequirements
from core.domain.tenancy.secrets import SystemCredentials
from ports.probe import Finding

R = TypeVar("R", bound=SourceRow)


class SourceError(Exception):
    """An error whose text is a sentence for people, without tokens or personal data; `code` is for machines."""

    code: ClassVar[str] = "unreadable"


class SourceUnavailable(SourceError):
    code = "unreachable"


class SourceRefused(SourceError):
    code = "token_refused"


class SourceEventRefused(SourceRefused):
    code = "event_refused"


class SourceEventGone(SourceError):
    code = "event_gone"


class SourceUnreadable(SourceError):
    code = "unreadable"


class SourceIncomplete(SourceError):
    """Raised after all rows that could be read were returned.

    There are more rows than those, and nothing can be said about the rest (rule 34).
    """

    code = "incomplete"


class SourceMissing(SourceError):
    """The plug-in for a source is not installed or was refused; the text says what to do."""

    code = "plugin_missing"


class SourceFailed(SourceError):
    """The plug-in itself failed; the text names it."""

    code = "plugin_failed"


class Source(Protocol):
    """A source; it only reads. What may be written to one is in `ports.link_writer` (rules 33 and 38)."""

    async def events(self) -> Sequence[SourceEvent]:
        """List the events to choose from: those that can be read, even if the list is incomplete."""
        ...

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        """Return one event.

        Raises:
            SourceEventGone: the event is not in the list of events, which was read completely.
            SourceIncomplete: the event is not in the list, but the list is incomplete.
            SourceUnreadable: the event is not in the list, but the list has an unreadable row.
        """
        ...

    def records(self, event_id: SourceEventId, feed: Feed[R]) -> AsyncIterator[Sequence[R | Unreadable]]:
        """List all rows of a feed, page by page, each row once.

        Sessions come whatever their status, with subsessions as separate rows; exhibitors come with their contacts.

        Raises:
            SourceIncomplete: after the last page, if there are more rows than those.
        """
        ...

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        """Return whether a session or one of its people was added or changed since; also True if the source does not say.

        Deletions, sessions that left a status, and exhibitors may not be covered.

        Raises:
            SourceUnavailable
        """
        ...


class SourceOpener(Protocol):
    """Opens one kind of source."""

    @property
    def system(self) -> ExternalSystem: ...

    @property
    def requirements(self) -> AccessRequirements:
        """What an admin must enter."""
        ...

    def normalize_url(self, url: str) -> str:
        """Return a base URL in the form in which it is stored and compared; `open` decides whether it is allowed.

        Raises:
            InvalidInput: it is not a valid URL.
        """
        ...

    def open(self, credentials: SystemCredentials) -> AbstractAsyncContextManager[Source]:
        """Open the source.

        Raises:
            InvalidInput: the URL is invalid or not allowed.
        """
        ...

    async def probe(self, credentials: SystemCredentials) -> Sequence[Finding]:
        """Compare an account with the assumptions of the plug-in; nothing is written.

        Raises:
            NothingToProbe: the plug-in has no checks.
            SourceError: the account cannot be read at all.
        """
        ...


class Sources(Protocol):
    """The sources that are installed."""

    def named(self, identifier: str) -> SourceOpener:
        """Return a source by its identifier.

        Raises:
            SourceMissing: it is not installed, or its plug-in cannot be used.
        """
        ...
