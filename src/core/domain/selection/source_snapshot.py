"""All that was read from the source for one run, as candidates of each kind."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime

from core.domain.ids import SourceId
from core.domain.records.feeds import EXHIBITORS, SESSIONS, Feed, SourceRow
from core.domain.records.kinds import RecordKind, Scope, feeds_in
from core.domain.selection.agenda import AgendaRows
from core.domain.selection.candidates import Selection
from core.domain.selection.destination_view import DestinationView
from core.domain.selection.exhibitor_contacts import ExhibitorRows
from core.domain.selection.feed_rows import FeedRows, SelectionContext

ROWS_OF: Mapping[Feed[SourceRow], Callable[[SelectionContext], FeedRows]] = {
    SESSIONS: AgendaRows,
    EXHIBITORS: ExhibitorRows,
}
"""What indexes the rows of each feed, and knows the selectors of the kinds that are selected from it."""


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
    return SourceSnapshot({feed: ROWS_OF[feed](context) for feed in feeds_in(scope)})
