"""What a run keeps of the sponsors that were read."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from gleanin_sync_sponsors.kind import SPONSOR, TIER_FIELD
from gleanin_sync_sponsors.sponsor import Sponsor
from ports.plugins import Person, SelectionContext, SourceId, Unreadable, is_masked, is_preferred


@dataclass(slots=True)
class ReadSponsors:
    context: SelectionContext
    masked: str | None = None
    incomplete: bool = False
    people: dict[SourceId, Person] = field(default_factory=dict)
    """Of several copies of one person, the one that counts; known only when all rows were read."""
    sponsors: dict[SourceId, Sponsor] = field(default_factory=dict)
    unreadable: dict[SourceId, Unreadable] = field(default_factory=dict)
    instants: AbstractSet[datetime] = frozenset()
    """None: sponsors have no times over which the time zones could be compared."""
    next_transition_at: datetime | None = None
    """Never: time alone changes nothing for sponsors."""

    def add(self, row: object) -> None:
        """Add one row; the contacts of a sponsor that comes twice are merged."""
        if isinstance(row, Unreadable):
            self.unreadable[row.id] = row
            self.incomplete = True
            return
        if not isinstance(row, Sponsor):
            raise TypeError(f"{type(row).__name__} is no sponsor")
        if known := self.sponsors.get(row.id):
            row = replace(known, contacts=tuple(dict.fromkeys((*known.contacts, *row.contacts))))
        self.sponsors[row.id] = row
        for person in (contact.person for contact in row.contacts):
            if is_masked(person.email):
                self.masked = self.masked or person.email
            other = self.people.get(person.id)
            if other is None or is_preferred(person, other):
                self.people[person.id] = person

    @property
    def tier_field(self) -> str:
        """Return the internal name of the custom field that holds the tier; empty if none was chosen."""
        return str(self.context.setting(SPONSOR, TIER_FIELD.name))
