"""Work that runs to its end even if its caller is cancelled."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from adapters.http_client.errors import TransientError

T = TypeVar("T")


async def finish_despite_cancellation(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run work to its end even if the caller is cancelled, such as a write that is being sent.

    The cancellation is delivered at the caller's next await, so that the result of the write can still be recorded.

    Raises:
        TransientError: the event loop is shutting down and cancelled the work itself.
    """
    caller = asyncio.current_task()
    assert caller is not None
    if caller.cancelling():  # the caller was cancelled during earlier work: deliver that now
        await asyncio.sleep(0)
    task = asyncio.create_task(work())
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled():
            caller.uncancel()
            caller.cancel()
            raise TransientError("did not answer before the shutdown") from None
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait((task,))
    caller.uncancel()  # replaces one of the requests that were counted, and adds none
    caller.cancel()
    return task.result()
