"""What Gleanin in memory holds and notes, and how it misbehaves."""

from collections.abc import Callable
from dataclasses import dataclass, field

from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import ASSOCIATIONS
from core.domain.records.destination_records import DestinationRecord
from core.domain.records.fields import FieldValue
from core.domain.records.kinds import RecordKind
from core.domain.records.synced_records import ShareLink


@dataclass(slots=True)
class StoredRecord:
    event_id: DestinationEventId
    kind: RecordKind
    id: DestinationId
    external_id: ExternalId | None
    fields: dict[str, FieldValue]
    links: tuple[ShareLink, ...] | None = ()
    """None when nothing is told of links."""
    reads: int = 0

    def seen(self, *, anonymous: bool) -> DestinationRecord:
        email = self.fields.get("email")
        return DestinationRecord(
            id=self.id,
            external_id=None if anonymous else self.external_id,
            email=email if isinstance(email, str) else None,
            sessions=tuple(map(DestinationId, self.fields.get(ASSOCIATIONS, ()))),
            links=self.links,
        )


@dataclass(frozen=True, slots=True)
class LoggedWrite:
    """A write that took place, whether or not its answer arrived."""

    kind: RecordKind
    gleanin_id: DestinationId
    external_id: ExternalId | None
    created: bool
    sent: tuple[tuple[str, FieldValue | None], ...]


@dataclass(slots=True)
class Misbehaviour:
    """What goes wrong, and when: nothing by default."""

    refuses_tokens: bool = False
    unavailable_calls: int = 0
    """So many calls from now on fail as unavailable."""
    lost_answers: int = 0
    """So many writes from now on get no answer,"""
    lost_are_written: bool = True
    """having taken place, or not."""
    late_creates: int = 0
    """So many creates from now on get no answer, and take place later:"""
    late_seconds: float = 0
    """by the clock, so many seconds later."""
    rejected: dict[ExternalId, str] = field(default_factory=dict)
    """Records that are refused, with Gleanin's words."""
    forbidden_words: frozenset[str] = frozenset()
    """A write with any of these in a text is answered with 403, as by a firewall."""
    cuts_answers: bool = False
    late_reads: int = 0
    """So many readings do not have a record yet that was created."""
    unique_emails: bool = False
    """An e-mail that somebody of the same kind has is refused."""
    unknown_kinds: set[str] = field(default_factory=set)
    """Kinds that cannot be asked for, by name."""
    silent_when_empty: bool = False
    """A kind of which there is no record is not mentioned at all."""
    hides_external_ids: bool = False
    refuses_reads: bool = False
    after_write: Callable[[LoggedWrite], None] | None = None
    """Called when a write has taken place and its answer has not arrived; it may raise."""
