"""Preview: the plan, without carrying it out. Nothing is written anywhere."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.ids import DestinationId, MappingId, SourceId
from core.domain.planning.destination_index import DestinationIndex
from core.domain.planning.plan import Create, FieldChange, NoWrite, Step, Update
from core.domain.records.kinds import ALL, Scope
from core.domain.records.outcomes import Counts, Outcome, count
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.error_mapping import SyncStopped, stop_on_error
from core.usecases.sync.intents import load_intents
from core.usecases.sync.known_records import load_known_records
from core.usecases.sync.plans import Plans
from core.usecases.sync.systems import MappingCredentials, SystemAccess, open_systems
from core.usecases.sync.systems_reader import SystemsReader
from ports.clock import Clock
from ports.source import Source


@dataclass(frozen=True, slots=True)
class Plan:
    steps: Sequence[Step]
    counts: Counts
    shortfalls: Sequence[str] = ()
    """What could not be read of the event, in sentences (rule 34)."""


@dataclass(frozen=True, slots=True)
class Preview:
    access: SystemAccess
    clock: Clock

    async def __call__(self, mapping_id: MappingId, scope: Scope = ALL) -> Plan:
        """Return what a sync would do with each record.

        Raises:
            NotFound, NotMapped
            SyncStopped: a sync would stop before its first write.
        """
        mapping, credentials = await self.access.of(mapping_id)
        planned = plan_of(self.access, mapping, credentials, scope, self.clock.now())
        return await stop_on_error(planned, mapping)


async def plan_of(
    access: SystemAccess,
    mapping: EventMapping,
    credentials: MappingCredentials,
    scope: Scope,
    now: datetime,
    *,
    watched: Callable[[Source], Source] = lambda source: source,
) -> Plan:
    """Plan what a sync would do; `watched` may wrap the source.

    Raises:
        SyncStopped, SourceError, DestinationError
    """
    steps: list[Step] = []
    known = await load_known_records(access.units, mapping)
    intents = await load_intents(access.units, mapping)
    async with open_systems(access, mapping, credentials) as (source, destination):
        reader = SystemsReader(mapping, known, watched(source), destination, now, intents.source_ids)
        snapshot = await reader.read(scope)
    if snapshot.stop is not None:
        raise SyncStopped(snapshot.stop)
    plans = Plans(access.units, mapping, known, snapshot, intents)
    associations = plans.associations()
    for kind in snapshot.kinds:
        async for chunk in plans.steps(kind, associations):
            steps.extend(chunk)
            if kind.takes_associations:
                associations.update(_future_associations(chunk))
            _note_writes(snapshot.index, chunk)
    counts = count((step.record.kind, expected_outcome(step)) for step in steps)
    return Plan(steps, counts, snapshot.shortfalls)


def _future_associations(steps: Sequence[Step]) -> dict[SourceId, str]:
    """Return labels in place of the ids that new records do not have yet."""
    return {step.record.source_id: f"(new) {step.record.label}" for step in steps if isinstance(step, Create)}


def _note_writes(index: DestinationIndex, steps: Sequence[Step]) -> None:
    """Note planned writes, so that other kinds of the group see them as in a run (rule 44)."""
    for step in steps:
        if isinstance(step, NoWrite) or not index.ownership.is_shared(step.record.kind.group):
            continue
        record, email = step.record, step.fields.get("email")
        there = (
            step.destination_id if isinstance(step, Update) else DestinationId(f"(new) {record.source_id}")
        )
        address = email if isinstance(email, str) else None
        index.record_write(record.kind, record.source_id, there, address, record.label)


def expected_outcome(step: Step) -> Outcome:
    """Return the outcome that a step has if the destination accepts it."""
    if isinstance(step, NoWrite):
        return step.outcome
    return Outcome.CREATED if isinstance(step, Create) else Outcome.UPDATED


def expected_changes(step: Step) -> tuple[FieldChange, ...]:
    """Return what a step would send; for a new record, all of its fields."""
    match step:
        case Create(record=record, fields=fields):
            return tuple(
                FieldChange(name, None, fields[name]) for name in record.kind.fields if name in fields
            )
        case Update(changes=sent):
            return sent
        case NoWrite():
            return ()
