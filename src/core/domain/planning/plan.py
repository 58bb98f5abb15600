"""The plan: what to do in the destination for each candidate. A preview prints it, a run carries it out.

No step removes anything (rule 22), and the destination port has no such method.
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from core.domain.email import normalize_email
from core.domain.ids import DestinationId, SourceId
from core.domain.planning.destination_index import Contact, DestinationIndex
from core.domain.records import reasons
from core.domain.records.canonical import canonical, unsigned
from core.domain.records.fields import Fields, FieldValue
from core.domain.records.kinds import RecordKind
from core.domain.records.outcomes import Outcome, RecordOutcome, RecordRef
from core.domain.records.reasons import Reason
from core.domain.records.synced_records import CreateIntent, SyncedRecord, fingerprint
from core.domain.selection.candidates import Blocked, Candidate, Eligible, Skipped
from core.domain.systems import Systems

ASSOCIATIONS = "sessions"
"""The field whose value only grows: the sessions that a person is associated with (rule 22)."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    field: str
    old: FieldValue | None
    new: FieldValue | None
    """None clears the field (rule 20)."""


@dataclass(frozen=True, slots=True)
class Create:
    record: RecordRef
    reason: Reason
    fields: Fields
    previous_id: DestinationId | None = None
    """The record's earlier id if the destination no longer lists it. It is looked up first: a list can be outdated."""
    restores: tuple[FieldChange, ...] = ()
    """What is sent to the earlier record if it still exists."""
    depends_on: frozenset[SourceId] = frozenset()
    """Records that must release the e-mail first (rule 15)."""
    known: SyncedRecord | None = None
    """The synced record of the earlier one."""
    previous_kind: RecordKind | None = None
    """The other kind as which the earlier one was sent; if it still exists, nothing is created (rule 44)."""


@dataclass(frozen=True, slots=True)
class Update:
    record: RecordRef
    reason: Reason
    destination_id: DestinationId
    fields: Fields
    """All fields that the record has in the destination afterwards."""
    changes: tuple[FieldChange, ...]
    """What is sent."""
    depends_on: frozenset[SourceId] = frozenset()
    known: SyncedRecord | None = None
    """The synced record before the change; None if the create was not recorded."""


@dataclass(frozen=True, slots=True)
class NoWrite:
    """A step that sends nothing and whose outcome is known: unchanged, kept, skipped, blocked or failed."""

    record: RecordRef
    reason: Reason
    outcome: Outcome
    destination_id: DestinationId | None = None

    def to_outcome(self) -> RecordOutcome:
        return RecordOutcome(self.record, self.outcome, self.reason, self.destination_id)


Step = Create | Update | NoWrite


