"""Where records go: Gleanin.

The port has no way to delete anything, and must not get one (rule 22).

DestinationError
├── DestinationUnavailable   try later; nothing is known to have been written
├── DestinationRefused       somebody must act: the token, or what it may do
├── DestinationEventGone     there is no such event, or the token does not see it
├── DestinationUnreadable    the answer is not what was agreed, or was cut: create nothing on its ground
│   ├── RecordsNotReported       the answer says nothing of the kind of record: most likely the event has none
│   └── UnsupportedKind          such records cannot be asked for at all: none of them can be written safely
├── RecordRejected           this record was refused, and was not written; the others can go on
│   ├── RecordGone           there is no such record any more
│   └── WriteForbidden       refused without a word about the record: see whether the token is still taken
└── WriteOutcomeUnknown               the write may have taken place: look the record up before sending it again
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
from core.domain.tenancy.secrets import Token

BeforeWrite = Callable[[], Awaitable[None]]
"""Awaited right before every request that writes, after any waiting; it raises to prevent the write."""


class DestinationError(Exception):
    """Its text is a sentence for people, without the token and without personal data; `code` is for machines."""

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


class WriteOutcomeUnknown(DestinationError):
    code = "answer_lost"

    def __init__(self, sentence: str, asked: float | None = None) -> None:
        """Take how many seconds the other side asks to wait before the next try, if it does."""
        super().__init__(sentence)
        self.asked = asked


class Destination(Protocol):
    """Writes that have left are seen through: cancelled, a write raises `CancelledError` only if it never left."""

    @property
    def most_in_flight(self) -> int:
        """How many writes may be under way at once at the best of times."""
        ...

    @property
    def link_hosts(self) -> AbstractSet[str]:
        """The hosts, in lower case, that share links may lead to (rule 30)."""
        ...

    async def events(self) -> Sequence[DestinationEvent]: ...

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        """Find one event.

        Raises:
            DestinationEventGone: there is none.
        """
        ...

    def records(
        self, event_id: DestinationEventId, kind: RecordKind
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        """Give all records of one kind in an event, page by page.

        Raises:
            RecordsNotReported: the answer does not mention such records at all.
            UnsupportedKind: they cannot be asked for.
            DestinationUnreadable: also when the answer was cut; what came before is not all there is.
        """
        ...

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        """Create a record.

        Raises:
            WriteOutcomeUnknown: look it up by its external id before sending it again (rule 32); also where it was only
                accepted, to be created later.
            DestinationUnavailable: it never left.
            RecordRejected: it was not created.
        """
        ...

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        gleanin_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        """Change the named fields of a record; a new value of None clears one.

        Raises:
            WriteOutcomeUnknown: it may have been changed; sending the same again does no harm.
            RecordGone: it was deleted; a destination that hides deleted records says so only here.
            RecordRejected: it was not changed.
        """
        ...


class Destinations(Protocol):
    def open(
        self, token: Token, before_write: BeforeWrite | None = None
    ) -> AbstractAsyncContextManager[Destination]: ...
