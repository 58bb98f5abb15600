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


@dataclass(slots=True)
class ExhibitorList:
    settings: MappingSettings
    masked: str | None = None
    _places: dict[SourceId, _Place] = field(default_factory=dict)
    _others: dict[SourceId, Candidate] = field(default_factory=dict)
    """Rows that are reported though they hold no contact: unreadable ones, exhibitors without any contact."""

    def add(self, row: Exhibitor | Unreadable) -> None:
        if isinstance(row, Unreadable):
            self._others[row.id] = unreadable_candidate(EXHIBITOR_CONTACT, row)
            return
        primary = primary_contact(row)
        problem = _problem(row, primary)
        if not row.contacts and problem:
            record = RecordRef(EXHIBITOR_CONTACT, row.id, row.name or row.id)
            self._others[row.id] = Candidate(record, Blocked(problem))
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

    def select(
        self,
        kind: RecordKind,
        gleanin: GleaninSide,
        _ties: Mapping[SourceId, str],
        _barred: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        going = (place.person for place in self._places.values() if place.problem is None)
        emails = SharedEmails(identified(going), gleanin.holders(kind))
        contacts = self._places.keys() | gleanin.all_sent_here(kind).keys()
        return Selection(
            len(self._places) + len(self._others),
            lambda: self.contacts(emails.rivals(), contacts),
            emails.moving(lambda source_id: isinstance(self._judge(self._places[source_id]), Eligible)),
        )

    def contacts(
        self, rivals: Mapping[SourceId, Reason], known: AbstractSet[SourceId]
    ) -> Iterator[Candidate]:
        """Judge every contact; `rivals` stay out because of their e-mail, `known` are the ids that contacts have."""
        for exhibitor in self._others.values():
            yield _apart_from(known, exhibitor)
        for place in self._places.values():
            person = place.person
            record = RecordRef(EXHIBITOR_CONTACT, person.id, person.label, person.email)
            nameless = None if is_id(person.id) else reasons.NO_ID
            problem = place.problem or nameless or rivals.get(person.id)
            yield Candidate(record, self._judge(place, problem))

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
