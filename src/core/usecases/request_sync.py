"""Ask for a sync: at once, or as the one that waits (rules 11 and 23)."""

from dataclasses import dataclass

from core.domain.identifiers import MappingId, RunId
from core.domain.kinds import Scope
from core.domain.refusals import found
from core.domain.runs import RunState, SyncRun, Trigger
from ports.clock import Clock
from ports.names import Names
from ports.persistence import Taken, Units


@dataclass(frozen=True, slots=True)
class RequestSync:
    units: Units
    names: Names
    clock: Clock

    async def __call__(
        self, mapping_id: MappingId, scope: Scope = Scope.ALL, trigger: Trigger = Trigger.MANUAL
    ) -> SyncRun:
        """Book a run. While one waits already, that one serves this request too.

        Raises:
            NotFound, NotMapped
        """
        while True:
            try:
                return await self._book(mapping_id, scope, trigger)
            except Taken:
                # Another process booked one in the same moment: join that one.
                continue

    async def _book(self, mapping_id: MappingId, scope: Scope, trigger: Trigger) -> SyncRun:
        async with self.units.writing() as unit:
            found(await unit.mappings.get(mapping_id), "mapping", mapping_id).check_active()
            waiting = [run for run in await unit.runs.open_ones(mapping_id) if run.state is RunState.QUEUED]
            if waiting:
                run = waiting[0].merge(trigger, scope)
                await unit.runs.update(run)
            else:
                run = SyncRun(RunId(self.names.new()), mapping_id, trigger, scope, self.clock.now())
                await unit.runs.add(run)
            await unit.commit()
        return run
