"""How far runs are, told as they go on: one look at a run for all who follow it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from core.domain.access.authorization import Actor, Permission
from core.domain.errors import DomainError, NotFound
from core.domain.ids import RunId
from core.domain.runs.run import SyncRun
from core.usecases.access.authorize import AuthorizeRun
from core.usecases.runs.queries import FindRun
from entrypoints.container import Container
from entrypoints.http.dependencies import InRun
from entrypoints.http.fair_shares import FairShares
from ports.store.errors import PersistenceError

POLL_INTERVAL = 0.3
"""Seconds."""
ADMIT_EVERY = 5.0
"""Seconds: so long a key that was revoked, or somebody who has signed out, still sees how a run goes on."""
LONGEST = 15 * 60
"""Seconds: whoever still watches then asks anew, as event streams do by themselves."""

Again = Callable[[], Awaitable[Actor]]
"""Tells once more who follows; it raises for who may not any more."""


@dataclass(slots=True)
class _WatchedRun:
    run: SyncRun
    followers: int = 0
    is_gone: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    watching: asyncio.Task[None] | None = None


@dataclass(slots=True)
class RunWatchers:
    """Who follows which run."""

    most: int = 1000
    """Of all runs; each is a connection that stays open."""
    admit_every: float = ADMIT_EVERY
    _watched: dict[RunId, _WatchedRun] = field(default_factory=dict)
    _shares: FairShares = field(init=False)

    def __post_init__(self) -> None:
        self._shares = FairShares(self.most)

    def seat(self, here: InRun) -> AbstractContextManager[None]:
        """Hold room for one more, before its answer begins.

        Raises:
            Overloaded: the share of the organization, or of the account or API key, is used up.
        """
        return self._shares.taken(here.organization.id, here.actor.id)

    async def follow(self, container: Container, run: SyncRun, again: Again) -> AsyncIterator[SyncRun]:
        """Give the run as it is now, then whenever that has changed, until it has ended or may not be seen any more."""
        yield run
        watched = self._join(container, run)
        try:
            time = asyncio.get_running_loop().time
            told, end, admitted = run, time() + LONGEST, time()
            while told.is_open and time() < end:
                if watched.run is told:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self.admit_every):
                            await watched.changed.wait()
                if time() - admitted >= self.admit_every:
                    if not await _may_still(container, watched.run, again):
                        return
                    admitted = time()
                if watched.is_gone:
                    return
                if watched.run is not told:
                    told = watched.run
                    yield told
        finally:
            self._leave(watched)

    def _join(self, container: Container, run: SyncRun) -> _WatchedRun:
        watched = self._watched.get(run.id)
        if watched is None:
            watched = self._watched[run.id] = _WatchedRun(run)
            watched.watching = asyncio.create_task(_watch(container, watched))
        watched.followers += 1
        return watched

    def _leave(self, watched: _WatchedRun) -> None:
        watched.followers -= 1
        if not watched.followers:
            self._watched.pop(watched.run.id, None)
            if watched.watching:
                watched.watching.cancel()


async def _watch(container: Container, watched: _WatchedRun) -> None:
    while watched.run.is_open and not watched.is_gone:
        await asyncio.sleep(POLL_INTERVAL)
        try:
            now = await container.resolve(FindRun)(watched.run.id)
        except NotFound:  # its organization was removed
            watched.is_gone = True
            now = watched.run
        except PersistenceError:
            continue  # the next look may be better
        if watched.is_gone or (now.state, now.progress) != (watched.run.state, watched.run.progress):
            watched.run = now
            watched.changed.set()
            watched.changed = asyncio.Event()


async def _may_still(container: Container, run: SyncRun, again: Again) -> bool:
    try:
        await container.resolve(AuthorizeRun)(await again(), Permission.READ, run.id)
    except DomainError:
        return False
    return True


def run_watchers_of(request: Request) -> RunWatchers:
    followers: RunWatchers = request.app.state.followers
    return followers


RunWatchersOf = Annotated[RunWatchers, Depends(run_watchers_of)]
