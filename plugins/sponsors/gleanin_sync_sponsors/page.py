"""The page of an event's sponsors: a line for each contact, the primary one first."""

from collections.abc import Iterator
from dataclasses import dataclass

from gleanin_sync_sponsors.kind import TIER_FIELD
from gleanin_sync_sponsors.sponsor import Sponsor
from ports.plugins import PageColumn, SourceId


@dataclass(frozen=True, slots=True)
class SponsorLine:
    """A contact, or a sponsor without contacts."""

    id: SourceId
    label: str
    sponsor: Sponsor
    role: str


def lines_of(sponsor: Sponsor) -> Iterator[SponsorLine]:
    primary, seen = sponsor.primary, set[SourceId]()
    for contact in sorted(sponsor.contacts, key=lambda contact: contact is not primary):
        person = contact.person
        if person.id not in seen:
            seen.add(person.id)
            yield SponsorLine(
                person.id, person.label, sponsor, "Primary" if contact is primary else "Team member"
            )
    if not sponsor.contacts:
        yield SponsorLine(sponsor.id, sponsor.label, sponsor, "No contacts")


def _company(line: SponsorLine) -> str:
    return line.sponsor.label


def _tier(line: SponsorLine, tier_field: object = TIER_FIELD.default) -> str:
    return ", ".join(line.sponsor.values_of(str(tier_field)))


def _role(line: SponsorLine) -> str:
    return line.role


COLUMNS = (
    PageColumn("Company", _company),
    PageColumn("Tier", _tier, setting=TIER_FIELD.name),
    PageColumn("Role", _role),
)
