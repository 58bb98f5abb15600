"""A kind that is one type of record with exhibitors in the destination, and harnesses that have it (rule 44)."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from adapters.memory.source import InMemoryProgramme
from core.domain.ids import SourceId
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.kinds import EXHIBITOR_CONTACT, KINDS, RecordKind, Scope
from core.domain.records.outcomes import RecordRef
from core.domain.records.source_records import Exhibitor, Person
from core.domain.selection import source_snapshot
from core.domain.selection.candidates import Candidate, Eligible, Selection, check_required_fields, filled
from core.domain.selection.destination_view import DestinationView
from core.domain.selection.email_conflicts import EmailConflicts
from core.domain.selection.feed_rows import SelectionContext, Selector
from core.domain.selection.source_snapshot import register_feed
from tests.support.builders import exhibitor, primary
from tests.support.harness import HERE, Harness

R = TypeVar("R", bound=SourceRow)
SPONSORS: Feed[Exhibitor] = Feed("sponsors", Exhibitor)
SPONSOR = RecordKind(
    name="sponsor",
    plural="sponsors",
    singular="sponsor",
    scope=Scope("sponsors"),
    feed=SPONSORS,
    required=("company_name", "email"),
    optional=("logo",),
    is_person=True,
    phase=2,
    destination_group=EXHIBITOR_CONTACT.group,
)


@dataclass
class SponsorRows:
    context: SelectionContext
    masked: str | None = None
    incomplete: bool = False
    instants: AbstractSet[datetime] = frozenset()
    next_transition_at: datetime | None = None
    rows: dict[SourceId, tuple[Exhibitor, Person]] = field(default_factory=dict)
    """By the id of the contact."""

    def add(self, row: object) -> None:
        assert isinstance(row, Exhibitor)
        self.rows |= {contact.person.id: (row, contact.person) for contact in row.contacts}

    def selectors(self) -> Mapping[RecordKind, Selector]:
        return {SPONSOR: SponsorSelector(self)}


@dataclass(frozen=True)
class SponsorSelector:
    rows: SponsorRows

    def dependents(self, _records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        return set()

    def select(
        self,
        destination: DestinationView,
        _associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        rows = self.rows.rows

        def can_go(source_id: SourceId) -> bool:
            return source_id not in excluded[SPONSOR.name] and isinstance(self._verdict(source_id), Eligible)

        conflicts, changes = EmailConflicts(
            lambda: (person for _, person in rows.values()),
            destination.emails_in_use(SPONSOR),
            can_go,
            self.rows.context.systems,
        ).resolve()

        def candidates() -> Iterator[Candidate]:
            for source_id, (_, person) in rows.items():
                record = RecordRef(SPONSOR, source_id, person.label, person.email)
                yield Candidate(record, self._verdict(source_id, conflicts.get(source_id)))

        return Selection(len(rows), candidates, changes)

    def _verdict(self, source_id: SourceId, problem: Any = None) -> Any:
        sponsor, person = self.rows.rows[source_id]
        fields = filled((("company_name", sponsor.name), ("email", person.email), ("logo", sponsor.logo)))
        return check_required_fields(SPONSOR, fields, self.rows.context.systems, problem=problem)


@dataclass(slots=True)
class SponsoredProgramme(InMemoryProgramme):
    sponsors: list[Exhibitor] = field(default_factory=list)

    def rows_of(self, feed: Feed[R]) -> tuple[list[Any], int]:
        if feed.name == SPONSORS.name:
            return self.sponsors, 0
        return InMemoryProgramme.rows_of(self, feed)


@contextmanager
def registered() -> Iterator[None]:
    """Register the kind and its feed, until the block ends."""
    KINDS.register(SPONSOR)
    register_feed(SPONSORS, SponsorRows)
    try:
        yield
    finally:
        if SPONSOR in KINDS:
            KINDS.unregister(SPONSOR)
        del source_snapshot._make_rows[SPONSORS]


def sponsored_harness() -> Harness:
    """Return a harness whose event HERE can have sponsors."""
    harness = Harness()
    harness.source.programmes[HERE] = SponsoredProgramme(harness.source.programmes[HERE].event)
    return harness


def offer(
    harness: Harness, *, exhibitors: tuple[Person, ...] = (), sponsors: tuple[Person, ...] = ()
) -> None:
    """Replace the event's exhibitors and sponsors; each has one contact."""
    programme = harness.source.programmes[HERE]
    assert isinstance(programme, SponsoredProgramme)
    programme.exhibitors[:] = [exhibitor(f"x-{person.id}", primary(person)) for person in exhibitors]
    programme.sponsors[:] = [
        exhibitor(f"s-{person.id}", primary(person), name=f"Sponsor {person.id}") for person in sponsors
    ]
