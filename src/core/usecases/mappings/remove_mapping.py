"""Remove an event mapping (rules 5 and 6)."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import require
from core.domain.ids import MappingId
from core.domain.runs.stop_reasons import MAPPING_REMOVED
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.shared.run_ends import RunEnds
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RemoveMapping:
    units: UnitOfWorkFactory
    clock: Clock
    run_ends: RunEnds

    async def __call__(self, mapping_id: MappingId, *, actor: Actor) -> EventMapping:
        """Remove a mapping and stop its running sync; the connection and its other mappings continue.

        Raises:
            NotFound, NotMapped
        """
        async with self.units.write() as unit:
            mapping = require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            now = self.clock.now()
            removed = mapping.remove(now)
            await unit.mappings.update(removed)
            _, ends = await self.run_ends.stop_all(unit, mapping_id, MAPPING_REMOVED)
            what = mapping.label
            await unit.audit.add(
                AuditEntry(now, actor.name, Action.MAPPING_REMOVED, mapping.organization_id, what)
            )
            await unit.commit()
        self.run_ends.log_stored(*ends)
        return removed
