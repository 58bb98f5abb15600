"""Data read from the source and the destination, cached for a while, so that not every page of a list reads it again."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request

from core.domain.errors import NotFound
from core.domain.ids import MappingId, OrganizationId, SourceEventId
from core.domain.records.kinds import Scope
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.get_event import EventView, GetEvent
from core.usecases.sync.preview import Plan, Preview
from entrypoints.container import Container
from entrypoints.http.single_flight import SingleFlight

MAX_AGE = timedelta(minutes=1)
FIRST_READ_TIMEOUT = 0.2
"""Seconds a request waits for an event that is read for the first time."""


@dataclass(frozen=True, slots=True)
class StoredPreview:
    id: str
    mapping_id: MappingId
    scope: Scope
    read_at: datetime
    plan: Plan


@dataclass(frozen=True, slots=True)
class Previews:
    _reads: SingleFlight[StoredPreview] = field(default_factory=SingleFlight)

    async def get(
        self, container: Container, mapping: EventMapping, scope: Scope, preview_id: str | None
    ) -> StoredPreview:
        """Return a new preview, or the stored one with the id; concurrent requests share a preview.

        Raises:
            NotFound: there is no such mapping, or the preview is no longer stored.
            NotMapped, SyncStopped, Overloaded
        """
        mapping_id, owner = mapping.id, mapping.organization_id
        key = f"{mapping_id} {scope}"
        if preview_id is not None:
            stored = self._reads.cached(preview_id)
            if stored is None or (stored.mapping_id, stored.scope) != (mapping_id, scope):
                raise NotFound("reading", preview_id, "It has expired: start again without a cursor.")
            return stored

        async def read() -> StoredPreview:
            plan = await container.resolve(Preview)(mapping_id, scope)
            return StoredPreview(container.ids().new(), mapping_id, scope, container.clock().now(), plan)

        # Shield the shared preview: other requests await it.
        preview = await asyncio.shield(self._reads.start(key, owner, read))
        self._reads.forget(key)
        self._reads.store(preview.id, owner, preview)
        return preview


@dataclass(frozen=True, slots=True)
class EventViews:
    """The last read of each event of an organization."""

    _reads: SingleFlight[EventView] = field(default_factory=SingleFlight)

    async def get(
        self,
        container: Container,
        organization_id: OrganizationId,
        event_id: SourceEventId,
        *,
        wait_seconds: float = FIRST_READ_TIMEOUT,
        is_syncing: bool = False,
    ) -> EventView | None:
        """Return the event as it was read recently, or None while it is being read for the first time.

        While a sync of the event is running, it is not read again: a plan made during a sync is soon outdated.

        Raises:
            DomainError, SourceError: as `GetEvent`, once for each attempt.
            Overloaded
        """
        key = _key(organization_id, event_id)
        cached = self._reads.cached(key)
        if cached and (is_syncing or container.clock().now() - cached.read_at <= MAX_AGE):
            return cached
        if failure := self._reads.pop_failure(key):
            raise failure
        task = self._reads.start(
            key, organization_id, lambda: container.resolve(GetEvent)(organization_id, event_id)
        )
        if cached is None:
            await asyncio.wait([task], timeout=wait_seconds)
        if not task.done():
            return cached
        self._reads.pop_failure(key)  # raised here
        return task.result()

    def forget(self, organization_id: OrganizationId, event_id: SourceEventId) -> None:
        """Drop the cached event, so that the next request reads it again."""
        self._reads.forget(_key(organization_id, event_id))


def _key(organization_id: OrganizationId, event_id: SourceEventId) -> str:
    return f"{organization_id} {event_id}"


def previews_of(request: Request) -> Previews:
    previews: Previews = request.app.state.previews
    return previews


def event_views_of(request: Request) -> EventViews:
    views: EventViews = request.app.state.event_views
    return views


PreviewsOf = Annotated[Previews, Depends(previews_of)]
EventViewsOf = Annotated[EventViews, Depends(event_views_of)]
