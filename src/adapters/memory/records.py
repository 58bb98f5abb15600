"""Records and logged writes of the in-memory Gleanin, and the faults it can simulate."""

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
    """None when Gleanin reports no links at all."""
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
    """A write that took place, whether or not its response arrived."""

    kind: RecordKind
    destination_id: DestinationId
    external_id: ExternalId | None
    created: bool
    sent: tuple[tuple[str, FieldValue | None], ...]


@dataclass(slots=True)
class Faults:
    """The faults to simulate: none by default."""

    refuses_tokens: bool = False
    unavailable_calls: int = 0
    """The next so many calls fail as unavailable."""
    lost_answers: int = 0
    """The next so many writes get no response."""
    lost_are_written: bool = True
    """Whether the writes without a response take place."""
    late_creates: int = 0
    """The next so many creates get no response and take place later."""
    late_seconds: float = 0
    """How many seconds later, by the clock, late creates take place."""
    rejected: dict[ExternalId, str] = field(default_factory=dict)
    """Records that are rejected, each with Gleanin's message."""
    forbidden_words: frozenset[str] = frozenset()
    """A write with any of these in a text fails with 403, as behind a firewall."""
    cuts_answers: bool = False
    late_reads: int = 0
    """A created record is missing from the first so many reads."""
    unique_emails: bool = False
    """Reject an e-mail that another record of the same kind has."""
    unknown_kinds: set[str] = field(default_factory=set)
    """Kinds that cannot be listed, by name."""
    silent_when_empty: bool = False
    """Do not report a kind without records."""
    hides_external_ids: bool = False
    refuses_reads: bool = False
    after_write: Callable[[LoggedWrite], None] | None = None
    """Called after a write has taken place and before its response arrives; it may raise."""
