"""All that was read from the source for one run, as candidates of each kind."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from core.domain.ids import SourceId
from core.domain.records.feeds import EXHIBITORS, SESSIONS, Feed, SourceRow
from core.domain.records.kinds import KINDS, RecordKind, Scope
from core.domain.selection.agenda import AgendaRows
from core.domain.selection.candidates import Selection
from core.domain.selection.destination_view import DestinationView
from core.domain.selection.exhibitor_contacts import ExhibitorRows
from core.domain.selection.feed_rows import FeedRows, SelectionContext

MakeRows = Callable[[SelectionContext], FeedRows]
_make_rows: dict[Feed[SourceRow], MakeRows] = {SESSIONS: AgendaRows, EXHIBITORS: ExhibitorRows}


def register_feed(feed: Feed[SourceRow], make_rows: MakeRows) -> None:
    """Register what indexes the rows of a feed and knows the selectors of the kinds that are selected from it.

    Raises:
        ValueError: another feed has its name, or its rows are indexed by something else.
    """
    if any(known.name == feed.name and other != make_rows for known, other in _make_rows.items()):
        message = f"there is another feed {feed.name!r}"
        raise ValueError(message)
    _make_rows[feed] = make_rows


@dataclass(frozen=True, slots=True)
class SourceSnapshot:
    rows: Mapping[Feed[SourceRow], FeedRows]

    @property
    def masked(self) -> str | None:
        return next((rows.masked for rows in self.rows.values() if rows.masked), None)

    @property
    def instants(self) -> frozenset[datetime]:
        return frozenset().union(*(rows.instants for rows in self.rows.values()))

    @property
    def next_transition_at(self) -> datetime | None:
        known = (rows.next_transition_at for rows in self.rows.values())
        return min((instant for instant in known if instant is not None), default=None)

    def dependents(self, kind: RecordKind, records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        """Return the records of one kind that depend on any of others, given by the kind's name (rule 25)."""
        return self.rows[kind.feed].selectors()[kind].dependents(records) if records else set()

    def select(
        self,
        kind: RecordKind,
        destination: DestinationView,
        associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        """Select one kind's records.

        Args:
            kind: which records.
            destination: knows who has which e-mail there.
            associations: the destination's id of each record that people can be associated with.
            excluded: records that must not be written any more, by the kind's name (rule 10).
        """
        return self.rows[kind.feed].selectors()[kind].select(destination, associations, excluded)


def empty_snapshot(scope: Scope, context: SelectionContext) -> SourceSnapshot:
    """Return a snapshot to which the rows of a scope's feeds can be added."""
    return SourceSnapshot({feed: _make_rows[feed](context) for feed in KINDS.feeds_in(scope)})
