"""The programme: all that was read from Sessionboard for one run, as candidates of each kind.

A new kind of record gets its selection here.
"""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from core.domain.ids import SourceId
from core.domain.records.kinds import RecordKind, Scope, kinds_in
from core.domain.records.spooled import InMemorySpool, Spool
from core.domain.selection.agenda import AgendaSelector, KeptId, any_id
from core.domain.selection.candidates import Selection
from core.domain.selection.destination_view import DestinationView
from core.domain.selection.exhibitor_contacts import ExhibitorContactSelector
from core.domain.tenancy.event_mappings import MappingSettings


class Selector(Protocol):
    """What one scope is about, judged row by row as it is read; of each row only what will be sent is kept."""

    incomplete: bool
    """Not everything could be read: nobody can be said to have left (rule 34)."""

    @property
    def masked(self) -> str | None:
        """An e-mail that came masked, if one did (rule 16)."""
        ...

    @property
    def instants(self) -> AbstractSet[datetime]:
        """When what syncs starts and ends: what rule 7 compares the zones over."""
        ...

    @property
    def next_transition_at(self) -> datetime | None:
        """When time alone changes what is to be done with a row, as far as that is known."""
        ...

    def add(self, row: Any) -> None: ...

    def dependents(self, kind: RecordKind, records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        """Return the records of one kind that are written after any of others, given by the kind's name."""
        ...

    def select(
        self,
        kind: RecordKind,
        gleanin: DestinationView,
        associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection: ...


_PARTS: Mapping[Scope, Callable[[MappingSettings, ZoneInfo, datetime, Spool, KeptId], Selector]] = {
    Scope.AGENDA: AgendaSelector,
    Scope.EXHIBITORS: lambda settings, *_: ExhibitorContactSelector(settings),
}


@dataclass(frozen=True, slots=True)
class SourceSnapshot:
    parts: Mapping[Scope, Selector]

    @property
    def masked(self) -> str | None:
        return next((part.masked for part in self.parts.values() if part.masked), None)

    @property
    def instants(self) -> frozenset[datetime]:
        return frozenset().union(*(part.instants for part in self.parts.values()))

    @property
    def next_transition_at(self) -> datetime | None:
        known = (part.next_transition_at for part in self.parts.values())
        return min((each for each in known if each is not None), default=None)

    def dependents(self, kind: RecordKind, records: Mapping[str, AbstractSet[SourceId]]) -> set[SourceId]:
        """Return the records of one kind that are written after any of others, given by the kind's name."""
        return self.parts[kind.scope].dependents(kind, records) if records else set()

    def select(
        self,
        kind: RecordKind,
        gleanin: DestinationView,
        associations: Mapping[SourceId, str],
        excluded: Mapping[str, AbstractSet[SourceId]],
    ) -> Selection:
        """Select one kind's records.

        Args:
            gleanin: says who has which e-mail there.
            ties: what stands in Gleanin for each record that people can be tied to.
            barred: who may not be written any more, by the kind's name (rule 10).
        """
        return self.parts[kind.scope].select(kind, gleanin, associations, excluded)


def empty_snapshot(
    scope: Scope,
    settings: MappingSettings,
    zone: ZoneInfo,
    now: datetime,
    spool: Spool | None = None,
    *,
    kept_id: KeptId = any_id,
) -> SourceSnapshot:
    """Return what rows can be added to.

    Args:
        spool: where what was read is kept until it is sent; in memory where there is none.
        kept_id: returns an equal id that is kept already.
    """
    scopes = dict.fromkeys(kind.scope for kind in kinds_in(scope))
    spool = spool or InMemorySpool()
    return SourceSnapshot({each: _PARTS[each](settings, zone, now, spool, kept_id) for each in scopes})
