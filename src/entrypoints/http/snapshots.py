"""What was read from both sides, kept for a while: pages of one reading, and no reading for every page."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Generic, TypeVar

from fastapi import Depends, Request

from core.domain.identifiers import MappingId, OrganizationId, SessionboardEventId
from core.domain.kinds import Scope
from core.domain.refusals import NotFound
from core.usecases.sync.preview import Plan
from core.usecases.sync.show_event import EventView
from entrypoints.container import Container

MOST_KEPT = 16
"""Readings: one of 5,000 sessions takes some 20 MB."""
FRESH_FOR = timedelta(minutes=1)

T = TypeVar("T")


class Kept(Generic[T]):
    """The latest so many things."""

    def __init__(self) -> None:
        self._things: OrderedDict[str, T] = OrderedDict()

    def get(self, key: str) -> T | None:
        return self._things.get(key)

    def put(self, key: str, thing: T) -> None:
        self._things[key] = thing
        self._things.move_to_end(key)
        while len(self._things) > MOST_KEPT:
            self._things.popitem(last=False)

    def drop(self, key: str) -> None:
        self._things.pop(key, None)


@dataclass(frozen=True, slots=True)
class TakenPreview:
    id: str
    mapping_id: MappingId
    scope: Scope
    read_at: datetime
    plan: Plan


@dataclass(frozen=True, slots=True)
class Previews:
    _kept: Kept[TakenPreview] = field(default_factory=Kept)

    async def get(
        self, container: Container, mapping_id: MappingId, scope: Scope, reading: str | None
    ) -> TakenPreview:
        """Preview anew, or go on with an earlier reading.

        Raises:
            NotFound: there is no such mapping, or no such reading any more.
            NotMapped, SyncStopped
        """
        if reading is not None:
            known = self._kept.get(reading)
            if known is None or (known.mapping_id, known.scope) != (mapping_id, scope):
                raise NotFound("reading", reading, "It is not kept any more: begin without a cursor.")
            return known
        plan = await container.preview()(mapping_id, scope)
        taken = TakenPreview(container.names().new(), mapping_id, scope, container.clock().now(), plan)
        self._kept.put(taken.id, taken)
        return taken


@dataclass(slots=True)
class _Reading:
    task: asyncio.Task[EventView]
    former: EventView | None = None
    """What the reading before this one gave; shown while this one is under way."""


@dataclass(frozen=True, slots=True)
class EventViews:
    """Events as they were last read, one for each event of an organization."""

    _kept: Kept[_Reading] = field(default_factory=Kept)

    async def get(
        self,
        container: Container,
        organization_id: OrganizationId,
        event_id: SessionboardEventId,
        *,
        patience: float = 0.2,
        is_syncing: bool = False,
    ) -> EventView | None:
        """Give the event as it was read not long ago; None while it is being read for the first time.

        While a sync of it is running, it is not read anew: what would be planned in the middle of one is soon untrue.

        Raises:
            Refusal, SourceError: as ShowEvent, once for each attempt.
        """
        key = f"{organization_id} {event_id}"
        reading = self._kept.get(key)
        if reading is None or (not is_syncing and _is_stale(reading, container.clock().now())):
            former = _result(reading.task) if reading else None
            read: Callable[..., Awaitable[EventView]] = container.show_event()
            task = asyncio.ensure_future(_awaited(read(organization_id, event_id)))
            task.add_done_callback(_failure)
            reading = _Reading(task, former)
            self._kept.put(key, reading)
        if not reading.task.done() and reading.former is None:
            await asyncio.wait([reading.task], timeout=patience)
        if not reading.task.done():
            return reading.former
        if reading.task.exception() is not None:
            self._kept.drop(key)  # the next look tries again
        return reading.task.result()

    def forget(self, organization_id: OrganizationId, event_id: SessionboardEventId) -> None:
        """Let the next look read anew: something was changed, or somebody wants it as it is now."""
        self._kept.drop(f"{organization_id} {event_id}")


async def _awaited(reading: Awaitable[EventView]) -> EventView:
    return await reading


def _failure(task: asyncio.Task[EventView]) -> BaseException | None:
    # Asked for even if nobody looks again, or it would be printed, and an error can name a person.
    return None if task.cancelled() else task.exception()


def _result(task: asyncio.Task[EventView]) -> EventView | None:
    return task.result() if task.done() and not task.cancelled() and task.exception() is None else None


def _is_stale(reading: _Reading, now: datetime) -> bool:
    view = _result(reading.task)
    return view is not None and now - view.read_at > FRESH_FOR


def previews_of(request: Request) -> Previews:
    previews: Previews = request.app.state.previews
    return previews


def event_views_of(request: Request) -> EventViews:
    views: EventViews = request.app.state.event_views
    return views


PreviewsOf = Annotated[Previews, Depends(previews_of)]
EventViewsOf = Annotated[EventViews, Depends(event_views_of)]
