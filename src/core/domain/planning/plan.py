"""The plan: for each candidate, what is to be done in Gleanin. A preview prints it, a run carries it out.

There is no step that removes anything (rule 22), here or on the port to Gleanin.
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

ASSOCIATIONS = "sessions"
"""The field whose value only grows: the sessions a person is tied to (rule 22)."""


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
    former: DestinationId | None = None
    """What Gleanin called it, where it does not list it any more: it is asked for by this id first, for a list can
    be older than the record."""
    restores: tuple[FieldChange, ...] = ()
    """What is sent to the former record, should it still be there."""
    waits_for: frozenset[SourceId] = frozenset()
    """Who has to give up the record's e-mail first (rule 15)."""
    known: SyncedRecord | None = None
    """The synced record of the former one."""


@dataclass(frozen=True, slots=True)
class Update:
    record: RecordRef
    reason: Reason
    gleanin_id: DestinationId
    fields: Fields
    """All that stands in Gleanin afterwards."""
    changes: tuple[FieldChange, ...]
    """What is sent."""
    waits_for: frozenset[SourceId] = frozenset()
    known: SyncedRecord | None = None
    """The synced record as it is before the change; None where nobody recorded it."""


@dataclass(frozen=True, slots=True)
class NoWrite:
    """Unchanged, kept, skipped, blocked, or not to be written safely: nothing is sent, the outcome is known."""

    record: RecordRef
    reason: Reason
    outcome: Outcome
    gleanin_id: DestinationId | None = None

    def told(self) -> RecordOutcome:
        return RecordOutcome(self.record, self.outcome, self.reason, self.gleanin_id)


Step = Create | Update | NoWrite


