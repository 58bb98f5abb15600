"""Exhibitors: which of their contacts sync, under which name (rule 17)."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.domain import reasons
from core.domain.email import is_masked
from core.domain.gleanin_side import GleaninSide
from core.domain.identifiers import SourceId
from core.domain.kinds import EXHIBITOR_CONTACT, RecordKind
from core.domain.mappings import ExhibitorName, MappingSettings
from core.domain.outcomes import RecordRef
from core.domain.reasons import Reason
from core.domain.selection import (
    UNDATED,
    Blocked,
    Candidate,
    Eligible,
    Selection,
    filled,
    judge_fields,
    unreadable_candidate,
)
from core.domain.shared_emails import SharedEmails, identified
from core.domain.source import Exhibitor, ExhibitorContact, Person, Unreadable, is_id


@dataclass(frozen=True, slots=True)
class _Place:
    """A contact's place at one exhibitor. Somebody at several is one record, at the first of them."""

    person: Person
    exhibitor: Exhibitor
    problem: Reason | None
    rank: tuple[bool, bool, str]


@dataclass(frozen=True, slots=True)
class _Row:
    """An exhibitor as it was read: whether one of its contacts stands for it is known at the end only."""

    label: str
    problem: Reason | None
    contacts: tuple[SourceId, ...]


@dataclass(slots=True)
class ExhibitorList:
    settings: MappingSettings
    masked: str | None = None
    incomplete: bool = False
    """A row could not be read, and with it its contacts: none can be said to have left."""
    _places: dict[SourceId, _Place] = field(default_factory=dict)
    _exhibitors: dict[SourceId, _Row] = field(default_factory=dict)
    _unreadable: dict[SourceId, Candidate] = field(default_factory=dict)

    def add(self, row: Exhibitor | Unreadable) -> None:
        if isinstance(row, Unreadable):
            self._unreadable[row.id] = unreadable_candidate(EXHIBITOR_CONTACT, row)
            self.incomplete = True
            return
        primary = primary_contact(row)
        problem = _problem(row, primary)
        contacts = tuple(contact.person.id for contact in row.contacts)
        self._exhibitors[row.id] = _Row(row.name or row.id, problem, contacts)
        for contact in row.contacts:
            person = contact.person
            if is_masked(person.email):
                self.masked = self.masked or person.email
            place = _Place(person, row, problem, (problem is not None, contact is not primary, row.id))
            known = self._places.get(person.id)
            if known is None or place.rank < known.rank:
                self._places[person.id] = place

    @property
    def instants(self) -> AbstractSet[datetime]:
        """Exhibitors have no times that rule 7 could compare the zones over."""
        return frozenset()

    @property
    def next_verdict(self) -> None:
        """Nor does time change anything for them."""

    def dependents(
        self,
        _kind: RecordKind,
        _records: Mapping[str, AbstractSet[SourceId]],
    ) -> set[SourceId]:
        """Return none: exhibitors are tied to nothing."""
        return set()

    def select(
        self,
        kind: RecordKind,
        gleanin: GleaninSide,
        _ties: Mapping[SourceId, str],
        barred: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        def can_go(source_id: SourceId) -> bool:
            return source_id not in barred[kind.name] and isinstance(
                self._judge(self._places[source_id]), Eligible
            )

        going = (place.person for place in self._places.values() if place.problem is None)
        emails = SharedEmails(identified(going), gleanin.held_emails(kind), can_go)
        without_contact = list(
            self._without_contact(self._places.keys() | gleanin.all_sent_here(kind).keys())
        )

        def candidates() -> Iterator[Candidate]:
            yield from without_contact
            yield from self._contacts(emails.rivals())

        size = len(without_contact) + len(self._places)
        return Selection(size, candidates, emails.moving(), incomplete=self.incomplete)

    def _without_contact(self, contacts: AbstractSet[SourceId]) -> Iterator[Candidate]:
        """Give the exhibitors that have no contact to stand for them; `contacts` are ids that contacts have."""
        represented = {place.exhibitor.id for place in self._places.values()}
        for candidate in self._unreadable.values():
            yield _apart_from(contacts, candidate)
        for exhibitor_id, row in self._exhibitors.items():
            if row.problem and exhibitor_id not in represented:
                record = RecordRef(EXHIBITOR_CONTACT, exhibitor_id, row.label)
                yield _apart_from(contacts, Candidate(record, Blocked(row.problem)))

    def _contacts(self, rivals: Mapping[SourceId, Reason]) -> Iterator[Candidate]:
        elsewhere: dict[SourceId, list[str]] = {}
        for exhibitor_id, row in self._exhibitors.items():
            for contact in row.contacts:
                if self._places[contact].exhibitor.id != exhibitor_id:
                    elsewhere.setdefault(contact, []).append(row.label)
        for place in self._places.values():
            person = place.person
            record = RecordRef(EXHIBITOR_CONTACT, person.id, person.label, person.email)
            nameless = None if is_id(person.id) else reasons.NO_ID
            problem = place.problem or nameless or rivals.get(person.id)
            candidate = Candidate(record, self._judge(place, problem))
            others = elsewhere.get(person.id)
            if others:
                candidate = candidate.noting(
                    reasons.also_at(place.exhibitor.name or place.exhibitor.id, others)
                )
            yield candidate

    def _judge(self, place: _Place, problem: Reason | None = None) -> Eligible | Blocked:
        person, exhibitor = place.person, place.exhibitor
        sends_exhibitor = self.settings.exhibitor_name is ExhibitorName.EXHIBITOR
        fields = filled(
            (
                ("company_name", exhibitor.name if sends_exhibitor else person.whole_name),
                ("email", person.email),
                ("logo", exhibitor.logo),
            )
        )
        return judge_fields(EXHIBITOR_CONTACT, fields, problem=problem)


def _apart_from(contacts: AbstractSet[SourceId], exhibitor: Candidate) -> Candidate:
    """Keep an exhibitor that stands for its missing contact from being taken for a contact of the same id."""
    record = exhibitor.record
    if record.source_id not in contacts:
        return exhibitor
    return replace(exhibitor, record=replace(record, source_id=SourceId(f"exhibitor:{record.source_id}")))


def primary_contact(exhibitor: Exhibitor) -> ExhibitorContact | None:
    """Choose the primary contact; of several, the one longest in the role."""
    return min(
        (contact for contact in exhibitor.contacts if contact.is_primary),
        key=lambda contact: (contact.in_role_since or UNDATED, contact.person.id),
        default=None,
    )


def _problem(exhibitor: Exhibitor, primary: ExhibitorContact | None) -> Reason | None:
    label = exhibitor.name or exhibitor.id
    if primary is None:
        return reasons.no_primary_contact(label)
    if not (primary.person.email or "").strip():
        return reasons.primary_without_email(label, primary.person.label)
    return None