@dataclass(slots=True)
class Planner:
    """Plans the candidates of one kind against the content of the destination and our synced records."""

    kind: RecordKind
    index: DestinationIndex
    systems: Systems
    excluded: AbstractSet[SourceId]
    """Records of this kind that were sent to the destination event under a connection that has ended (rule 10)."""
    email_changes: Mapping[SourceId, str] = field(default_factory=dict)
    """The new normalized e-mail of each person that is synced."""
    incomplete: bool = False
    """Not all of the programme could be read, so no record can be reported as gone."""
    intents: Mapping[SourceId, CreateIntent] = field(default_factory=dict)
    """Creates of this kind whose result was not recorded."""
    labels: Mapping[tuple[str, SourceId], str] = field(default_factory=dict)
    """The labels of records that have a requested e-mail, by kind and source id."""

    def __post_init__(self) -> None:
        """Remove the e-mail changes that are impossible, and then those that depend on them."""
        changes = {
            person: email for person, email in self.email_changes.items() if person not in self.excluded
        }
        self.email_changes = changes
        while impossible := [
            person for person, email in changes.items() if self._conflict(email, person, None)
        ]:
            for person in impossible:
                del changes[person]

    def plan(
        self, candidates: Iterable[Candidate], synced: Mapping[SourceId, SyncedRecord]
    ) -> Iterator[Step]:
        """Plan candidates; `synced` has at least their synced records."""
        return (self._step(candidate, synced.get(candidate.record.source_id)) for candidate in candidates)

    def leftovers(
        self, unseen: Mapping[SourceId, DestinationId], synced: Mapping[SourceId, SyncedRecord]
    ) -> Iterator[Step]:
        """Yield steps for the records that we sent and that the source no longer has: they are kept (rule 22)."""
        for source_id, destination_id in unseen.items():
            if source_id not in self.excluded and self.index.holds(self.kind, destination_id):
                known = synced.get(source_id)  # None if a crash prevented its recording
                label, email = (known.label, known.email) if known else (source_id, None)
                record = RecordRef(self.kind, source_id, label, email)
                gone = reasons.not_in_source(self.systems).with_note(reasons.delete_by_hand(self.systems))
                yield NoWrite(
                    record, reasons.NOT_ALL_READ if self.incomplete else gone, Outcome.KEPT, destination_id
                )

    def _step(self, candidate: Candidate, known: SyncedRecord | None) -> Step:
        step = self._decide(candidate, known)
        copies = self.index.duplicates_of(self.kind, step.record.source_id)
        return (
            replace(step, reason=step.reason.with_note(reasons.duplicated(copies, self.systems)))
            if copies
            else step
        )

    def _decide(self, candidate: Candidate, known: SyncedRecord | None) -> Step:
        record = candidate.record
        destination_id = self._find_in_destination(record.source_id, known)
        match candidate.verdict:
            case Skipped(reason=reason, has_left=has_left):
                return self._skip(record, reason, destination_id, has_left=has_left)
            case _ if record.source_id in self.excluded:
                return NoWrite(
                    record, reasons.ended_connection(self.systems), Outcome.SKIPPED, destination_id
                )
            case _ if destination_id is None and (
                other := self.index.other_kind(self.kind, record.source_id)
            ):
                reason = reasons.synced_as_another(self.kind, other, self.systems)
                held = self.index.found_in_group(self.kind, record.source_id)
                return NoWrite(record, reason, Outcome.SKIPPED, held)
            case Blocked(reason=reason):
                return NoWrite(record, reason, Outcome.BLOCKED, destination_id)
            case Eligible(fields=fields, notes=notes):
                claimed = destination_id or self.index.claim(self.kind, record.source_id)
                return self._write(record, fields, notes, known, claimed)

    def _find_in_destination(self, source_id: SourceId, known: SyncedRecord | None) -> DestinationId | None:
        previous = self.index.created_before(self.kind).get(source_id) if source_id in self.excluded else None
        if previous is not None:
            return previous  # an admin edits this one by hand
        if known is not None and self.index.holds(self.kind, known.destination_id):
            return known.destination_id
        return self.index.created_here(self.kind, source_id)

    def _skip(
        self, record: RecordRef, reason: Reason, destination_id: DestinationId | None, *, has_left: bool
    ) -> NoWrite:
        if destination_id is None or record.source_id in self.excluded:
            return NoWrite(record, reason, Outcome.SKIPPED, destination_id)
        if has_left:
            return NoWrite(
                record, reason.with_note(reasons.delete_by_hand(self.systems)), Outcome.KEPT, destination_id
            )
        return NoWrite(
            record, reason.with_note(reasons.stays_as_sent(self.systems)), Outcome.SKIPPED, destination_id
        )

    def _write(
        self,
        record: RecordRef,
        fields: Fields,
        notes: tuple[str, ...],
        known: SyncedRecord | None,
        destination_id: DestinationId | None,
    ) -> Step:
        current = known if known and known.destination_id == destination_id else None
        confirmed = current if current and current.is_confirmed else None
        sent = confirmed.fields if confirmed else {}
        associations, previous = _associations(fields), _associations(current.fields if current else {})
        if not previous <= associations:
            fields = _with_associations(fields, associations | previous)
        if confirmed and _is_same(confirmed, fields):
            return NoWrite(record, reasons.SAME.with_note(*notes), Outcome.UNCHANGED, destination_id)
        if obstacle := self._email_conflict(record, fields, sent, destination_id):
            return NoWrite(record, obstacle, Outcome.BLOCKED, destination_id)
        depends_on = self._dependencies(record, fields, sent)
        if destination_id is None:
            if known is None:
                new = reasons.new(self.systems).with_note(*notes)
                return self._create(Create(record, new, fields, depends_on=depends_on))
            previous = _associations(known.fields)
            # If the record still exists, the destination's lists are outdated: sessions missing from them are not deleted
            # (rule 22).
            restores = all_of(
                self.kind, _with_associations(fields, associations | previous), may_have=known.fields
            )
            fields = _with_associations(fields, associations | self._existing(previous))
            reason = reasons.gone_from_destination(self.systems).with_note(*notes)
            return Create(record, reason, fields, known.destination_id, restores, depends_on, known)
        if _associations(fields) != _associations(sent):
            # A write replaces the whole list, so send also what the destination already has in it.
            listed = {*self.index.sessions_of(self.kind, destination_id)}
            fields = _with_associations(fields, associations | self._existing(previous | listed))
        if confirmed:
            changes = _changes(self.kind, sent, fields)
            reason = reasons.changed(change.field for change in changes)
        else:
            # The destination's current values are unknown, so send all fields.
            changes = all_of(self.kind, fields, self._may_have(record.source_id, current))
            reason = reasons.UNCONFIRMED if current else reasons.FOUND_AGAIN
        return Update(record, reason.with_note(*notes), destination_id, fields, changes, depends_on, current)

    def _create(self, create: Create) -> Create | NoWrite:
        """Look up the contact of another kind before a create, if the destination only does not list it (rule 44)."""
        unlisted = self.index.unlisted_copy(self.kind, create.record.source_id)
        if unlisted is None:
            return create
        other, previous_id, email = unlisted
        if email is None:
            reason = reasons.synced_as_another(self.kind, other, self.systems)
            return NoWrite(create.record, reason, Outcome.SKIPPED, previous_id)
        # The look-up is a write that changes nothing: it sends the e-mail that the contact has.
        same = (FieldChange("email", None, email),)
        return replace(create, previous_id=previous_id, restores=same, previous_kind=other)

    def _may_have(self, source_id: SourceId, current: SyncedRecord | None) -> Container[str]:
        """Return the fields that we may have sent for an unconfirmed record: only these may be cleared (rule 20)."""
        if current is not None:
            return current.fields
        intent = self.intents.get(source_id)
        return intent.field_names if intent else ()

    def _existing(self, associations: AbstractSet[str]) -> AbstractSet[str]:
        """Return the associations whose records still exist in the destination."""
        return {associated for associated in associations if self.index.holds_associated(associated)}

    def _email_conflict(
        self, record: RecordRef, fields: Fields, sent: Fields, destination_id: DestinationId | None
    ) -> Reason | None:
        email = fields.get("email")
        if not self.kind.is_person or not isinstance(email, str):
            return None
        previous = sent.get("email")
        if isinstance(previous, str) and normalize_email(previous) == normalize_email(email):
            return None
        contact = self._conflict(email, record.source_id, destination_id)
        if contact is None:
            return None
        if contact.sent_as is None:
            return reasons.foreign_contact(email, self.systems)
        kind = self.index.kind_of(contact)
        label = contact.label or self.labels.get((kind.name, contact.sent_as))
        holder = label or f"the {kind} {contact.sent_as}"
        if label and kind != self.kind:
            holder = f"{label} ({kind.singular})"
        return reasons.email_of_kept(email, holder, self.systems)

    def email_holders(self, candidates: Iterable[Candidate]) -> Iterator[tuple[RecordKind, SourceId]]:
        """Yield the records in the destination that have an e-mail which a candidate needs."""
        for candidate in candidates if self.kind.is_person else ():
            match candidate.verdict:
                case Eligible(fields={"email": str(email)}):
                    for contact in self.index.contacts_with(email):
                        if contact.sent_as not in (None, candidate.record.source_id):
                            yield self.index.kind_of(contact), contact.sent_as

    def _dependencies(self, record: RecordRef, fields: Fields, sent: Fields) -> frozenset[SourceId]:
        """Return the records that have the record's new e-mail and are about to release it."""
        email = fields.get("email")
        if not self.kind.is_person or not isinstance(email, str) or email == sent.get("email"):
            return frozenset()
        contacts = self.index.contacts_with(email)
        holders = (contact.sent_as for contact in contacts if self.index.belongs(contact, self.kind))
        return frozenset(
            holder
            for holder in holders
            if holder and holder in self.email_changes and holder != record.source_id
        )

    def _conflict(
        self, email: str, source_id: SourceId, destination_id: DestinationId | None
    ) -> Contact | None:
        """Return the contact in the destination that prevents a record from having an e-mail (rules 15 and 19)."""
        normalized = normalize_email(email)
        for contact in self.index.contacts_with(email):
            same_group = contact.group == self.kind.group
            if same_group and (contact.destination_id == destination_id or contact.sent_as == source_id):
                continue
            if contact.sent_as is None:
                return contact
            if same_group and self._keeps(contact, normalized):
                return contact
        return None

    def _keeps(self, contact: Contact, email: str) -> bool:
        """Check whether a contact keeps its e-mail; one of another kind does in whatever is planned for this kind."""
        if contact.sent_as is None or not self.index.belongs(contact, self.kind):
            return True
        return self.email_changes.get(contact.sent_as, email) == email