@dataclass(slots=True)
class Planner:
    """Plans one kind's candidates against what Gleanin holds and what we remember."""

    kind: RecordKind
    gleanin: DestinationIndex
    excluded: AbstractSet[SourceId]
    """Records of this kind that were sent to the Gleanin event under a connection that has ended (rule 10)."""
    email_changes: Mapping[SourceId, str] = field(default_factory=dict)
    """For people who go: the e-mail (as `same_mailbox` writes it) that each will have."""
    incomplete: bool = False
    """Not all of the programme could be read: nobody can be said to have left it."""
    intents: Mapping[SourceId, CreateIntent] = field(default_factory=dict)
    """Creates of this kind of which nobody recorded what became."""
    labels: Mapping[tuple[str, SourceId], str] = field(default_factory=dict)
    """What people call records that have somebody's e-mail, by kind and source id."""

    def __post_init__(self) -> None:
        """Leave out of `moving` who cannot move after all, and then who waits for one of these."""
        email_changes = {who: email for who, email in self.email_changes.items() if who not in self.excluded}
        self.email_changes = email_changes
        while stuck := [who for who, email in email_changes.items() if self._in_the_way(email, who, None)]:
            for who in stuck:
                del email_changes[who]

    def plan(
        self, candidates: Iterable[Candidate], memory: Mapping[SourceId, SyncedRecord]
    ) -> Iterator[Step]:
        """Plan some candidates; `memory` has the synced records of at least these."""
        return (self._step(candidate, memory.get(candidate.record.source_id)) for candidate in candidates)

    def leftovers(
        self, unseen: Mapping[SourceId, DestinationId], memory: Mapping[SourceId, SyncedRecord]
    ) -> Iterator[Step]:
        """Report what we sent and Sessionboard no longer has: it is kept (rule 22)."""
        for source_id, gleanin_id in unseen.items():
            if source_id not in self.excluded and self.gleanin.holds(self.kind, gleanin_id):
                known = memory.get(source_id)  # none, where a crash kept it from being recorded
                label, email = (known.label, known.email) if known else (source_id, None)
                record = RecordRef(self.kind, source_id, label, email)
                gone = reasons.NOT_IN_SESSIONBOARD.with_note(reasons.DELETE_BY_HAND)
                yield NoWrite(
                    record, reasons.NOT_ALL_READ if self.incomplete else gone, Outcome.KEPT, gleanin_id
                )

    def _step(self, candidate: Candidate, known: SyncedRecord | None) -> Step:
        step = self._decide(candidate, known)
        copies = self.gleanin.duplicates_of(self.kind, step.record.source_id)
        return replace(step, reason=step.reason.with_note(reasons.duplicated(copies))) if copies else step

    def _decide(self, candidate: Candidate, known: SyncedRecord | None) -> Step:
        record = candidate.record
        there = self._in_gleanin(record.source_id, known)
        match candidate.verdict:
            case Skipped(reason=reason, has_left=has_left):
                return self._stay_out(record, reason, there, has_left=has_left)
            case _ if record.source_id in self.excluded:
                return NoWrite(record, reasons.ENDED_CONNECTION, Outcome.SKIPPED, there)
            case Blocked(reason=reason):
                return NoWrite(record, reason, Outcome.BLOCKED, there)
            case Eligible(fields=fields, notes=notes):
                return self._write(record, fields, notes, known, there)

    def _in_gleanin(self, source_id: SourceId, known: SyncedRecord | None) -> DestinationId | None:
        earlier = (
            self.gleanin.created_before(self.kind).get(source_id) if source_id in self.excluded else None
        )
        if earlier is not None:
            return earlier  # to be edited there by hand
        if known is not None and self.gleanin.holds(self.kind, known.gleanin_id):
            return known.gleanin_id
        return self.gleanin.created_here(self.kind, source_id)

    def _stay_out(
        self, record: RecordRef, reason: Reason, there: DestinationId | None, *, has_left: bool
    ) -> NoWrite:
        if there is None or record.source_id in self.excluded:
            return NoWrite(record, reason, Outcome.SKIPPED, there)
        if has_left:
            return NoWrite(record, reason.with_note(reasons.DELETE_BY_HAND), Outcome.KEPT, there)
        return NoWrite(record, reason.with_note(reasons.STAYS_AS_SENT), Outcome.SKIPPED, there)

    def _write(
        self,
        record: RecordRef,
        fields: Fields,
        notes: tuple[str, ...],
        known: SyncedRecord | None,
        there: DestinationId | None,
    ) -> Step:
        at_hand = known if known and known.gleanin_id == there else None
        confirmed = at_hand if at_hand and at_hand.is_confirmed else None
        sent = confirmed.fields if confirmed else {}
        own, former = _associations(fields), _associations(at_hand.fields if at_hand else {})
        if not former <= own:
            fields = _with_ties(fields, own | former)
        if confirmed and _is_same(confirmed, fields):
            return NoWrite(record, reasons.SAME.with_note(*notes), Outcome.UNCHANGED, there)
        if obstacle := self._email_taken(record, fields, sent, there):
            return NoWrite(record, obstacle, Outcome.BLOCKED, there)
        waits_for = self._waits_for(record, fields, sent)
        if there is None:
            if known is None:
                return Create(record, reasons.NEW.with_note(*notes), fields, waits_for=waits_for)
            before = _associations(known.fields)
            # If it is there after all, Gleanin's lists are older than it, and what they lack is not deleted (rule 22).
            restores = all_of(self.kind, _with_ties(fields, own | before), may_have=known.fields)
            fields = _with_ties(fields, own | self._held(before))
            gone = reasons.GONE_FROM_GLEANIN.with_note(*notes)
            return Create(record, gone, fields, known.gleanin_id, restores, waits_for, known)
        if _associations(fields) != _associations(sent):
            # The list is replaced there, so what Gleanin has in it is sent too.
            fields = _with_ties(
                fields, own | self._held(former | {*self.gleanin.sessions_of(self.kind, there)})
            )
        if confirmed:
            changes = _changes(self.kind, sent, fields)
            reason = reasons.changed(change.field for change in changes)
        else:
            # What stands there is not known: everything is sent.
            changes = all_of(self.kind, fields, self._may_have(record.source_id, at_hand))
            reason = reasons.UNCONFIRMED if at_hand else reasons.FOUND_AGAIN
        return Update(record, reason.with_note(*notes), there, fields, changes, waits_for, at_hand)

    def _may_have(self, source_id: SourceId, at_hand: SyncedRecord | None) -> Container[str]:
        """Return the fields that a record in doubt may have by our doing: no other one may be cleared (rule 20)."""
        if at_hand is not None:
            return at_hand.fields
        intent = self.intents.get(source_id)
        return intent.field_names if intent else ()

    def _held(self, associations: AbstractSet[str]) -> AbstractSet[str]:
        """Return of what somebody was tied to what still stands in Gleanin."""
        return {tie for tie in associations if self.gleanin.holds_tie(tie)}

    def _email_taken(
        self, record: RecordRef, fields: Fields, sent: Fields, there: DestinationId | None
    ) -> Reason | None:
        email = fields.get("email")
        if not self.kind.is_person or not isinstance(email, str):
            return None
        former = sent.get("email")
        if isinstance(former, str) and normalize_email(former) == normalize_email(email):
            return None
        contact = self._in_the_way(email, record.source_id, there)
        if contact is None:
            return None
        if contact.sent_as is None:
            return reasons.foreign_contact(email)
        label = self.labels.get((contact.kind.name, contact.sent_as))
        return reasons.email_of_kept(email, label or f"the {contact.kind} {contact.sent_as}")

    def email_holders(self, candidates: Iterable[Candidate]) -> Iterator[tuple[RecordKind, SourceId]]:
        """Return whose records in Gleanin have an e-mail that a candidate would have."""
        for candidate in candidates if self.kind.is_person else ():
            match candidate.verdict:
                case Eligible(fields={"email": str(email)}):
                    for contact in self.gleanin.contacts_with(email):
                        if contact.sent_as not in (None, candidate.record.source_id):
                            yield contact.kind, contact.sent_as

    def _waits_for(self, record: RecordRef, fields: Fields, sent: Fields) -> frozenset[SourceId]:
        """Find who has the record's new e-mail and is about to give it up."""
        email = fields.get("email")
        if not self.kind.is_person or not isinstance(email, str) or email == sent.get("email"):
            return frozenset()
        holders = (each.sent_as for each in self.gleanin.contacts_with(email) if each.kind == self.kind)
        return frozenset(
            who for who in holders if who in self.email_changes and who and who != record.source_id
        )

    def _in_the_way(self, email: str, source_id: SourceId, there: DestinationId | None) -> Contact | None:
        """Find the contact in Gleanin that keeps a record from having an e-mail (rules 15 and 19)."""
        mailbox = normalize_email(email)
        for contact in self.gleanin.contacts_with(email):
            same_kind = contact.kind == self.kind
            if same_kind and (contact.gleanin_id == there or contact.sent_as == source_id):
                continue
            if contact.sent_as is None:
                return contact
            if same_kind and self.email_changes.get(contact.sent_as, mailbox) == mailbox:
                return contact
        return None


def all_of(kind: RecordKind, fields: Fields, may_have: Container[str]) -> tuple[FieldChange, ...]:
    """Return what brings a record to these fields, whatever stands there (rule 20).

    Args:
        kind: of the record.
        fields: what it is to have.
        may_have: the fields that it may have by our doing: of these, the empty ones are cleared.
    """
    return tuple(
        FieldChange(name, None, fields.get(name))
        for name in kind.fields
        if name in fields or (name in may_have and name != ASSOCIATIONS)
    )


def _is_same(known: SyncedRecord, fields: Fields) -> bool:
    """Check whether the fields mean what was last sent (rule 21).

    A fingerprint of an earlier version was made of another form of the same fields, so these are compared too.
    """
    return fingerprint(fields) == known.fingerprint or unsigned(fields) == canonical(known.fields)


def _with_ties(fields: Fields, associations: AbstractSet[str]) -> Fields:
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
