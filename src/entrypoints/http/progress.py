"""How far a run is, told as it goes on."""

import asyncio
from collections.abc import AsyncIterator

from core.domain.identifiers import RunId
from core.domain.runs import SyncRun
from entrypoints.container import Container

LOOK_EVERY = 0.3
"""Seconds."""
LONGEST = 15 * 60
"""Seconds: whoever still watches then asks anew, as event streams do by themselves."""


async def followed(container: Container, run: SyncRun) -> AsyncIterator[SyncRun]:
    """Give the run as it is now, then whenever that has changed, until it has ended."""
    yield run
    told = run
    for _ in range(round(LONGEST / LOOK_EVERY)):
        if not told.is_open:
            return
        await asyncio.sleep(LOOK_EVERY)
        now = await container.find_run()(RunId(run.id))
        if (now.state, now.progress) != (told.state, told.progress):
            told = now
            yield now
