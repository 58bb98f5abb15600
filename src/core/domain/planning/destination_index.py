"""The content of a destination event at the beginning of a run, read before anything is written (rules 19, 32 and 44)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from core.domain.email import normalize_email
from core.domain.ids import ConnectionId, DestinationId, SourceId, parse_external_id
from core.domain.planning.ownership import Ownership
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
    """As which it was sent, or else one of the kinds that share its group."""
    group: str
    destination_id: DestinationId
    sent_as: SourceId | None
    """The source record it was sent for, under any connection; None for a contact that we did not create."""
    label: str = ""
    """Of a record that this run has written."""


@dataclass(slots=True)
class DestinationIndex:
    """An index of a destination event's records, built page by page. It keeps only ids and an e-mail per record.

    The records of a group are indexed together; `Ownership` says to which of its kinds each belongs (rule 44).
    """

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
    ownership: Ownership = field(default_factory=Ownership)
    _sessions_of: dict[str, dict[DestinationId, tuple[DestinationId, ...]]] = field(default_factory=dict)
    """These and the following by the group's name."""
    _created_here: dict[str, dict[SourceId, DestinationId]] = field(default_factory=dict)
    _created_before: dict[str, dict[SourceId, DestinationId]] = field(default_factory=dict)
    _duplicates: dict[tuple[str, SourceId], list[DestinationId]] = field(default_factory=dict)
    _contacts: dict[str, tuple[Contact, ...]] = field(default_factory=dict)
    """By the normalized e-mail."""
    _email_of: dict[DestinationId, str] = field(default_factory=dict)
    """The normalized e-mail of each contact of a shared group; a run's own writes move them."""
    digest: int = 0
    """Of all records that were added, in any order."""

    def __post_init__(self) -> None:
        for by_group in (self._sessions_of, self._created_here, self._created_before):
            for kind in KINDS:
                by_group.setdefault(kind.group, {})

    def add(self, kind: RecordKind, records: Iterable[DestinationRecord]) -> None:
        """Add records of the kind's group: a destination lists all kinds of a group together."""
        group = kind.group
        for record in records:
            if record.id in self._sessions_of[group]:
                continue
            sent = parse_external_id(self.source, record.external_id)
            name, recorded = self._recorded(group, record.id, sent)
            destination_id = self.kept_id(kind, record.id)
            self._sessions_of[group][destination_id] = tuple(
                self.kept_id(SESSION, session) for session in record.sessions
            )
            self.digest = (self.digest + _digest(group, record)) % 2**64
            sent = sent or recorded
            if sent == recorded:
                sent = recorded  # share the equal object: there are tens of thousands of ids
            if sent is not None and sent[0] in self.elsewhere:
                sent = None
            if sent is not None:
                self._add_sent(group, sent, destination_id)
                if sent == recorded and sent[0] == self.connection_id:
                    self.ownership.note(group, sent[1], name)
            if kind.is_person and record.email:
                sent_as = KINDS.named(name) if sent is not None and sent == recorded else kind
                contact = Contact(sent_as, group, destination_id, sent[1] if sent else None)
                email = normalize_email(record.email)
                last_sent = self.emails.get(name, {}).get(sent[1]) if sent else None
                self._add_contact(
                    last_sent if last_sent == email else email, contact
                )  # share the equal object

    def kept_id(self, kind: RecordKind, destination_id: DestinationId) -> DestinationId:
        """Return the equal id object that is already in memory, to save space: there are tens of thousands."""
        for name in self.ownership.names(kind.group):
            source_id = self.recorded.get(name, {}).get(destination_id)
            if source_id is not None:
                return self.here[name].get(source_id, destination_id)
        return destination_id

    def _recorded(
        self, group: str, destination_id: DestinationId, sent: Sent | None
    ) -> tuple[str, Sent | None]:
        """Return what our synced records say about a destination record, and the name of the kind that they are of.

        Args:
            group: of the record.
            destination_id: of the record.
            sent: what its external id says; a record of a kind that is not installed must be the same, because the
                destination's ids of another type of record may be equal.
        """
        names = self.ownership.names(group)
        for name in names:
            source_id = self.recorded.get(name, {}).get(destination_id)
            found = (
                (self.connection_id, source_id)
                if source_id is not None
                else self.recorded_before.get(name, {}).get(destination_id)
            )
            if found is not None and (sent in (None, found) or KINDS.named(name).group == group):
                return name, found
        return names[0], None

    def _add_sent(self, group: str, sent: Sent, destination_id: DestinationId) -> None:
        connection, source_id = sent
        created = self._created_here if connection == self.connection_id else self._created_before
        first = created[group].setdefault(source_id, destination_id)
        if first != destination_id and created is self._created_here:
            self._duplicates.setdefault((group, source_id), [first]).append(destination_id)

    def _add_contact(self, email: str, contact: Contact) -> None:
        self._contacts[email] = (*self._contacts.get(email, ()), contact)
        if self.ownership.is_shared(contact.group):
            self._email_of[contact.destination_id] = email

    @property
    def duplicates(self) -> int:
        """Return how many records of this connection exist in the destination more than once."""
        return len(self._duplicates)

    def duplicates_of(self, kind: RecordKind, source_id: SourceId) -> Sequence[DestinationId]:
        """List all copies of a record that exists in the destination more than once; empty for any other."""
        copies = self._duplicates.get((kind.group, source_id), ())
        return () if copies and self.other_kind(kind, source_id) else copies

    def holds(self, kind: RecordKind, destination_id: DestinationId) -> bool:
        return destination_id in self._sessions_of[kind.group]

    def holds_associated(self, destination_id: str) -> bool:
        """Check whether a record that a person is associated with still exists in the destination."""
        return any(
            self.holds(kind, DestinationId(destination_id)) for kind in KINDS if kind.takes_associations
        )

    def sessions_of(self, kind: RecordKind, destination_id: DestinationId) -> tuple[DestinationId, ...]:
        return self._sessions_of[kind.group].get(destination_id, ())

    def created_here(self, kind: RecordKind, source_id: SourceId) -> DestinationId | None:
        """Return the destination id of a record that this connection sent, even if that was not recorded (rule 32)."""
        found = self._created_here[kind.group].get(source_id)
        if found is None or self.ownership.owner(kind.group, source_id) != kind.name:
            return None
        return found

    def all_created_here(self, kind: RecordKind) -> dict[SourceId, DestinationId]:
        created = self._created_here[kind.group]
        if not self.ownership.is_shared(kind.group):
            return created
        owner = self.ownership.owner
        return {
            source_id: there
            for source_id, there in created.items()
            if owner(kind.group, source_id) == kind.name
        }

    def created_before(self, kind: RecordKind) -> dict[SourceId, DestinationId]:
        """Return what other connections sent (rule 10), as whichever kind of the group."""
        return self._created_before[kind.group]

    def other_kind(self, kind: RecordKind, source_id: SourceId) -> RecordKind | None:
        """Return the other kind as which this connection sent a record of the group, if it did (rule 44)."""
        if source_id not in self._created_here[kind.group]:
            return None
        return self.ownership.other(kind, source_id)

    def found_in_group(self, kind: RecordKind, source_id: SourceId) -> DestinationId | None:
        """Return the destination id of a record that this connection sent as whichever kind of the group."""
        return self._created_here[kind.group].get(source_id)

    def all_of_other_kinds(self, kind: RecordKind) -> AbstractSet[SourceId]:
        """Return the records of the group that this connection sent as another kind."""
        if not self.ownership.is_shared(kind.group):
            return frozenset()
        created = self._created_here[kind.group]
        return {source_id for source_id in created if self.ownership.other(kind, source_id)}

    def unclaimed(self, kind: RecordKind) -> dict[SourceId, DestinationId]:
        """Return the records of the group of which nothing says as which kind they were sent."""
        if not self.ownership.is_shared(kind.group):
            return {}
        created = self._created_here[kind.group]
        return {
            source_id: there
            for source_id, there in created.items()
            if self.ownership.owner(kind.group, source_id) is None
        }

    def claim(self, kind: RecordKind, source_id: SourceId) -> DestinationId | None:
        """Return the id of an unclaimed record, which belongs to this kind from now on."""
        found = self._created_here[kind.group].get(source_id)
        if found is None or self.ownership.owner(kind.group, source_id) is not None:
            return None
        self.ownership.take(kind, source_id)
        return found

    def unlisted_copy(
        self, kind: RecordKind, source_id: SourceId
    ) -> tuple[RecordKind, DestinationId, str | None] | None:
        """Return what was sent as another kind of the group and is not listed: another kind, its id, its e-mail."""
        for other in KINDS.sharing(kind.group):
            there = self.here.get(other.name, {}).get(source_id)
            if other != kind and there is not None and not self.holds(other, there):
                return other, there, self.emails.get(other.name, {}).get(source_id)
        return None

    def found_unlisted(self, kind: RecordKind, source_id: SourceId, destination_id: DestinationId) -> None:
        """Add a record of the kind that the destination still has, although it did not list it."""
        email = self.emails.get(kind.name, {}).get(source_id)
        self.record_write(kind, source_id, destination_id, email)

    def contacts_with(self, email: str) -> Iterable[Contact]:
        return self._contacts.get(normalize_email(email), ())

    def belongs(self, contact: Contact, kind: RecordKind) -> bool:
        """Check whether a contact that we created is one of this kind, or unclaimed."""
        if contact.group != kind.group or contact.sent_as is None:
            return False
        is_shared = self.ownership.is_shared(kind.group)
        return not is_shared or self.other_kind(kind, contact.sent_as) is None

    def kind_of(self, contact: Contact) -> RecordKind:
        owner = contact.sent_as and self.ownership.owner(contact.group, contact.sent_as)
        return KINDS.named(owner) if owner else contact.kind

    def emails_in_use(self, kind: RecordKind) -> dict[SourceId, str]:
        """Return the normalized e-mail of each person that we sent to the destination.

        The e-mail that we last sent takes precedence over the destination's, because only our own changes free an e-mail.
        """
        last_sent = self.emails.get(kind.name, {})
        in_use: dict[SourceId, str] = {}
        for email, contact in self._all_contacts():
            if contact.sent_as is not None and self.belongs(contact, kind):
                sent = last_sent.get(contact.sent_as)
                in_use[contact.sent_as] = email if sent in (None, email) else normalize_email(sent)
        return in_use

    def _all_contacts(self) -> Iterator[tuple[str, Contact]]:
        return ((email, contact) for email, contacts in self._contacts.items() for contact in contacts)

    def record_write(
        self,
        kind: RecordKind,
        source_id: SourceId,
        destination_id: DestinationId,
        email: str | None = None,
        label: str = "",
    ) -> None:
        """Add a record that this run has created or updated; the other kinds of its group see it (rule 44)."""
        self._sessions_of[kind.group].setdefault(destination_id, ())
        self._created_here[kind.group][source_id] = destination_id
        if not self.ownership.is_shared(kind.group):
            return
        self.ownership.take(kind, source_id)
        if (previous := self._email_of.pop(destination_id, None)) is not None:
            others = (each for each in self._contacts[previous] if each.destination_id != destination_id)
            self._contacts[previous] = tuple(others)
        if kind.is_person and email:
            contact = Contact(kind, kind.group, destination_id, source_id, label)
            self._add_contact(normalize_email(email), contact)


def _digest(group: str, record: DestinationRecord) -> int:
    """Return a hash of the parts of a record that a plan depends on; share links are not among them."""
    return hash_texts(group, record.id, record.external_id, record.email, *sorted(record.sessions))
