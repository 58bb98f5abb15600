"""Request a sync by hand (rules 23 and 28)."""

from dataclasses import dataclass, field

from core.domain.access.audit import Action, AuditEntry
from core.domain.errors import InvalidInput, require
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import Scope
from core.domain.runs.run import SyncRun, Trigger
from core.usecases.runs.booking import queue_or_merge
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.store.errors import UniqueViolation
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory

LONGEST_REQUEST_KEY = 255


@dataclass(frozen=True, slots=True)
class SyncRequest:
    mapping_id: MappingId
    scope: Scope = Scope.ALL
    trigger: Trigger = Trigger.MANUAL
    actor: str = field(kw_only=True)
    key: str | None = None
    """By which a request that is repeated, because its answer was lost, is known; whoever asks chooses it."""
    asker: str = ""
    """Whose keys these are: the id of whoever asks."""

    def __post_init__(self) -> None:
        if self.key is not None and not (0 < len(self.key) <= LONGEST_REQUEST_KEY and self.key.isprintable()):
            raise InvalidInput(f"An idempotency key has 1 to {LONGEST_REQUEST_KEY} printable characters.")


@dataclass(frozen=True, slots=True)
class RequestSync:
    units: UnitOfWorkFactory
    names: IdGenerator
    clock: Clock

    async def __call__(self, request: SyncRequest) -> SyncRun:
        """Book a run. While one waits already, that one serves this request too.

        Raises:
            NotFound, NotMapped
            InvalidInput: the request's key is that of an earlier one, for another scope.
        """
        while True:
            try:
                return await self._book(request)
            except UniqueViolation:
                # Another process booked one in the same moment: join that one.
                continue

    async def _book(self, request: SyncRequest) -> SyncRun:
        async with self.units.write() as unit:
            mapping = require(await unit.mappings.get(request.mapping_id), "mapping", request.mapping_id)
            if earlier := await self._booked_earlier(unit, request):
                return earlier
            mapping.check_active()
            now = self.clock.now()
            wanted = SyncRun(
                RunId(self.names.new()), mapping.id, request.trigger, request.scope, now, request.actor
            )
            run = await queue_or_merge(unit, wanted)
            if request.key is not None:
                await unit.runs.save_idempotency_key(mapping.id, _own(request), run.id)
            if request.trigger is Trigger.MANUAL:
                schedule = await unit.schedules.get(mapping.id)
                if schedule is not None and schedule.failures:
                    await unit.schedules.save(schedule.reset_failures())
                what = f"{mapping.label} ({request.scope})"
                action, organization = Action.SYNC_REQUESTED, mapping.organization_id
                await unit.audit.add(AuditEntry(now, request.actor, action, organization, what))
            await unit.commit()
        return run

    @staticmethod
    async def _booked_earlier(unit: UnitOfWork, request: SyncRequest) -> SyncRun | None:
        if request.key is None:
            return None
        booked = await unit.runs.find_by_idempotency_key(request.mapping_id, _own(request))
        run = await unit.runs.get(booked) if booked else None
        # A run's scope only ever grows, so what is not in it was not asked for with this key.
        if run is not None and run.scope | request.scope != run.scope:
            raise InvalidInput(
                f"This idempotency key was given before, for a sync of another scope ({run.scope}). "
                "Give every request a key of its own."
            )
        return run


def _own(request: SyncRequest) -> str:
    """Keep the keys of different people and programs apart."""
    return f"{request.asker}\n{request.key}"
