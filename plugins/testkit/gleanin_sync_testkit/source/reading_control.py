"""Reading that is stopped, cancelled, or asked for what there is not."""

import asyncio
import contextlib

from core.domain.ids import SourceEventId
from core.domain.records.feeds import SESSIONS
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.comparing import check_same
from gleanin_sync_testkit.source.reading import SECONDS, read_records
from gleanin_sync_testkit.source.system import System
from gleanin_sync_testkit.wire import Request

_TURNS = 20
"""Of the event loop, after which nothing may be running any more."""


class ReadingControlTests(SourceTests):
    @requirement("Stops reading when its reader stops after a page")
    async def test_reader_can_stop(self, system: System) -> None:
        put = system.put_sessions(min(system.stand_in.page_size, 120) * 2 + 1)
        async with system.opened() as source:
            pages = source.records(SourceEventId(system.event.id), SESSIONS)
            first = await anext(pages)
            assert {row.id for row in first} <= {row.id for row in put}
            if isinstance(pages, contextlib.AbstractAsyncContextManager):
                await pages.aclose()  # type: ignore[attr-defined]
            elif (close := getattr(pages, "aclose", None)) is not None:
                await close()
            await _check_nothing_runs(system)
            check_same(await read_records(source, system.event.id, SESSIONS), put)

    @requirement("Leaves nothing running when a reading is cancelled", needs=("is_http",))
    async def test_cancelled_reading_ends(self, system: System) -> None:
        system.put_sessions(min(system.stand_in.page_size, 120) * 2 + 1)
        async with system.opened() as source:
            reading = asyncio.create_task(read_records(source, system.event.id, SESSIONS))

            def cancel(_: Request) -> None:
                reading.cancel()

            system.hooks = [cancel]
            async with asyncio.timeout(SECONDS):
                await asyncio.wait([reading])
            assert reading.cancelled(), (
                "The reading went on although it was cancelled. Do not catch CancelledError."
            )
            await _check_nothing_runs(system)


async def _check_nothing_runs(system: System) -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    before = len(system.wire.requests)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    assert len(system.wire.requests) == before, "Requests are still sent after the reading was stopped."
    running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert not running, (
        f"{len(running)} tasks are still running after the reading was stopped: {running[0]!r:.200}"
    )
