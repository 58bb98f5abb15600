"""Plan a sync kind by kind, in chunks, so that memory does not grow with the number of known records."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TypeVar

from core.domain.ids import DestinationEventId, DestinationId, OrganizationId, SourceId
from core.domain.planning.departures import Departures, departures_of
from core.domain.planning.plan import NoWrite, Planner, Step
from core.domain.records import reasons
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.records.outcomes import Outcome
from core.domain.records.synced_records import SyncedRecord
from core.domain.selection.candidates import Candidate
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.intents import OpenIntents
from core.usecases.sync.known_records import KnownRecords
from core.usecases.sync.systems_reader import SystemsSnapshot
from ports.store.unit_of_work import UnitOfWorkFactory

CHUNK = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plans:
    units: UnitOfWorkFactory
    mapping: EventMapping
    known: KnownRecords
    snapshot: SystemsSnapshot
    intents: OpenIntents = field(default_factory=OpenIntents)
    _absent: dict[str, set[SourceId]] = field(default_factory=dict)
    """Records planned as kept, by the kind's name, of kinds that were read completely."""

    def associations(self) -> dict[SourceId, str]:
        """Return the destination's id of each record that people can be associated with."""
        index, associations = self.snapshot.index, dict[SourceId, str]()
        for kind in (kind for kind in KINDS if kind.takes_associations):
            here = self.known.here[kind.name].items()
            held = {source: there for source, there in here if index.holds(kind, there)}
            associations |= index.created_before(kind) | index.all_created_here(kind) | held
        return associations

    def _excluded(self) -> dict[str, AbstractSet[SourceId]]:
        index, earlier = self.snapshot.index, self.known.earlier
        return {kind.name: earlier[kind.name] | index.created_before(kind).keys() for kind in KINDS}

    @property
    def _scope(self) -> tuple[OrganizationId, DestinationEventId]:
        return self.mapping.organization_id, self.mapping.events.destination_id

    async def steps(
        self,
        kind: RecordKind,
        associations: Mapping[SourceId, str],
        on_total: Callable[[int], None] | None = None,
        only: AbstractSet[SourceId] | None = None,
    ) -> AsyncIterator[Sequence[Step]]:
        """Return the kind's steps: one for each candidate, then those for records that the source no longer has.

        Args:
            kind: of which records.
            associations: the destination's id of each record that people can be associated with.
            on_total: called with the number of candidates.
            only: the requested candidates; None for all, and for records that the source no longer has.
        """
        index, excluded = self.snapshot.index, self._excluded()
        sent_as_others = {kind.name: excluded[kind.name] | index.all_of_other_kinds(kind)}
        selection = self.snapshot.programme.select(kind, index, associations, excluded | sent_as_others)
        labels: dict[tuple[str, SourceId], str] = {}
        planner = Planner(
            kind,
            index,
            self.mapping.systems,
            excluded[kind.name],
            selection.email_changes,
            selection.incomplete,
            self.intents.of(kind.name),
            labels,
        )
        unseen = {**self._unclaimed(kind), **index.all_created_here(kind), **self.known.here[kind.name]}
        if on_total is not None:
            on_total(selection.size)
        absent = set() if selection.incomplete else self._absent.setdefault(kind.name, set())
        candidates = selection.candidates()
        if only is not None:
            candidates = (candidate for candidate in candidates if candidate.record.source_id in only)
        for chunk in chunks(candidates, CHUNK):
            known = await self._known_records(kind, chunk)
            for candidate in chunk:
                unseen.pop(candidate.record.source_id, None)
            labels.update(await self._labels(planner.email_holders(chunk)))
            steps = [self._safe(step) for step in planner.plan(chunk, known)]
            absent.update(_kept(steps))
            yield steps
        if only is not None:
            return
        for left in chunks(unseen.items(), CHUNK):
            async with self.units.read() as unit:
                known = await unit.synced.find(*self._scope, kind, [source_id for source_id, _ in left])
            steps = list(planner.leftovers(dict(left), known))
            absent.update(_kept(steps))
            yield steps

    def _unclaimed(self, kind: RecordKind) -> Mapping[SourceId, DestinationId]:
        """Return the unclaimed records of the group if this is the last of its kinds, all of which the run plans."""
        planned = [other for other in self.snapshot.kinds if other.group == kind.group]
        is_last = planned[-1] == kind and len(planned) == len(KINDS.sharing(kind.group))
        return self.snapshot.index.unclaimed(kind) if is_last else {}

    def departures(self, now: datetime) -> Iterator[tuple[RecordKind, Departures]]:
        """Compare the planned kinds of the programme with what was synced (rule 34)."""
        for kind in self.snapshot.kinds:
            absent = self._absent.get(kind.name)
            if absent is None:
                continue
            here = self.known.here[kind.name]
            synced = {
                source_id for source_id, there in here.items() if self.snapshot.index.holds(kind, there)
            }
            yield kind, departures_of(synced, absent & synced, self.known.left_at[kind.name], now)

    async def _labels(
        self, holders: Iterable[tuple[RecordKind, SourceId]]
    ) -> Mapping[tuple[str, SourceId], str]:
        """Return the labels of synced records that hold a needed e-mail; mostly there are none."""
        by_kind: dict[RecordKind, list[SourceId]] = {}
        for kind, source_id in holders:
            by_kind.setdefault(kind, []).append(source_id)
        labels: dict[tuple[str, SourceId], str] = {}
        for kind, source_ids in by_kind.items():
            async with self.units.read() as unit:
                known = await unit.synced.find(*self._scope, kind, source_ids)
            labels |= {(kind.name, source_id): record.label for source_id, record in known.items()}
        return labels

    def _safe(self, step: Step) -> Step:
        """Replace writes of a kind that the destination does not list: the record could exist already (rule 32)."""
        why = self.snapshot.unknown.get(step.record.kind.name)
        if why is None or isinstance(step, NoWrite):
            return step
        return NoWrite(step.record, reasons.kind_unknown(why, self.mapping.systems), Outcome.FAILED)

    async def _known_records(
        self, kind: RecordKind, chunk: Sequence[Candidate]
    ) -> Mapping[SourceId, SyncedRecord]:
        known = self.known.here[kind.name]
        ids = [candidate.record.source_id for candidate in chunk if candidate.record.source_id in known]
        if not ids:
            return {}
        async with self.units.read() as unit:
            return await unit.synced.find(*self._scope, kind, ids)


def _kept(steps: Iterable[Step]) -> Iterator[SourceId]:
    """Return the records that have left the programme; those held back by a setting have not left."""
    return (
        step.record.source_id
        for step in steps
        if isinstance(step, NoWrite)
        and step.outcome is Outcome.KEPT
        and step.reason.code not in reasons.SETTING_CODES
    )


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk
