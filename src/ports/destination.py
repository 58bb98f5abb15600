"""The destination that records are written to.

The port cannot delete anything, and must never be able to (rule 22).

DestinationError
├── DestinationUnavailable   try later; nothing is known to have been written
├── DestinationRefused       an admin must act: the token is invalid or lacks a permission
├── DestinationEventGone     the event does not exist, or the token cannot see it
├── DestinationUnreadable    the response is malformed or truncated: create nothing based on it
│   ├── RecordsNotReported   the response does not mention this kind of record: most likely the event has none
│   └── UnsupportedKind      this kind of record cannot be listed: none of them can be written safely
├── RecordRejected           this record was refused and not written; continue with the others
│   ├── RecordGone           the record no longer exists
│   ├── FailedBeforeWrite    the plug-in itself failed, and had not sent it
│   └── WriteForbidden       refused without a reason: check whether the token is still accepted
└── WriteOutcomeUnknown      the write may have happened: look the record up before sending it again
    └── FailedInWrite        the plug-in itself failed, and had sent it
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Protocol

from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.destination_records import DestinationEvent, DestinationRecord
from core.domain.records.fields import Fields
from core.domain.records.kinds import RecordKind
from core.domain.systems import ExternalSystem
from core.domain.tenancy.access_fields import AccessRequirements
from core.domain.tenancy.secrets import SystemCredentials
from ports.probe import Finding

BeforeWrite = Callable[[], Awaitable[None]]
"""Awaited immediately before every write request, after any waiting; raises to prevent the write."""


class DestinationError(Exception):
    """An error whose text is a sentence for people, without tokens or personal data; `code` is for machines."""

    code: ClassVar[str] = "unreadable"


class DestinationUnavailable(DestinationError):
    code = "unreachable"


class DestinationRefused(DestinationError):
    code = "token_refused"


class DestinationEventGone(DestinationError):
    code = "event_gone"


class DestinationUnreadable(DestinationError):
    code = "unreadable"


class RecordsNotReported(DestinationUnreadable):
    pass


class UnsupportedKind(DestinationUnreadable):
    pass


class RecordRejected(DestinationError):
    code = "rejected"


class RecordGone(RecordRejected):
    pass


class WriteForbidden(RecordRejected):
    code = "forbidden"


class FailedBeforeWrite(RecordRejected):
    """The plug-in itself failed; the text names it."""

    code = "plugin_failed"


class WriteOutcomeUnknown(DestinationError):
    code = "answer_lost"

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        """Create the error.

        Args:
            sentence: what happened.
            retry_after: seconds that the destination asks to wait before the next attempt, if it does.
        """
        super().__init__(sentence)
        self.retry_after = retry_after


class FailedInWrite(WriteOutcomeUnknown):
    """The plug-in itself failed; the text names it."""

    code = "plugin_failed"


class DestinationMissing(DestinationError):
    """The plug-in for a destination is not installed or was refused; the text says what to do."""

    code = "plugin_missing"


class DestinationFailed(DestinationError):
    """The plug-in itself failed; the text names it."""

    code = "plugin_failed"


class Destination(Protocol):
    """A destination; a cancelled write raises `CancelledError` only if its request was never sent.

    A write that was sent is awaited to its end, even when cancelled.
    """

    @property
    def max_in_flight(self) -> int:
        """The highest number of concurrent writes that the destination accepts."""
        ...

    @property
    def link_hosts(self) -> AbstractSet[str]:
        """The hosts, in lower case, that share links may point to (rule 30)."""
        ...

    async def events(self) -> Sequence[DestinationEvent]: ...

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        """Return one event.

        Raises:
            DestinationEventGone: the event does not exist.
        """
        ...

    def records(
        self, event_id: DestinationEventId, kind: RecordKind
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        """List all records of one kind in an event, page by page.

        Kinds with the same group are listed together, by one call for any of them (rule 44).

        Raises:
            RecordsNotReported: the response does not mention records of this kind.
            UnsupportedKind: records of this kind cannot be listed.
            DestinationUnreadable: also when the response was truncated; the pages before it are incomplete.
        """
        ...

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        """Create a record.

        Raises:
            WriteOutcomeUnknown: look it up by its external id before sending it again (rule 32); also when it was
                only accepted, to be created later.
            DestinationUnavailable: the request was never sent.
            RecordRejected: it was not created.
            UnsupportedKind: records of this kind cannot be written; nothing was sent.
        """
        ...

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        destination_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        """Update the given fields of a record; a new value of None clears the field.

        Raises:
            WriteOutcomeUnknown: it may have been updated; sending the same update again is safe.
            RecordGone: it was deleted; a destination that hides deleted records reports this only here.
            RecordRejected: it was not updated.
        """
        ...


class DestinationOpener(Protocol):
    """Opens one kind of destination."""

    @property
    def system(self) -> ExternalSystem: ...

    @property
    def requirements(self) -> AccessRequirements:
        """What an admin must enter."""
        ...

    def normalize_url(self, url: str) -> str:
        """Return a base URL in the form in which it is stored; `open` decides whether it is allowed.

        Raises:
            InvalidInput: it is not a valid URL.
        """
        ...

    def open(
        self, credentials: SystemCredentials, before_write: BeforeWrite | None = None
    ) -> AbstractAsyncContextManager[Destination]:
        """Open the destination.

        Raises:
            InvalidInput: the URL is invalid or not allowed.
        """
        ...

    async def probe(self, credentials: SystemCredentials) -> Sequence[Finding]:
        """Compare an account with the assumptions of the plug-in; nothing is written.

        Raises:
            NothingToProbe: the plug-in has no checks.
            DestinationError: the account cannot be read at all.
        """
        ...


class Destinations(Protocol):
    """The destinations that are installed."""

    def named(self, identifier: str) -> DestinationOpener:
        """Return a destination by its identifier.

        Raises:
            DestinationMissing: it is not installed, or its plug-in cannot be used.
        """
        ...
