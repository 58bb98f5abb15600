"""What runs beside the requests: runs that wait for somebody, and continuous sync (rules 23 and 24)."""

import asyncio
from contextlib import suppress

from core.domain.access import CONTINUOUS_SYNC
from core.domain.refusals import Refusal
from core.domain.runs import Trigger
from core.usecases.request_sync import SyncRequest
from entrypoints.container import Container
from ports.persistence import PersistenceError

LOOK_EVERY = 5.0
"""Seconds: a run that another process left behind waits no longer than this and its lease."""


async def keep_going(container: Container, every: float = LOOK_EVERY) -> None:
    """Start what is due, again and again, until cancelled."""
    log = container.log()
    while True:
        try:
            await look_once(container)
        except PersistenceError as error:
            log.warning("background.store_unusable", problem=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - one bad look must not be the last
            log.fault("background.look_failed", error)
        await asyncio.sleep(every)


async def look_once(container: Container) -> None:
    for mapping_id in await container.find_due_mappings()():
        with suppress(Refusal):  # it was removed in this moment
            request = SyncRequest(mapping_id, trigger=Trigger.CONTINUOUS, by=CONTINUOUS_SYNC)
            await container.request_sync()(request)
    for run_id in await container.find_waiting_runs()():
        container.jobs().start(run_id)
