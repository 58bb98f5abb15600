"""Webhooks of Sessionboard's stand-in: each update that was executed is announced to one receiver."""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from entrypoints.sandbox.contacts import timestamp

MAX_WAITING = 10_000
"""The oldest are dropped."""
TIMEOUT = ClientTimeout(total=5)


@dataclass(frozen=True, slots=True)
class HookTarget:
    url: str
    header: str
    """The name of the header with the secret, which is all that protects a webhook."""
    secret: str


@dataclass(frozen=True, slots=True)
class HookEvent:
    """An executed update; the record is read when the webhook is sent."""

    event_id: int
    path: str
    """Of the kind, such as `contacts`."""
    feed: str
    record_id: str
    at: float

    def body(self, row: bytes) -> dict[str, Any]:
        """Return the webhook for a record as JSON."""
        return {
            "data": json.loads(row) | {"sourceOfChange": "api"},
            "metadata": {
                "action": f"{self.path.removesuffix('s')}.updated",
                "actor_id": None,
                "event_id": self.event_id,
                "org_id": 1,
                "resource_url": "https://public-api.sessionboard.com"
                f"/v1/event/{self.event_id}/{self.path}/{self.record_id}",
                "version": 1,
                "datetime": timestamp(self.at),
            },
        }


@dataclass(slots=True)
class WriteHooks:
    target: HookTarget | None = None
    waiting: deque[HookEvent] = field(default_factory=lambda: deque(maxlen=MAX_WAITING))
    delivered: int = 0
    failed: int = 0
    """Not delivered, because the receiver was away or refused; they are not sent again."""
    _arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, event: HookEvent) -> None:
        if self.target is not None:
            self.waiting.append(event)
            self._arrived.set()

    async def next(self) -> HookEvent:
        while not self.waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self.waiting.popleft()

    async def send(self, http: ClientSession, body: dict[str, Any]) -> None:
        if (target := self.target) is None:
            return
        try:
            async with http.post(target.url, json=body, headers={target.header: target.secret}) as answer:
                is_delivered = answer.ok
        except (ClientError, TimeoutError, ValueError):
            is_delivered = False
        if is_delivered:
            self.delivered += 1
        else:
            self.failed += 1


@asynccontextmanager
async def background(work: "asyncio.Task[None]") -> AsyncIterator[None]:
    """Cancel a task when the block ends."""
    try:
        yield
    finally:
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
