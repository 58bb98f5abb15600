"""Plan a sync kind by kind, in chunks, so that memory does not grow with what is remembered."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from core.domain import reasons
from core.domain.identifiers import GleaninEventId, OrganizationId, SourceId
from core.domain.kinds import KINDS, RecordKind
from core.domain.mappings import EventMapping
from core.domain.outcomes import Outcome
from core.domain.planning import NoWrite, Planner, Step
from core.domain.selection import Candidate
from core.domain.synced import SyncedRecord
from core.usecases.sync.memory import Remembered
from core.usecases.sync.reading import BothSides
from ports.persistence import Units

CHUNK = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plans:
    units: Units
    mapping: EventMapping
    remembered: Remembered
    sides: BothSides

    def ties(self) -> dict[SourceId, str]:
        """Tell what stands in Gleanin for each record that people can be tied to."""
        gleanin, ties = self.sides.gleanin, dict[SourceId, str]()
        for kind in (each for each in KINDS if each.is_tied_to):
            here = self.remembered.here[kind.name].items()
            held = {source: there for source, there in here if gleanin.holds(kind, there)}
            ties |= gleanin.sent_earlier(kind) | gleanin.all_sent_here(kind) | held
        return ties

    def _barred(self) -> dict[str, AbstractSet[SourceId]]:
        gleanin, earlier = self.sides.gleanin, self.remembered.earlier
        return {kind.name: earlier[kind.name] | gleanin.sent_earlier(kind).keys() for kind in KINDS}

    @property
    def _scope(self) -> tuple[OrganizationId, GleaninEventId]:
        return self.mapping.organization_id, self.mapping.events.gleanin_id

    async def steps(
        self, kind: RecordKind, ties: Mapping[SourceId, str], told_total: Callable[[int], None]
    ) -> AsyncIterator[Sequence[Step]]:
        """Give the kind's steps: one for each candidate, then those for what Sessionboard no longer has."""
        gleanin, barred = self.sides.gleanin, self._barred()
        selection = self.sides.programme.select(kind, gleanin, ties, barred)
        planner = Planner(kind, gleanin, barred[kind.name], selection.moving, selection.incomplete)
        unseen = {**gleanin.all_sent_here(kind), **self.remembered.here[kind.name]}
        told_total(selection.size)
        for chunk in chunks(selection.candidates(), CHUNK):
            memory = await self._memory(kind, chunk)
            for candidate in chunk:
                unseen.pop(candidate.record.source_id, None)
            yield [self._safe(step) for step in planner.plan(chunk, memory)]
        for left in chunks(unseen.items(), CHUNK):
            async with self.units.reading() as unit:
                memory = await unit.synced.find(*self._scope, kind, [source_id for source_id, _ in left])
            yield list(planner.leftovers(dict(left), memory))

    def _safe(self, step: Step) -> Step:
        """Write nothing of a kind of which Gleanin does not tell what it has: it could be there already (rule 32)."""
        why = self.sides.unknown.get(step.record.kind.name)
        if why is None or isinstance(step, NoWrite):
            return step
        return NoWrite(step.record, reasons.kind_unknown(why), Outcome.FAILED)

    async def _memory(self, kind: RecordKind, chunk: Sequence[Candidate]) -> Mapping[SourceId, SyncedRecord]:
        remembered = self.remembered.here[kind.name]
        ids = [each.record.source_id for each in chunk if each.record.source_id in remembered]
        if not ids:
            return {}
        async with self.units.reading() as unit:
            return await unit.synced.find(*self._scope, kind, ids)


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