def all_of(kind: RecordKind, fields: Fields, may_have: Container[str]) -> tuple[FieldChange, ...]:
    """Return the changes that bring a record to these fields, whatever its current values (rule 20).

    Args:
        kind: of the record.
        fields: the desired fields.
        may_have: the fields that we may have sent: empty ones among them are cleared.
    """
    return tuple(
        FieldChange(name, None, fields.get(name))
        for name in kind.fields
        if name in fields or (name in may_have and name != ASSOCIATIONS)
    )


def _is_same(known: SyncedRecord, fields: Fields) -> bool:
    """Check whether the fields mean the same as what was last sent (rule 21).

    An earlier version computed the fingerprint from another form of the fields, so the fields are compared too.
    """
    return fingerprint(fields) == known.fingerprint or unsigned(fields) == canonical(known.fields)


def _with_associations(fields: Fields, associations: AbstractSet[str]) -> Fields:
    rest = {name: value for name, value in fields.items() if name != ASSOCIATIONS}
    return {**rest, ASSOCIATIONS: tuple(sorted(associations))} if associations else rest


def _associations(fields: Fields) -> AbstractSet[str]:
    return frozenset(fields.get(ASSOCIATIONS, ()))


def _changes(kind: RecordKind, old: Fields, new: Fields) -> tuple[FieldChange, ...]:
    before, after = canonical(old), unsigned(new)
    return tuple(
        FieldChange(name, old.get(name), new.get(name))
        for name in kind.fields
        if before.get(name) != after.get(name)
    )
