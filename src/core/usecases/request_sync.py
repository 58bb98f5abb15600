"""Ask for a sync: at once, or as the one that waits (rules 11 and 23); and ask again for one that was interrupted."""

from dataclasses import dataclass, field
from datetime import datetime

from core.domain.access.audit import Action, AuditEntry
from core.domain.errors import BadInput, found
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import Scope
from core.domain.runs.run import RunState, SyncRun, Trigger
from core.domain.runs.stop_reasons import DIED_AGAIN, INTERRUPTED, STORE_UNUSABLE, TAKEN_OVER, Stop
from core.usecases.shared.run_ends import RunEnds
from ports.clock import Clock
from ports.log import EventLog
from ports.names import Names
from ports.persistence import Taken, Unit, Units

LONGEST_REQUEST_KEY = 255


@dataclass(frozen=True, slots=True)
class SyncRequest:
    mapping_id: MappingId
    scope: Scope = Scope.ALL
    trigger: Trigger = Trigger.MANUAL
    by: str = field(kw_only=True)
    key: str | None = None
    """By which a request that is repeated, because its answer was lost, is known; whoever asks chooses it."""
    asker: str = ""
    """Whose keys these are: the id of whoever asks."""

    def __post_init__(self) -> None:
        if self.key is not None and not (0 < len(self.key) <= LONGEST_REQUEST_KEY and self.key.isprintable()):
            raise BadInput(f"An idempotency key has 1 to {LONGEST_REQUEST_KEY} printable characters.")


@dataclass(frozen=True, slots=True)
class RequestSync:
    units: Units
    names: Names
    clock: Clock

    async def __call__(self, request: SyncRequest) -> SyncRun:
        """Book a run. While one waits already, that one serves this request too.

        Raises:
            NotFound, NotMapped
            BadInput: the request's key is that of an earlier one, for another scope.
        """
        while True:
            try:
                return await self._book(request)
            except Taken:
                # Another process booked one in the same moment: join that one.
                continue

    async def _book(self, request: SyncRequest) -> SyncRun:
        async with self.units.writing() as unit:
            mapping = found(await unit.mappings.get(request.mapping_id), "mapping", request.mapping_id)
            if earlier := await self._booked_earlier(unit, request):
                return earlier
            mapping.check_active()
            now = self.clock.now()
            wanted = SyncRun(
                RunId(self.names.new()), mapping.id, request.trigger, request.scope, now, request.by
            )
            run = await _waiting(unit, wanted)
            if request.key is not None:
                await unit.runs.note_booking(mapping.id, _own(request), run.id)
            if request.trigger is Trigger.MANUAL:
                schedule = await unit.schedules.get(mapping.id)
                if schedule is not None and schedule.failures:
                    await unit.schedules.save(schedule.forgiven())
                what = f"{mapping.label} ({request.scope})"
                action, organization = Action.SYNC_REQUESTED, mapping.organization_id
                await unit.audit.add(AuditEntry(now, request.by, action, organization, what))
            await unit.commit()
        return run

    @staticmethod
    async def _booked_earlier(unit: Unit, request: SyncRequest) -> SyncRun | None:
        if request.key is None:
            return None
        booked = await unit.runs.booked_by(request.mapping_id, _own(request))
        run = await unit.runs.get(booked) if booked else None
        # A run's scope only ever grows, so what is not in it was not asked for with this key.
        if run is not None and run.scope | request.scope != run.scope:
            raise BadInput(
                f"This idempotency key was given before, for a sync of another scope ({run.scope}). "
                "Give every request a key of its own."
            )
        return run


@dataclass(frozen=True, slots=True)
class RequestAgain:
    """For a program that ends before the runs it carries out, or loses its database: what was asked of it must not be lost."""

    units: Units
    names: Names
    clock: Clock

    async def __call__(self, run_id: RunId) -> None:
        """Book a run in the place of one that was interrupted; whoever looks for waiting runs takes it up."""
        async with self.units.writing() as unit:
            run = await unit.runs.get(run_id)
            mapping = await unit.mappings.get(run.mapping_id) if run else None
            if run is None or mapping is None or not mapping.is_active:
                return
            if run.stop == STORE_UNUSABLE:
                goes_on = not await _has_ended_so_before(unit, run, STORE_UNUSABLE)
            else:
                goes_on = run.stop == INTERRUPTED
            if not goes_on:
                return
            await _ask_again(unit, run, RunId(self.names.new()), self.clock.now())
            await unit.commit()


@dataclass(frozen=True, slots=True)
class TakeOver:
    """For a run whose process died: what was asked of it goes on as another run."""

    units: Units
    names: Names
    clock: Clock
    log: EventLog
    run_ends: RunEnds

    async def __call__(self, run_id: RunId) -> RunId | None:
        """End an abandoned run and give the one that waits in its place; None if it was not abandoned after all."""
        async with self.units.writing() as unit:
            run, now = await unit.runs.get(run_id), self.clock.now()
            mapping = await unit.mappings.get(run.mapping_id) if run else None
            if run is None or mapping is None or not run.lease_has_run_out(now):
                return None
            # One that dies again and again is not tried for ever: somebody has to look.
            goes_on = mapping.is_active and not await _has_ended_so_before(unit, run, TAKEN_OVER)
            end = await self.run_ends.store(unit, run, TAKEN_OVER if goes_on else DIED_AGAIN)
            waiting = None
            if goes_on:
                waiting = (await _ask_again(unit, run, RunId(self.names.new()), now)).id
            await unit.commit()
        self.run_ends.log_stored(end)
        self.log.warning("sync.run_taken_over", run=run_id, mapping=run.mapping_id)
        return waiting


async def _has_ended_so_before(unit: Unit, run: SyncRun, stop: Stop) -> bool:
    """Check whether the run that it took the place of had ended for the same reason."""
    former = [each for each in await unit.runs.of_mapping(run.mapping_id, 3) if each.id != run.id]
    return next((each.stop == stop for each in former if not each.is_open), False)


async def _ask_again(unit: Unit, run: SyncRun, new: RunId, now: datetime) -> SyncRun:
    """Book what a run was asked for once more, in the place of that one."""
    return await _waiting(unit, SyncRun(new, run.mapping_id, run.trigger, run.scope, now, run.requested_by))


async def _waiting(unit: Unit, wanted: SyncRun) -> SyncRun:
    """Let the mapping's waiting run serve the wanted one too; if none waits, let that one wait."""
    for run in await unit.runs.open_ones(wanted.mapping_id):
        if run.state is RunState.QUEUED:
            merged = run.merge(wanted.trigger, wanted.scope, wanted.requested_by)
            await unit.runs.update(merged)
            return merged
    await unit.runs.add(wanted)
    return wanted


def _own(request: SyncRequest) -> str:
    """Keep the keys of different people and programs apart."""
    return f"{request.asker}\n{request.key}"
