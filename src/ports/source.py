"""Where sessions, people and exhibitors come from: Sessionboard, or an event that was saved.

SourceError
├── SourceUnavailable   try later
├── SourceRefused       somebody must act: the token, or its scopes
├── SourceEventGone     there is no such event, or the token does not see it
├── SourceUnreadable    the answer is not what was agreed
└── SourceIncomplete    use what was given, and report nothing else as gone (rule 34)
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import ClassVar, Protocol

from core.domain.ids import SourceEventId
from core.domain.records.source_records import Exhibitor, Session, SourceEvent, Unreadable
from core.domain.tenancy.secrets import Token


class SourceError(Exception):
    """Its text is a sentence for people, without the token and without personal data; `code` is for machines."""

    code: ClassVar[str] = "unreadable"


class SourceUnavailable(SourceError):
    code = "unreachable"


class SourceRefused(SourceError):
    code = "token_refused"


class SourceEventGone(SourceError):
    code = "event_gone"


class SourceUnreadable(SourceError):
    code = "unreadable"


class SourceIncomplete(SourceError):
    """Raised after everything that could be read has been given.

    What was given is not all there is: nothing can be said of the rest (rule 34).
    """

    code = "incomplete"


class Source(Protocol):
    """Reads only: nothing is ever written to Sessionboard (rule 33)."""

    async def events(self) -> Sequence[SourceEvent]:
        """Return the events to choose from: those that can be read, even if the list is incomplete."""
        ...

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        """Return one event.

        Raises:
            SourceEventGone: it is not in the list of events, which was read completely.
            SourceIncomplete: it is not in the list, but the list is incomplete.
            SourceUnreadable: it is not in the list, but the list has a row that cannot be read.
        """
        ...

    def sessions(self, event_id: SourceEventId) -> AsyncIterator[Sequence[Session | Unreadable]]:
        """Return all sessions of an event, page by page, whatever their status, subsessions as further rows.

        Each row is given once.

        Raises:
            SourceIncomplete: after the last page; there are more than those.
        """
        ...

    def exhibitors(self, event_id: SourceEventId) -> AsyncIterator[Sequence[Exhibitor | Unreadable]]:
        """Return all exhibitors of an event with their contacts, page by page, each once.

        Raises:
            SourceIncomplete: after the last page; there are more than those.
        """
        ...

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        """Tell whether a session or a person on one was added or changed since; True, too, where that is not told.

        Deletions, statuses that were left and exhibitors need not show here.

        Raises:
            SourceUnavailable
        """
        ...


class Sources(Protocol):
    def open(self, url: str, token: Token) -> AbstractAsyncContextManager[Source]:
        """Open the source at a base URL.

        Raises:
            InvalidInput: the URL is none, or one that is not allowed.
        """
        ...
