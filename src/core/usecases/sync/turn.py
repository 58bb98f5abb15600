"""What a worker carries out: a run, or a check that becomes a run as soon as there is something to do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from core.domain.records.kinds import RecordKind
from core.domain.runs import stop_reasons
from core.domain.runs.run import Progress, SyncRun
from core.usecases.sync.error_mapping import SyncStopped
from ports.store.errors import UniqueViolation
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(slots=True)
class Turn:
    run: SyncRun
    """The run as it began; while this is a check, it is not stored."""
    owner: str
    is_check: bool = False
    on_run: Callable[[], None] | None = None
    """Called as soon as a check has become a run."""

    async def renew(self, unit: UnitOfWork, until: datetime, progress: Mapping[RecordKind, Progress]) -> bool:
        """Extend the lease; return False if another worker holds the mapping."""
        if self.is_check:
            return await unit.schedules.renew_check(self.run.mapping_id, self.owner, until)
        return await unit.runs.renew(self.run.id, self.owner, until, progress)

    async def become_run(self, units: UnitOfWorkFactory, until: datetime) -> None:
        """Turn a check into a stored run.

        Raises:
            SyncStopped: the mapping was removed, or a run of it has begun meanwhile: what was read may be out of date.
        """
        if not self.is_check:
            return
        async with units.write() as unit:
            mapping = await unit.mappings.get(self.run.mapping_id)
            is_held = await unit.schedules.end_check(self.run.mapping_id, self.owner)
            if not is_held or mapping is None or not mapping.is_active:
                raise SyncStopped(stop_reasons.LEASE_EXPIRED)
            try:
                await unit.runs.add(self.run)
                await unit.runs.renew(self.run.id, self.owner, until)
            except UniqueViolation as error:
                raise SyncStopped(stop_reasons.LEASE_EXPIRED) from error
            await unit.commit()
        self.is_check = False
        if self.on_run is not None:
            self.on_run()
