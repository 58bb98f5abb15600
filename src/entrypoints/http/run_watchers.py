"""Progress of runs for the clients that follow them; a run is polled once for all its clients."""

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
from entrypoints.http.dependencies import RunContext
from entrypoints.http.fair_shares import FairShares
from ports.store.errors import PersistenceError

POLL_INTERVAL = 0.3
"""Seconds."""
AUTHORIZE_INTERVAL = 5.0
"""Seconds. For this long a revoked key or a signed-out person can still follow a run."""
MAX_STREAM_SECONDS = 15 * 60
"""After this the stream ends; browsers reconnect event streams automatically."""

Reauthenticate = Callable[[], Awaitable[Actor]]
"""Authenticates the client again; raises if it may no longer follow the run."""


@dataclass(slots=True)
class _WatchedRun:
    run: SyncRun
    watchers: int = 0
    is_gone: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None


@dataclass(slots=True)
class RunWatchers:
    """The clients that follow runs."""

    max_watchers: int = 1000
    """For all runs together; each is an open connection."""
    authorize_every: float = AUTHORIZE_INTERVAL
    _watched: dict[RunId, _WatchedRun] = field(default_factory=dict)
    _shares: FairShares = field(init=False)

    def __post_init__(self) -> None:
        self._shares = FairShares(self.max_watchers)

    def reserve(self, ctx: RunContext) -> AbstractContextManager[None]:
        """Reserve a place for a client before its response begins.

        Raises:
            Overloaded: the share of the organization, or of the account or API key, is used up.
        """
        return self._shares.hold(ctx.organization.id, ctx.actor.id)

    async def follow(
        self, container: Container, run: SyncRun, reauthenticate: Reauthenticate
    ) -> AsyncIterator[SyncRun]:
        """Yield the run now and after each change, until it has ended or the client may no longer see it."""
        yield run
        watched = self._join(container, run)
        try:
            time = asyncio.get_running_loop().time
            reported, end, authorized_at = run, time() + MAX_STREAM_SECONDS, time()
            while reported.is_open and time() < end:
                if watched.run is reported:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self.authorize_every):
                            await watched.changed.wait()
                if time() - authorized_at >= self.authorize_every:
                    if not await _is_still_authorized(container, watched.run, reauthenticate):
                        return
                    authorized_at = time()
                if watched.is_gone:
                    return
                if watched.run is not reported:
                    reported = watched.run
                    yield reported
        finally:
            self._leave(watched)

    def _join(self, container: Container, run: SyncRun) -> _WatchedRun:
        watched = self._watched.get(run.id)
        if watched is None:
            watched = self._watched[run.id] = _WatchedRun(run)
            watched.task = asyncio.create_task(_poll(container, watched))
        watched.watchers += 1
        return watched

    def _leave(self, watched: _WatchedRun) -> None:
        watched.watchers -= 1
        if not watched.watchers:
            self._watched.pop(watched.run.id, None)
            if watched.task:
                watched.task.cancel()


async def _poll(container: Container, watched: _WatchedRun) -> None:
    while watched.run.is_open and not watched.is_gone:
        await asyncio.sleep(POLL_INTERVAL)
        try:
            current = await container.resolve(FindRun)(watched.run.id)
        except NotFound:  # its organization was removed
            watched.is_gone = True
            current = watched.run
        except PersistenceError:
            continue  # the next poll may succeed
        if watched.is_gone or (current.state, current.progress) != (watched.run.state, watched.run.progress):
            watched.run = current
            watched.changed.set()
            watched.changed = asyncio.Event()


async def _is_still_authorized(container: Container, run: SyncRun, reauthenticate: Reauthenticate) -> bool:
    try:
        await container.resolve(AuthorizeRun)(await reauthenticate(), Permission.READ, run.id)
    except DomainError:
        return False
    return True


def run_watchers_of(request: Request) -> RunWatchers:
    watchers: RunWatchers = request.app.state.run_watchers
    return watchers


RunWatchersOf = Annotated[RunWatchers, Depends(run_watchers_of)]
