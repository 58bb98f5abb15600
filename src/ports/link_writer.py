"""Writing share links into records of a source: a capability that a source may lack (rule 38).

It updates one custom field of existing records. Nothing else can be written, created or deleted, except that a field
can be ordered. Its errors are those of the source, and further ones:

SourceError
├── SourceUnavailable
│   ├── LinkQuotaUsedUp      the source accepts no more writes for now: nothing was written, go on later
│   └── LinkWriteUnknown     the write may have happened: read what the fields hold before sending it again
└── SourceRefused
    └── LinkWriteForbidden   the token lacks a scope, which the text names; reading may still be allowed
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from core.domain.ids import SourceEventId, SourceId
from core.domain.links.link_homes import HolderType, LinkField, LinkHome
from core.domain.links.write_back import LinkHolder
from core.domain.links.write_quota import WriteLimits
from core.domain.tenancy.secrets import SystemCredentials
from ports.destination import BeforeWrite
from ports.source import SourceRefused, SourceUnavailable


class LinkQuotaUsedUp(SourceUnavailable):
    code = "quota_used_up"

    def __init__(self, sentence: str, retry_after: float | None = None) -> None:
        """Create the error.

        Args:
            sentence: what the source said.
            retry_after: seconds that the source asks to wait, if it does.
        """
        super().__init__(sentence)
        self.retry_after = retry_after


class LinkWriteUnknown(SourceUnavailable):
    code = "answer_lost"


class LinkWriteForbidden(SourceRefused):
    code = "scope_missing"


class Written(StrEnum):
    """What became of one record of a batch."""

    DONE = "done"
    CONFLICT = "conflict"
    """The record has changed since it was read, or the source gave a reason that is not known: read it again."""
    REFUSED = "refused"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class LinkWrite:
    """The new value of one record's field."""

    id: SourceId
    guard: str
    """As in the `LinkHolder` that was read."""
    value: str


@dataclass(frozen=True, slots=True)
class LinkWritten:
    id: SourceId
    status: Written
    value: str | None = None
    """What the field holds now, if the answer tells; None if it does not."""
    problem: str = ""
    """The source's words for a refusal."""


class LinkWriter(Protocol):
    """Reads and writes one custom field of an event's records."""

    @property
    def limits(self) -> WriteLimits: ...

    async def fields(self, event_id: SourceEventId, holder: HolderType) -> Sequence[LinkField]:
        """List the custom fields that can hold a link: texts of the event, not of all events.

        Raises:
            SourceError
        """
        ...

    async def create_field(self, event_id: SourceEventId, holder: HolderType, name: str) -> None:
        """Order a text field with this public name; list the fields to see it.

        Raises:
            LinkWriteUnknown: it may have been made; do not send it again before it can be told.
            LinkWriteForbidden, LinkQuotaUsedUp, SourceError: it was not made.
        """
        ...

    def holders(
        self, event_id: SourceEventId, holder: HolderType, field: str
    ) -> AsyncIterator[Sequence[LinkHolder]]:
        """List what the field of each record holds, page by page, each record once.

        Args:
            event_id: the event.
            holder: the type of the records.
            field: its internal name.

        Raises:
            SourceIncomplete: after the last page, if there are more records than those.
        """
        ...

    async def write(
        self, event_id: SourceEventId, holder: HolderType, field: str, writes: Sequence[LinkWrite]
    ) -> Sequence[LinkWritten]:
        """Write the field of several records in one request; return what became of each, in the same order.

        Args:
            event_id: the event.
            holder: the type of the records.
            field: its internal name.
            writes: at most `limits.batch`.

        Raises:
            LinkWriteUnknown: any of them may have been written.
            LinkQuotaUsedUp: none was written.
            LinkWriteForbidden: none was written.
            SourceError: none was written.
        """
        ...


class LinkWriters(Protocol):
    """The link writers of the sources that are installed."""

    def homes(self, source: str) -> Mapping[str, LinkHome]:
        """Return where a source's links of people are written, by the name of the kind.

        Args:
            source: its identifier. Of one that is not installed, or that links cannot be written to, nothing is
                returned.
        """
        ...

    def open(
        self, source: str, credentials: SystemCredentials, before_write: BeforeWrite
    ) -> AbstractAsyncContextManager[LinkWriter]:
        """Open the link writer of a source that has homes for links.

        Args:
            source: its identifier.
            credentials: of the source.
            before_write: awaited immediately before every write request; raises to prevent the write.

        Raises:
            SourceMissing: the source is not installed any more.
            InvalidInput: the URL is invalid or not allowed.
        """
        ...
