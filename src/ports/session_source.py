"""Where sessions, people and exhibitors come from: Sessionboard, or an event that was saved.

SourceError
├── SourceUnavailable   try later
├── SourceRefused       somebody must act: the token, or its scopes
├── SourceEventGone     there is no such event, or the token does not see it
└── SourceUnreadable    the answer is not what was agreed
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import ClassVar, Protocol

from core.domain.identifiers import SessionboardEventId
from core.domain.secrets import Token
from core.domain.source import Exhibitor, Session, SourceEvent, Unreadable


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
    code = "incomplete"


class SessionSource(Protocol):
    """Reads only: nothing is ever written to Sessionboard (rule 33)."""

    async def events(self) -> Sequence[SourceEvent]: ...

    async def event(self, event_id: SessionboardEventId) -> SourceEvent:
        """Find one event.

        Raises:
            SourceEventGone: there is none.
        """
        ...

    def sessions(self, event_id: SessionboardEventId) -> AsyncIterator[Sequence[Session | Unreadable]]:
        """Give all sessions of an event, page by page, whatever their status, subsessions as rows of their own."""
        ...

    def exhibitors(self, event_id: SessionboardEventId) -> AsyncIterator[Sequence[Exhibitor | Unreadable]]:
        """Give all exhibitors of an event with their contacts, page by page."""
        ...

    async def has_changed(self, event_id: SessionboardEventId, since: datetime) -> bool:
        """Tell whether a session or a person on one was added or changed since; True, too, where that is not told.

        Deletions, statuses that were left and exhibitors need not show here.

        Raises:
            SourceUnavailable
        """
        ...


class SessionSources(Protocol):
    def open(self, url: str, token: Token) -> AbstractAsyncContextManager[SessionSource]:
        """Open the source at a base URL.

        Raises:
            BadInput: the URL is none, or one that is not allowed.
        """
        ...
