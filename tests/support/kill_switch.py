"""A kill switch: from a chosen moment on, the process under test stores and sends nothing more."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

import pytest

from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.fields import Fields
from core.domain.records.kinds import ALL, RecordKind, Scope
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import SystemCredentials
from ports.destination import BeforeWrite, Destination, DestinationOpener, Destinations
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.support.delegating_destination import DelegatingDestination
from tests.support.delegating_opener import DelegatingOpener
from tests.support.harness import LEASE, Harness

Point = Literal["write", "store"]


class Killed(BaseException):
    """Not an Exception, because no handler runs in a process that is killed."""


@dataclass(slots=True)
class _Countdown:
    remaining: int
    taken_place: bool

    def is_reached(self) -> bool:
        self.remaining -= 1
        return self.remaining == 0


@dataclass(slots=True)
class KillSwitch:
    """Kills the process that the harness stands for."""

    harness: Harness
    is_off: bool = False
    writes: _Countdown | None = None
    stores: _Countdown | None = None
    _units: UnitOfWorkFactory = field(init=False)
    _destinations: Destinations = field(init=False)

    def __post_init__(self) -> None:
        self._units, self._destinations = self.harness.units, self.harness.destinations
        self.harness.units = KillableUnits(self._units, self)
        self.harness.destinations = KillableDestinations(self._destinations, self)

    def fail_at(self, *, write: int = 0, store: int = 0, taken_place: bool) -> None:
        """Fail at the n-th write or store, right after it has taken place or right before."""
        self.writes = _Countdown(write, taken_place) if write else None
        self.stores = _Countdown(store, taken_place) if store else None

    def restart(self, *, after: timedelta = LEASE) -> None:
        """Continue as another process; by default when the killed one's lease has expired."""
        self.harness.units, self.harness.destinations = self._units, self._destinations
        self.harness.clock.advance(after)

    def check(self) -> None:
        if self.is_off:
            raise Killed

    @asynccontextmanager
    async def moment(self, countdown: _Countdown | None) -> AsyncIterator[None]:
        """Run the block, and kill the process before or after it when the countdown is reached."""
        self.check()
        is_reached = countdown is not None and countdown.is_reached()
        if is_reached and countdown and not countdown.taken_place:
            self.is_off = True
            raise Killed
        try:
            yield
        finally:
            if is_reached:
                self.is_off = True
            self.check()


@dataclass(frozen=True, slots=True)
class KillableUnits:
    units: UnitOfWorkFactory
    kill_switch: KillSwitch

    @asynccontextmanager
    async def read(self) -> AsyncIterator[UnitOfWork]:
        self.kill_switch.check()
        async with self.units.read() as unit:
            yield unit

    @asynccontextmanager
    async def write(self) -> AsyncIterator[UnitOfWork]:
        self.kill_switch.check()
        async with self.units.write() as unit:
            commit = unit.commit

            async def commit_while_alive() -> None:
                async with self.kill_switch.moment(self.kill_switch.stores):
                    await commit()

            unit.commit = commit_while_alive  # type: ignore[method-assign]
            yield unit


@dataclass(frozen=True, slots=True)
class KillableDestinationOpener(DelegatingOpener):
    opener: DestinationOpener
    kill_switch: KillSwitch

    @property
    def delegate(self) -> DestinationOpener:
        return self.opener

    def open(
        self, credentials: SystemCredentials, before_write: BeforeWrite | None = None
    ) -> AbstractAsyncContextManager[Destination]:
        return self._open(credentials, before_write)

    @asynccontextmanager
    async def _open(
        self, credentials: SystemCredentials, before_write: BeforeWrite | None
    ) -> AsyncIterator[Destination]:
        async with self.opener.open(credentials, before_write) as destination:
            yield KillableDestination(destination, self.kill_switch)


@dataclass(frozen=True, slots=True)
class KillableDestination(DelegatingDestination):
    kill_switch: KillSwitch

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        async with self.kill_switch.moment(self.kill_switch.writes):
            return await self.destination.create(event_id, kind, external_id, fields)

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        destination_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        async with self.kill_switch.moment(self.kill_switch.writes):
            await self.destination.update(event_id, kind, destination_id, changes)


@contextmanager
def killed(
    harness: Harness, *, write: int = 0, store: int = 0, taken_place: bool = True, after: timedelta = LEASE
) -> Iterator[None]:
    """Kill the process in the block at the n-th write or store, and continue as another process after a while."""
    kill_switch = KillSwitch(harness)
    kill_switch.fail_at(write=write, store=store, taken_place=taken_place)
    with pytest.raises(Killed):
        yield
    kill_switch.restart(after=after)


async def kill(
    harness: Harness,
    mapping: EventMapping,
    point: Point,
    number: int,
    *,
    taken_place: bool,
    scope: Scope = ALL,
) -> bool:
    """Kill a sync at its n-th write or commit; return whether it got that far."""
    kill_switch = KillSwitch(harness)
    kill_switch.fail_at(
        write=number * (point == "write"), store=number * (point == "store"), taken_place=taken_place
    )
    try:
        await harness.sync(mapping, scope)
    except Killed:
        return True
    finally:
        kill_switch.restart()
    return False


@dataclass(frozen=True, slots=True)
class KillableDestinations:
    destinations: Destinations
    kill_switch: KillSwitch

    def named(self, identifier: str) -> DestinationOpener:
        return KillableDestinationOpener(self.destinations.named(identifier), self.kill_switch)
