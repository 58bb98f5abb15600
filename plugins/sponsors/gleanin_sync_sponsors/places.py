"""Which sponsor each contact is synced for, and what keeps the contacts of a sponsor from being synced."""

from dataclasses import dataclass

from gleanin_sync_sponsors import reasons
from gleanin_sync_sponsors.read import ReadSponsors
from gleanin_sync_sponsors.sponsor import Sponsor
from ports.plugins import Person, Reason, SourceId


@dataclass(frozen=True, slots=True)
class Place:
    """A contact at one sponsor. A person at several sponsors is one record, at the first of them."""

    person: Person
    sponsor: Sponsor
    problem: Reason | None
    rank: tuple[bool, bool, str]
    """Places that can be synced are first, then those as primary contact."""


def places_of(read: ReadSponsors) -> dict[SourceId, Place]:
    """Return each contact's first place."""
    places: dict[SourceId, Place] = {}
    for sponsor in read.sponsors.values():
        primary, problem = sponsor.primary, problem_of(read, sponsor)
        for contact in sponsor.contacts:
            person = read.people[contact.person.id]
            cannot_be_synced = problem is not None or sponsor.name is None
            rank = cannot_be_synced, contact is not primary, sponsor.id
            known = places.get(person.id)
            if known is None or rank < known.rank:
                places[person.id] = Place(person, sponsor, problem, rank)
    return places


def problem_of(read: ReadSponsors, sponsor: Sponsor) -> Reason | None:
    """Return why a sponsor is not represented: the other contacts are not synced either."""
    systems, primary = read.context.systems, sponsor.primary
    if primary is None:
        return reasons.no_primary_contact(sponsor.label, systems)
    person = read.people[primary.person.id]
    return None if person.email else reasons.primary_without_email(sponsor.label, person.label, systems)


def other_sponsors(read: ReadSponsors, places: dict[SourceId, Place]) -> dict[SourceId, list[str]]:
    """Return the names of the further sponsors of the contacts who have several."""
    found: dict[SourceId, dict[SourceId, str]] = {}
    for sponsor in read.sponsors.values():
        for contact in sponsor.contacts:
            if places[contact.person.id].sponsor.id != sponsor.id:
                found.setdefault(contact.person.id, {})[sponsor.id] = sponsor.label
    return {person_id: sorted(names.values()) for person_id, names in found.items()}
