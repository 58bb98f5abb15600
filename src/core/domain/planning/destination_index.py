"""What a Gleanin event holds when a run begins: read before anything is written (rules 19 and 32)."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from core.domain.email import normalize_email
from core.domain.ids import ConnectionId, DestinationId, SourceId, parse_external_id
from core.domain.records.destination_records import DestinationRecord
from core.domain.records.digests import number_of
from core.domain.records.kinds import KINDS, SESSION, RecordKind

Sent = tuple[ConnectionId, SourceId]
"""Under which connection a record was sent, and for which source record."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody in Gleanin who has a certain e-mail address."""

    kind: RecordKind
    gleanin_id: DestinationId
    sent_as: SourceId | None
    """The source record it was sent for, under whichever connection; None for a contact we did not create."""


@dataclass(slots=True)
class DestinationIndex:
    """An index of a Gleanin event's records, built page by page; per record it keeps ids and an e-mail only."""

    connection_id: ConnectionId
    here: Mapping[str, Mapping[SourceId, DestinationId]] = field(default_factory=dict)
    """Where what this connection sent is, by the kind's name."""
    remembered: Mapping[str, Mapping[DestinationId, SourceId]] = field(default_factory=dict)
    """What this connection sent, by the kind's name: also where Gleanin does not give our external ids back."""
    remembered_earlier: Mapping[str, Mapping[DestinationId, Sent]] = field(default_factory=dict)
    """What other connections sent, likewise."""
    emails: Mapping[str, Mapping[SourceId, str]] = field(default_factory=dict)
    """For people sent under this connection, the e-mail that we last sent, by the kind's name."""
    elsewhere: AbstractSet[ConnectionId] = frozenset()
    """Connections of organizations at another Sessionboard address: the same ids are other records there."""
    _sessions_of: dict[str, dict[DestinationId, tuple[DestinationId, ...]]] = field(
        default_factory=lambda: {kind.name: {} for kind in KINDS}
    )
    _sent_here: dict[str, dict[SourceId, DestinationId]] = field(
        default_factory=lambda: {kind.name: {} for kind in KINDS}
    )
    _sent_earlier: dict[str, dict[SourceId, DestinationId]] = field(
        default_factory=lambda: {kind.name: {} for kind in KINDS}
    )
    _contacts: dict[str, tuple[Contact, ...]] = field(default_factory=dict)
    digest: int = 0
    """Of all records that were added, in whatever order they came."""
    _doubles: dict[tuple[str, SourceId], list[DestinationId]] = field(default_factory=dict)

    def add(self, kind: RecordKind, records: Iterable[DestinationRecord]) -> None:
        for record in records:
            if record.id in self._sessions_of[kind.name]:
                continue
            gleanin_id, memory = self.kept_id(kind, record.id), self._memory_of(kind, record.id)
            self._sessions_of[kind.name][gleanin_id] = tuple(
                self.kept_id(SESSION, each) for each in record.sessions
            )
            self.digest = (self.digest + _digest(kind, record)) % 2**64
            sent = parse_external_id(record.external_id) or memory
            if sent == memory:
                sent = memory  # equal, and kept already: tens of thousands of ids need not be kept twice
            if sent is not None and sent[0] in self.elsewhere:
                sent = None
            if sent is not None:
                self._note_sent(kind, sent, gleanin_id)
            if kind.is_person and record.email:
                contact = Contact(kind, gleanin_id, sent[1] if sent else None)
                mailbox = normalize_email(record.email)
                known = self.emails.get(kind.name, {}).get(sent[1]) if sent else None
                mailbox = known if known == mailbox else mailbox  # likewise
                self._contacts[mailbox] = (*self._contacts.get(mailbox, ()), contact)

    def kept_id(self, kind: RecordKind, gleanin_id: DestinationId) -> DestinationId:
        """Return an id as the object that is kept already, for there are tens of thousands."""
        source_id = self.remembered.get(kind.name, {}).get(gleanin_id)
        return gleanin_id if source_id is None else self.here[kind.name].get(source_id, gleanin_id)

    def _memory_of(self, kind: RecordKind, gleanin_id: DestinationId) -> Sent | None:
        """Return what we sent."""
        source_id = self.remembered.get(kind.name, {}).get(gleanin_id)
        if source_id is not None:
            return self.connection_id, source_id
        return self.remembered_earlier.get(kind.name, {}).get(gleanin_id)

    def _note_sent(self, kind: RecordKind, sent: Sent, gleanin_id: DestinationId) -> None:
        connection, source_id = sent
        ours = self._sent_here if connection == self.connection_id else self._sent_earlier
        first = ours[kind.name].setdefault(source_id, gleanin_id)
        if first != gleanin_id and ours is self._sent_here:
            self._doubles.setdefault((kind.name, source_id), [first]).append(gleanin_id)

    @property
    def doubled(self) -> int:
        """How many records this connection sent that stand in Gleanin more than once."""
        return len(self._doubles)

    def duplicates_of(self, kind: RecordKind, source_id: SourceId) -> Sequence[DestinationId]:
        """List all copies of a record that stands in Gleanin more than once; empty for any other."""
        return self._doubles.get((kind.name, source_id), ())

    def holds(self, kind: RecordKind, gleanin_id: DestinationId) -> bool:
        return gleanin_id in self._sessions_of[kind.name]

    def holds_tie(self, tie: str) -> bool:
        """Tell whether what somebody is tied to still stands in Gleanin."""
        return any(self.holds(kind, DestinationId(tie)) for kind in KINDS if kind.is_tied_to)

    def sessions_of(self, kind: RecordKind, gleanin_id: DestinationId) -> tuple[DestinationId, ...]:
        return self._sessions_of[kind.name].get(gleanin_id, ())

    def created_here(self, kind: RecordKind, source_id: SourceId) -> DestinationId | None:
        """Find a record that this connection sent, whether or not anybody recorded it (rule 32)."""
        return self._sent_here[kind.name].get(source_id)

    def all_created_here(self, kind: RecordKind) -> dict[SourceId, DestinationId]:
        return self._sent_here[kind.name]

    def created_before(self, kind: RecordKind) -> dict[SourceId, DestinationId]:
        """List what other connections sent (rule 10)."""
        return self._sent_earlier[kind.name]

    def contacts_with(self, email: str) -> Iterable[Contact]:
        return self._contacts.get(normalize_email(email), ())

    def emails_in_use(self, kind: RecordKind) -> dict[SourceId, str]:
        """Tell whom we sent to Gleanin, with the e-mail (as `same_mailbox` writes it) that each has by our doing.

        What we remember to have sent counts before what Gleanin shows, for only a change of ours moves somebody.
        """
        remembered = self.emails.get(kind.name, {})
        held: dict[SourceId, str] = {}
        for mailbox, contacts in self._contacts.items():
            for contact in contacts:
                if contact.kind == kind and contact.sent_as is not None:
                    sent = remembered.get(contact.sent_as)
                    held[contact.sent_as] = mailbox if sent in (None, mailbox) else normalize_email(sent)
        return held

    def record_write(self, kind: RecordKind, source_id: SourceId, gleanin_id: DestinationId) -> None:
        """Note a record that this run has created or updated."""
        self._sessions_of[kind.name].setdefault(gleanin_id, ())
        self._sent_here[kind.name][source_id] = gleanin_id


def _digest(kind: RecordKind, record: DestinationRecord) -> int:
    """Give a number for what a plan looks at in a record; its share links are no part of that."""
    return number_of(kind.name, record.id, record.external_id, record.email, *sorted(record.sessions))
