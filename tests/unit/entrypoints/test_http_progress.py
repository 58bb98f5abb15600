"""Following runs: one poll for all clients, and only while they are authorized."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from core.domain.access.authorization import Actor, Permission
from core.domain.errors import NotAuthenticated, NotFound
from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import ALL, SESSION
from core.domain.records.outcomes import Counts
from core.domain.runs.run import Progress, SyncRun, Trigger
from core.usecases.runs.queries import FindRun
from entrypoints.container import Container
from entrypoints.http import run_watchers
from entrypoints.http.run_watchers import RunWatchers
from tests.support.systems import SYSTEMS
from tests.support.timeouts import WITHIN, until

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUN = SyncRun(RunId("r1"), MappingId("m1"), Trigger.MANUAL, ALL, NOW).start(
    "host:1", NOW, timedelta(minutes=1)
)
ENDED = RUN.finished(Counts(), NOW, SYSTEMS)
ADA = Actor("ada")


@dataclass
class Table:
    """A fake container with a run, which counts the polls."""

    run: SyncRun | None = RUN
    looks: int = 0
    may_read: bool = True
    admitted: list[str] = field(default_factory=list)

    def resolve(self, use_case: type[object]) -> Callable[..., Awaitable[Any]]:
        return self._find_run() if use_case is FindRun else self._admit_to_run()

    def _find_run(self) -> Callable[[RunId], Awaitable[SyncRun]]:
        async def find(run_id: RunId) -> SyncRun:
            self.looks += 1
            if self.run is None:
                raise NotFound("run", run_id)
            return self.run

        return find

    def _admit_to_run(self) -> Callable[..., Awaitable[None]]:
        async def admit(actor: Actor, _: Permission, run_id: RunId) -> None:
            self.admitted.append(actor.name)
            if not self.may_read:
                raise NotFound("run", run_id)

        return admit

    async def looked_at(self) -> None:
        """Wait for the next poll."""
        before = self.looks
        await until(lambda: self.looks > before)

    @property
    def container(self) -> Container:
        return cast("Container", self)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_watchers, "POLL_INTERVAL", 0.005)


async def ada() -> Actor:
    return ADA


async def unauthenticated() -> Actor:
    raise NotAuthenticated


async def reported(
    watchers: RunWatchers, table: Table, reauthenticate: Callable[[], Awaitable[Actor]] = ada
) -> list[SyncRun]:
    return [run async for run in watchers.follow(table.container, RUN, reauthenticate)]


async def test_a_follower_is_told_of_each_change_and_of_the_end() -> None:
    watchers, table = RunWatchers(), Table()
    following = asyncio.create_task(reported(watchers, table))
    await table.looked_at()
    further = replace(RUN, progress={SESSION: Progress(1, 2)})
    table.run = further
    await table.looked_at()
    table.run = ENDED
    assert await following == [RUN, further, ENDED]


async def test_many_followers_are_one_look() -> None:
    watchers, table = RunWatchers(), Table()
    following = [asyncio.create_task(reported(watchers, table)) for _ in range(50)]
    for _ in range(5):
        await table.looked_at()
    table.run = ENDED
    assert await asyncio.gather(*following) == [[RUN, ENDED]] * 50
    assert table.looks < 50


async def test_nobody_looks_when_nobody_follows() -> None:
    watchers, table = RunWatchers(), Table()
    following = asyncio.create_task(reported(watchers, table))
    await table.looked_at()
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    looks = table.looks
    await asyncio.sleep(0.03)
    assert table.looks == looks


@pytest.mark.parametrize("reauthenticate", [ada, unauthenticated])
async def test_who_may_not_any_more_is_told_nothing_any_more(
    reauthenticate: Callable[[], Awaitable[Actor]],
) -> None:
    watchers, table = RunWatchers(authorize_every=0.01), Table(may_read=reauthenticate is not ada)
    assert await asyncio.wait_for(reported(watchers, table, reauthenticate), WITHIN) == [RUN]


async def test_a_run_that_was_erased_ends_the_stream() -> None:
    watchers, table = RunWatchers(), Table(run=None)
    assert await asyncio.wait_for(reported(watchers, table), WITHIN) == [RUN]
