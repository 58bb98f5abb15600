"""Plan a sync kind by kind, in chunks, so that memory does not grow with what is remembered."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from core.domain import stops
from core.domain.identifiers import GleaninEventId, GleaninId, OrganizationId, SourceId
from core.domain.kinds import KINDS, RecordKind
from core.domain.mappings import EventMapping
from core.domain.planning import Planner, Step
from core.domain.selection import Candidate
from core.domain.sides import GLEANIN
from core.domain.synced import SyncedRecord
from core.usecases.sync.failures import SyncStopped
from core.usecases.sync.reading import BothSides
from ports.persistence import Units

CHUNK = 500
T = TypeVar("T")


@dataclass(slots=True)
class Plans:
    units: Units
    mapping: EventMapping
    sides: BothSides
    _barred: dict[str, AbstractSet[SourceId]] = field(default_factory=dict)
    _remembered: dict[str, dict[SourceId, GleaninId]] = field(default_factory=dict)
    """Where each record is that was sent under this connection, by the kind's name."""

    async def recall(self) -> None:
        """Load where every record is that was ever sent to the Gleanin event.

        Raises:
            SyncStopped: Gleanin says nothing of a kind of which it should have some; nothing is created on that ground.
        """
        here = self.mapping.connection_id
        for kind in KINDS:
            async with self.units.reading() as unit:
                places = await unit.synced.places(*self._scope, kind)
            if places and kind.name in self.sides.untold:
                raise SyncStopped(
                    stops.unreadable(GLEANIN, f"it does not say which {kind.plural} the event has.")
                )
            earlier = {place.source_id for place in places if place.connection_id != here}
            self._barred[kind.name] = earlier | self.sides.gleanin.sent_earlier(kind).keys()
            self._remembered[kind.name] = {
                place.source_id: place.gleanin_id for place in places if place.connection_id == here
            }

    @property
    def _scope(self) -> tuple[OrganizationId, GleaninEventId]:
        return self.mapping.organization_id, self.mapping.events.gleanin_id

    def ties(self) -> dict[SourceId, str]:
        """Tell what stands in Gleanin for each record that people can be tied to."""
        gleanin, ties = self.sides.gleanin, dict[SourceId, str]()
        for kind in (each for each in KINDS if each.is_tied_to):
            remembered = self._remembered[kind.name].items()
            held = {source: there for source, there in remembered if gleanin.holds(kind, there)}
            ties |= gleanin.sent_earlier(kind) | gleanin.all_sent_here(kind) | held
        return ties

    async def steps(
        self, kind: RecordKind, ties: Mapping[SourceId, str], told_total: Callable[[int], None]
    ) -> AsyncIterator[Sequence[Step]]:
        """Give the kind's steps: one for each candidate, then those for what Sessionboard no longer has."""
        gleanin = self.sides.gleanin
        selection = self.sides.programme.select(kind, gleanin, ties, self._barred)
        planner = Planner(kind, gleanin, self._barred[kind.name], selection.moving)
        unseen = dict(self._remembered[kind.name])
        told_total(selection.size)
        for chunk in chunks(selection.candidates(), CHUNK):
            memory = await self._memory(kind, chunk)
            for candidate in chunk:
                unseen.pop(candidate.record.source_id, None)
            yield list(planner.plan(chunk, memory))
        for ids in chunks(unseen, CHUNK):
            async with self.units.reading() as unit:
                left = await unit.synced.find(*self._scope, kind, ids)
            yield list(planner.leftovers(left.values()))

    async def _memory(self, kind: RecordKind, chunk: Sequence[Candidate]) -> Mapping[SourceId, SyncedRecord]:
        remembered = self._remembered[kind.name]
        ids = [each.record.source_id for each in chunk if each.record.source_id in remembered]
        if not ids:
            return {}
        async with self.units.reading() as unit:
            return await unit.synced.find(*self._scope, kind, ids)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
