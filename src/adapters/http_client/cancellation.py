"""Work that goes on to its end although who waits for it is cancelled."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from adapters.http_client.errors import TransientError

T = TypeVar("T")


async def finish_despite_cancellation(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Begin and await work that is carried out whether or not anybody listens, such as a write that is being sent.

    The cancellation comes with the caller's next await, so that what was written can still be recorded.

    Raises:
        TransientError: the event loop ends, and waits for nothing.
    """
    caller = asyncio.current_task()
    assert caller is not None
    if caller.cancelling():  # during the work before this one; it is due now
        await asyncio.sleep(0)
    task = asyncio.create_task(work())
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if task.cancelled():
            caller.uncancel()
            caller.cancel()
            raise TransientError("was not waited for") from None
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait((task,))
    caller.uncancel()  # no further one, but one of those that were counted
    caller.cancel()
    return task.result()
