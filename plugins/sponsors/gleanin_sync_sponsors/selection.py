"""Selection: which contacts of sponsors are synced, with which fields, and why the others are not."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from gleanin_sync_sponsors import reasons as own_reasons
from gleanin_sync_sponsors.kind import GROUP, SPONSOR
from gleanin_sync_sponsors.places import Place, other_sponsors, places_of, problem_of
from gleanin_sync_sponsors.read import ReadSponsors
from ports.plugins import (
    Blocked,
    Candidate,
    DestinationView,
    Eligible,
    EmailConflicts,
    Person,
    Reason,
    RecordKind,
    RecordRef,
    Selection,
    Selector,
    SourceId,
    check_required_fields,
    filled,
    picture_url,
    reasons,
    unreadable_candidate,
)


class SponsorRows(ReadSponsors):
    """The rows of the sponsors feed, and the selector of sponsors."""

    __slots__ = ()

    def selectors(self) -> Mapping[RecordKind, Selector]:
        return {SPONSOR: SponsorSelector(self)}


@dataclass(frozen=True, slots=True)
class SponsorSelector:
    read: ReadSponsors

    def dependents(self, _records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        """Return none: sponsors depend on nothing."""
        return set()

    def select(
        self,
        destination: DestinationView,
        _associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        places = places_of(self.read)

        def can_go(source_id: SourceId) -> bool:
            if source_id in excluded[SPONSOR.name]:
                return False
            return isinstance(self._verdict(places[source_id]), Eligible)

        def syncing() -> Iterator[Person]:
            return (place.person for place in places.values() if place.problem is None)

        emails, sent = destination.emails_in_use(SPONSOR), destination.all_created_here(SPONSOR).keys()
        conflicts, changes = EmailConflicts(syncing, emails, can_go, self.read.context.systems).resolve()
        without_contact = [*self._without_contact(places, places.keys() | sent)]

        def candidates() -> Iterator[Candidate]:
            yield from without_contact
            yield from self._contacts(places, conflicts)

        size = len(without_contact) + len(places)
        return Selection(size, candidates, changes, incomplete=self.read.incomplete)

    def _without_contact(
        self, places: Mapping[SourceId, Place], contacts: AbstractSet[SourceId]
    ) -> Iterator[Candidate]:
        """Yield the rows that cannot be read, and the sponsors that have no contact to name the problem.

        Args:
            places: of the contacts.
            contacts: ids of contacts, here or in the destination, which no other record may have.
        """
        for row in self.read.unreadable.values():
            yield _apart_from(contacts, unreadable_candidate(SPONSOR, row, self.read.context.systems))
        named = {place.sponsor.id for place in places.values()} | self.read.unreadable.keys()
        for sponsor in self.read.sponsors.values():
            problem = problem_of(self.read, sponsor)
            if problem and sponsor.id not in named:
                record = RecordRef(SPONSOR, sponsor.id, sponsor.label)
                yield _apart_from(contacts, Candidate(record, Blocked(problem)))

    def _contacts(
        self, places: dict[SourceId, Place], conflicts: Mapping[SourceId, Reason]
    ) -> Iterator[Candidate]:
        elsewhere, unknown_field = other_sponsors(self.read, places), self._unknown_tier_field()
        for person_id, place in places.items():
            record = RecordRef(SPONSOR, person_id, place.person.label, place.person.email)
            candidate = Candidate(record, self._verdict(place, place.problem or conflicts.get(person_id)))
            if unknown_field:
                candidate = candidate.with_note(own_reasons.unknown_tier_field(unknown_field))
            if others := elsewhere.get(person_id):
                candidate = candidate.with_note(reasons.also_at(place.sponsor.label, others))
            yield candidate

    def _verdict(self, place: Place, problem: Reason | None = None) -> Eligible | Blocked:
        sponsor = place.sponsor
        logo, left_out = picture_url(sponsor.logo)
        tiers = sponsor.values_of(self.read.tier_field)
        fields = filled(
            (
                ("company_name", sponsor.name),
                ("email", place.person.email),
                ("logo", logo),
                ("groups", tuple(dict.fromkeys((GROUP, *tiers)))),
            )
        )
        notes = (left_out,) if left_out else ()
        verdict = check_required_fields(SPONSOR, fields, self.read.context.systems, notes, problem)
        if sponsor.name is None and isinstance(verdict, Blocked):
            return Blocked(verdict.reason.with_note(own_reasons.without_name(sponsor.id)))
        return verdict

    def _unknown_tier_field(self) -> str:
        """Return the custom field that was chosen if no sponsor has it; empty if all is well."""
        name = self.read.tier_field
        return "" if any(each.has_field(name) for each in self.read.sponsors.values()) else name


def _apart_from(contacts: AbstractSet[SourceId], sponsor: Candidate) -> Candidate:
    """Return the candidate of a sponsor, under an id that no contact has."""
    record = sponsor.record
    if record.source_id not in contacts:
        return sponsor
    return replace(sponsor, record=replace(record, source_id=SourceId(f"sponsor:{record.source_id}")))
