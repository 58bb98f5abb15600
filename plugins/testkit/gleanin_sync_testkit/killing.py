"""Kill points: the process dies at the n-th moment at which something is sent or stored."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


class Killed(BaseException):
    """The process was killed: nothing is stored any more."""


@dataclass(slots=True)
class KillPoint:
    kill_at: int = 0
    """The moment at which the process is killed; 0 for never."""
    moments: int = 0
    is_dead: bool = False

    def pass_moment(self) -> None:
        """Count a moment.

        Raises:
            Killed: it is the one at which the process is killed, or it was killed before.
        """
        self.moments += 1
        self.is_dead = self.is_dead or self.moments == self.kill_at
        if self.is_dead:
            raise Killed

    def start(self, kill_at: int = 0) -> None:
        """Start a process, which counts its moments from 1."""
        self.kill_at, self.moments, self.is_dead = kill_at, 0, False


@dataclass(frozen=True, slots=True)
class KillableUnitOfWork:
    """A unit of work with a moment before its commit, and one after it."""

    unit: UnitOfWork
    kill_point: KillPoint

    def __getattr__(self, name: str) -> Any:
        return getattr(self.unit, name)

    async def commit(self) -> None:
        self.kill_point.pass_moment()
        await self.unit.commit()
        self.kill_point.pass_moment()


@dataclass(frozen=True, slots=True)
class KillableUnitOfWorkFactory:
    units: UnitOfWorkFactory
    kill_point: KillPoint

    def read(self) -> AbstractAsyncContextManager[UnitOfWork]:
        return self.units.read()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[KillableUnitOfWork]:
        if self.kill_point.is_dead:
            raise Killed
        async with self.units.write() as unit:
            yield KillableUnitOfWork(unit, self.kill_point)
