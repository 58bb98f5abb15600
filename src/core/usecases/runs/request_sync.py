"""Request a sync by hand (rules 23 and 28)."""

from dataclasses import dataclass, field

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import InvalidInput, require
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import ALL, Scope
from core.domain.runs.run import SyncRun, Trigger
from core.usecases.runs.queue_run import queue_or_merge
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.store.errors import UniqueViolation
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory

MAX_IDEMPOTENCY_KEY_LENGTH = 255


@dataclass(frozen=True, slots=True)
class SyncRequest:
    mapping_id: MappingId
    scope: Scope = ALL
    trigger: Trigger = Trigger.MANUAL
    actor: Actor = field(kw_only=True)
    key: str | None = None
    """The idempotency key, chosen by the client, by which a repeated request is recognized."""

    def __post_init__(self) -> None:
        if self.key is not None and not (
            0 < len(self.key) <= MAX_IDEMPOTENCY_KEY_LENGTH and self.key.isprintable()
        ):
            raise InvalidInput(
                f"Use 1 to {MAX_IDEMPOTENCY_KEY_LENGTH} printable characters for the idempotency key."
            )


@dataclass(frozen=True, slots=True)
class RequestSync:
    units: UnitOfWorkFactory
    ids: IdGenerator
    clock: Clock

    async def __call__(self, request: SyncRequest) -> SyncRun:
        """Queue a run, or merge the request into the run that is already queued.

        Raises:
            NotFound, NotMapped
            InvalidInput: an earlier request with this idempotency key had another scope.
        """
        while True:
            try:
                return await self._queue(request)
            except UniqueViolation:
                # Another process queued a run concurrently: merge into that one.
                continue

    async def _queue(self, request: SyncRequest) -> SyncRun:
        async with self.units.write() as unit:
            mapping = require(await unit.mappings.get(request.mapping_id), "mapping", request.mapping_id)
            if earlier := await self._find_earlier(unit, request):
                return earlier
            mapping.check_active()
            now = self.clock.now()
            requested = SyncRun(
                RunId(self.ids.new()), mapping.id, request.trigger, request.scope, now, request.actor.name
            )
            run = await queue_or_merge(unit, requested)
            if request.key is not None:
                await unit.runs.save_idempotency_key(mapping.id, _scoped_key(request), run.id)
            if request.trigger is Trigger.MANUAL:
                schedule = await unit.schedules.get(mapping.id)
                if schedule is not None and schedule.failures:
                    await unit.schedules.save(schedule.reset_failures())
                what = f"{mapping.label} ({request.scope})"
                action, organization = Action.SYNC_REQUESTED, mapping.organization_id
                await unit.audit.add(AuditEntry(now, request.actor.name, action, organization, what))
            await unit.commit()
        return run

    @staticmethod
    async def _find_earlier(unit: UnitOfWork, request: SyncRequest) -> SyncRun | None:
        if request.key is None:
            return None
        earlier_id = await unit.runs.find_by_idempotency_key(request.mapping_id, _scoped_key(request))
        run = await unit.runs.get(earlier_id) if earlier_id else None
        # A run's scope only grows, so a scope outside it was not requested with this key.
        if run is not None and run.scope | request.scope != run.scope:
            raise InvalidInput(
                f"This idempotency key was already used for a sync with another scope ({run.scope}). "
                "Use a new key for every request."
            )
        return run


def _scoped_key(request: SyncRequest) -> str:
    """Return the key combined with the id of its actor, so that different clients' keys do not collide."""
    return f"{request.actor.id}\n{request.key}"
