"""The content of a destination event at the beginning of a run, read before anything is written (rules 19 and 32)."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from core.domain.email import normalize_email
from core.domain.ids import ConnectionId, DestinationId, SourceId, parse_external_id
from core.domain.records.destination_records import DestinationRecord
from core.domain.records.digests import hash_texts
from core.domain.records.kinds import KINDS, SESSION, RecordKind
from core.domain.systems import ExternalSystem

Sent = tuple[ConnectionId, SourceId]
"""The connection under which a record was sent, and its source record."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A contact in the destination with a certain e-mail address."""

    kind: RecordKind
    destination_id: DestinationId
    sent_as: SourceId | None
    """The source record it was sent for, under any connection; None for a contact that we did not create."""


@dataclass(slots=True)
class DestinationIndex:
    """An index of a destination event's records, built page by page. It keeps only ids and an e-mail per record."""

    source: ExternalSystem
    connection_id: ConnectionId
    here: Mapping[str, Mapping[SourceId, DestinationId]] = field(default_factory=dict)
    """The destination ids of what this connection sent, by the kind's name."""
    recorded: Mapping[str, Mapping[DestinationId, SourceId]] = field(default_factory=dict)
    """What this connection sent, by the kind's name. Needed where the destination does not return our external ids."""
    recorded_before: Mapping[str, Mapping[DestinationId, Sent]] = field(default_factory=dict)
    """What other connections sent, by the kind's name."""
    emails: Mapping[str, Mapping[SourceId, str]] = field(default_factory=dict)
    """The e-mail last sent for each person under this connection, by the kind's name."""
    elsewhere: AbstractSet[ConnectionId] = frozenset()
    """Connections of organizations at another source URL, where the same ids are different records."""
    _sessions_of: dict[str, dict[DestinationId, tuple[DestinationId, ...]]] = field(
        default_factory=lambda: {kind.name: {} for kind in KINDS}
    )
    _created_here: dict[str, dict[SourceId, DestinationId]] = field(
        default_factory=lambda: {kind.name: {} for kind in KINDS}
    )
    _created_before: dict[str, dict[SourceId, DestinationId]] = field(
        default_factory=lambda: {kind.name: {} for kind in KINDS}
    )
    _contacts: dict[str, tuple[Contact, ...]] = field(default_factory=dict)
    digest: int = 0
    """Of all records that were added, in any order."""
    _duplicates: dict[tuple[str, SourceId], list[DestinationId]] = field(default_factory=dict)

    def add(self, kind: RecordKind, records: Iterable[DestinationRecord]) -> None:
        for record in records:
            if record.id in self._sessions_of[kind.name]:
                continue
            destination_id, recorded = self.kept_id(kind, record.id), self._recorded(kind, record.id)
            self._sessions_of[kind.name][destination_id] = tuple(
                self.kept_id(SESSION, session) for session in record.sessions
            )
            self.digest = (self.digest + _digest(kind, record)) % 2**64
            sent = parse_external_id(self.source, record.external_id) or recorded
            if sent == recorded:
                sent = recorded  # share the equal object: there are tens of thousands of ids
            if sent is not None and sent[0] in self.elsewhere:
                sent = None
            if sent is not None:
                self._add_sent(kind, sent, destination_id)
            if kind.is_person and record.email:
                contact = Contact(kind, destination_id, sent[1] if sent else None)
                email = normalize_email(record.email)
                last_sent = self.emails.get(kind.name, {}).get(sent[1]) if sent else None
                email = last_sent if last_sent == email else email  # share the equal object
                self._contacts[email] = (*self._contacts.get(email, ()), contact)

    def kept_id(self, kind: RecordKind, destination_id: DestinationId) -> DestinationId:
        """Return the equal id object that is already in memory, to save space: there are tens of thousands."""
        source_id = self.recorded.get(kind.name, {}).get(destination_id)
        return destination_id if source_id is None else self.here[kind.name].get(source_id, destination_id)

    def _recorded(self, kind: RecordKind, destination_id: DestinationId) -> Sent | None:
        """Return what our synced records say about a destination record."""
        source_id = self.recorded.get(kind.name, {}).get(destination_id)
        if source_id is not None:
            return self.connection_id, source_id
        return self.recorded_before.get(kind.name, {}).get(destination_id)

    def _add_sent(self, kind: RecordKind, sent: Sent, destination_id: DestinationId) -> None:
        connection, source_id = sent
        created = self._created_here if connection == self.connection_id else self._created_before
        first = created[kind.name].setdefault(source_id, destination_id)
        if first != destination_id and created is self._created_here:
            self._duplicates.setdefault((kind.name, source_id), [first]).append(destination_id)

    @property
    def duplicates(self) -> int:
        """Return how many records of this connection exist in the destination more than once."""
        return len(self._duplicates)

    def duplicates_of(self, kind: RecordKind, source_id: SourceId) -> Sequence[DestinationId]:
        """List all copies of a record that exists in the destination more than once; empty for any other."""
        return self._duplicates.get((kind.name, source_id), ())

    def holds(self, kind: RecordKind, destination_id: DestinationId) -> bool:
        return destination_id in self._sessions_of[kind.name]

    def holds_associated(self, destination_id: str) -> bool:
        """Check whether a record that a person is associated with still exists in the destination."""
        return any(
            self.holds(kind, DestinationId(destination_id)) for kind in KINDS if kind.takes_associations
        )

    def sessions_of(self, kind: RecordKind, destination_id: DestinationId) -> tuple[DestinationId, ...]:
        return self._sessions_of[kind.name].get(destination_id, ())

    def created_here(self, kind: RecordKind, source_id: SourceId) -> DestinationId | None:
        """Return the destination id of a record that this connection sent, even if that was not recorded (rule 32)."""
        return self._created_here[kind.name].get(source_id)

    def all_created_here(self, kind: RecordKind) -> dict[SourceId, DestinationId]:
        return self._created_here[kind.name]

    def created_before(self, kind: RecordKind) -> dict[SourceId, DestinationId]:
        """Return what other connections sent (rule 10)."""
        return self._created_before[kind.name]

    def contacts_with(self, email: str) -> Iterable[Contact]:
        return self._contacts.get(normalize_email(email), ())

    def emails_in_use(self, kind: RecordKind) -> dict[SourceId, str]:
        """Return the normalized e-mail of each person that we sent to the destination.

        The e-mail that we last sent takes precedence over the destination's, because only our own changes free an e-mail.
        """
        last_sent = self.emails.get(kind.name, {})
        in_use: dict[SourceId, str] = {}
        for email, contacts in self._contacts.items():
            for contact in contacts:
                if contact.kind == kind and contact.sent_as is not None:
                    sent = last_sent.get(contact.sent_as)
                    in_use[contact.sent_as] = email if sent in (None, email) else normalize_email(sent)
        return in_use

    def record_write(self, kind: RecordKind, source_id: SourceId, destination_id: DestinationId) -> None:
        """Add a record that this run has created or updated."""
        self._sessions_of[kind.name].setdefault(destination_id, ())
        self._created_here[kind.name][source_id] = destination_id


def _digest(kind: RecordKind, record: DestinationRecord) -> int:
    """Return a hash of the parts of a record that a plan depends on; share links are not among them."""
    return hash_texts(kind.name, record.id, record.external_id, record.email, *sorted(record.sessions))
