"""Exhibitors: which of their contacts sync, and under which name (rule 17)."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from core.domain.email import is_masked
from core.domain.ids import SourceId
from core.domain.records import reasons
from core.domain.records.kinds import EXHIBITOR_CONTACT, RecordKind
from core.domain.records.outcomes import RecordRef
from core.domain.records.pictures import picture_url
from core.domain.records.reasons import Reason
from core.domain.records.source_records import Exhibitor, ExhibitorContact, Person, Unreadable, is_id
from core.domain.selection.candidates import (
    UNDATED,
    Blocked,
    Candidate,
    Eligible,
    Selection,
    check_required_fields,
    filled,
    is_preferred,
    unreadable_candidate,
)
from core.domain.selection.destination_view import DestinationView
from core.domain.selection.email_conflicts import EmailConflicts
from core.domain.selection.feed_rows import SelectionContext, Selector
from core.domain.tenancy.event_mappings import ExhibitorName


@dataclass(frozen=True, slots=True)
class _Place:
    """A contact at one exhibitor. A person at several exhibitors is one record, at the first of them."""

    person: Person
    exhibitor: Exhibitor
    problem: Reason | None
    rank: tuple[bool, bool, str]


@dataclass(slots=True)
class ExhibitorRows:
    """The rows of the exhibitors feed: exhibitors with their contacts."""

    context: SelectionContext
    masked: str | None = None
    incomplete: bool = False
    """A row could not be read, nor its contacts: no contact counts as having left."""
    people: dict[SourceId, Person] = field(default_factory=dict)
    """Of several copies of one person, the one that counts; known only when all rows were read."""
    exhibitors: dict[SourceId, Exhibitor] = field(default_factory=dict)
    unreadable: dict[SourceId, Candidate] = field(default_factory=dict)

    def selectors(self) -> Mapping[RecordKind, Selector]:
        return {EXHIBITOR_CONTACT: ExhibitorContactSelector(self)}

    def add(self, row: object) -> None:
        """Add one row; the contacts of a row that comes twice are merged."""
        if not isinstance(row, Exhibitor | Unreadable):
            raise TypeError(f"{type(row).__name__} is no row of the exhibitors feed")
        if isinstance(row, Unreadable):
            self.unreadable[row.id] = unreadable_candidate(EXHIBITOR_CONTACT, row, self.context.systems)
            self.incomplete = True
            return
        if known := self.exhibitors.get(row.id):
            row = replace(known, contacts=tuple(dict.fromkeys((*known.contacts, *row.contacts))))
        self.exhibitors[row.id] = row
        for contact in row.contacts:
            person = contact.person
            if is_masked(person.email):
                self.masked = self.masked or person.email
            other = self.people.get(person.id)
            if other is None or is_preferred(person, other):
                self.people[person.id] = person

    @property
    def instants(self) -> AbstractSet[datetime]:
        """Return none: exhibitors have no times over which rule 7 could compare the time zones."""
        return frozenset()

    @property
    def next_transition_at(self) -> None:
        """Return None: time alone changes nothing for exhibitors."""


@dataclass(frozen=True, slots=True)
class ExhibitorContactSelector:
    rows: ExhibitorRows

    def dependents(self, _records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        """Return none: exhibitors depend on nothing."""
        return set()

    def select(
        self,
        destination: DestinationView,
        _associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        places = self._places()

        def is_eligible(source_id: SourceId) -> bool:
            return source_id not in excluded[EXHIBITOR_CONTACT.name] and isinstance(
                self._evaluate(places[source_id]), Eligible
            )

        def syncing() -> Iterator[Person]:
            return (place.person for place in places.values() if place.problem is None)

        email_conflicts, email_changes = EmailConflicts(
            syncing, destination.emails_in_use(EXHIBITOR_CONTACT), is_eligible, self.rows.context.systems
        ).resolve()
        without_contact = list(
            self._without_contact(places, destination.all_created_here(EXHIBITOR_CONTACT).keys())
        )

        def candidates() -> Iterator[Candidate]:
            yield from without_contact
            yield from self._contacts(places, email_conflicts)

        size = len(without_contact) + len(places)
        return Selection(size, candidates, email_changes, incomplete=self.rows.incomplete)

    def _places(self) -> dict[SourceId, _Place]:
        """Return each contact's first place; places that can be synced come first, then those as primary contact."""
        places: dict[SourceId, _Place] = {}
        for row in self.rows.exhibitors.values():
            primary = primary_contact(row)
            problem = self._problem(row, primary)
            for contact in row.contacts:
                person = self.rows.people[contact.person.id]
                place = _Place(person, row, problem, (problem is not None, contact is not primary, row.id))
                known = places.get(person.id)
                if known is None or place.rank < known.rank:
                    places[person.id] = place
        return places

    def _without_contact(
        self, places: Mapping[SourceId, _Place], sent: AbstractSet[SourceId]
    ) -> Iterator[Candidate]:
        """Yield the exhibitors without a contact to represent them; `sent` are ids of contacts in the destination."""
        contacts = places.keys() | sent
        represented = {place.exhibitor.id for place in places.values()}
        for candidate in self.rows.unreadable.values():
            yield _apart_from(contacts, candidate)
        for exhibitor in self.rows.exhibitors.values():
            if exhibitor.id in represented:
                continue
            if problem := self._problem(exhibitor, primary_contact(exhibitor)):
                record = RecordRef(EXHIBITOR_CONTACT, exhibitor.id, exhibitor.label)
                yield _apart_from(contacts, Candidate(record, Blocked(problem)))

    def _contacts(
        self, places: Mapping[SourceId, _Place], email_conflicts: Mapping[SourceId, Reason]
    ) -> Iterator[Candidate]:
        elsewhere: dict[SourceId, dict[SourceId, str]] = {}
        for exhibitor in self.rows.exhibitors.values():
            for contact in exhibitor.contacts:
                if places[contact.person.id].exhibitor.id != exhibitor.id:
                    elsewhere.setdefault(contact.person.id, {})[exhibitor.id] = exhibitor.label
        for place in places.values():
            person = place.person
            record = RecordRef(EXHIBITOR_CONTACT, person.id, person.label, person.email)
            nameless = None if is_id(person.id) else reasons.no_id(self.rows.context.systems)
            problem = place.problem or nameless or email_conflicts.get(person.id)
            candidate = Candidate(record, self._evaluate(place, problem))
            others = elsewhere.get(person.id)
            if others:
                candidate = candidate.with_note(reasons.also_at(place.exhibitor.label, others.values()))
            yield candidate

    def _evaluate(self, place: _Place, problem: Reason | None = None) -> Eligible | Blocked:
        person, exhibitor = place.person, place.exhibitor
        sends_exhibitor = self.rows.context.settings.exhibitor_name is ExhibitorName.EXHIBITOR
        logo, left_out = picture_url(exhibitor.logo)
        fields = filled(
            (
                ("company_name", exhibitor.name if sends_exhibitor else person.whole_name),
                ("email", person.email),
                ("logo", logo),
            )
        )
        notes = (left_out,) if left_out else ()
        return check_required_fields(EXHIBITOR_CONTACT, fields, self.rows.context.systems, notes, problem)

    def _problem(self, exhibitor: Exhibitor, primary: ExhibitorContact | None) -> Reason | None:
        systems = self.rows.context.systems
        if primary is None:
            return reasons.no_primary_contact(exhibitor.label, systems)
        person = self.rows.people[primary.person.id]
        return None if person.email else reasons.primary_without_email(exhibitor.label, person.label, systems)


def _apart_from(contacts: AbstractSet[SourceId], exhibitor: Candidate) -> Candidate:
    """Return the candidate of an exhibitor without contact, under an id that no contact has."""
    record = exhibitor.record
    if record.source_id not in contacts:
        return exhibitor
    return replace(exhibitor, record=replace(record, source_id=SourceId(f"exhibitor:{record.source_id}")))


def primary_contact(exhibitor: Exhibitor) -> ExhibitorContact | None:
    """Return the primary contact; of several, the one longest in the role."""
    return min(
        (contact for contact in exhibitor.contacts if contact.is_primary),
        key=lambda contact: (contact.in_role_since or UNDATED, contact.person.id),
        default=None,
    )
