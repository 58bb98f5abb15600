"""What was read from both sides, kept for a while: pages of one reading, and no reading for every page."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request

from core.domain.errors import NotFound
from core.domain.ids import MappingId, OrganizationId, SourceEventId
from core.domain.records.kinds import Scope
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.preview import Plan, Preview
from core.usecases.sync.show_event import EventView, ShowEvent
from entrypoints.container import Container
from entrypoints.http.single_flight import SingleFlight

FRESH_FOR = timedelta(minutes=1)
PATIENCE = 0.2
"""Seconds that whoever asks for an event waits for its first reading."""


@dataclass(frozen=True, slots=True)
class TakenPreview:
    id: str
    mapping_id: MappingId
    scope: Scope
    read_at: datetime
    plan: Plan


@dataclass(frozen=True, slots=True)
class Previews:
    _readings: SingleFlight[TakenPreview] = field(default_factory=SingleFlight)

    async def get(
        self, container: Container, mapping: EventMapping, scope: Scope, reading: str | None
    ) -> TakenPreview:
        """Preview anew, or go on with an earlier reading; who asks during a preview gets that one.

        Raises:
            NotFound: there is no such mapping, or no such reading any more.
            NotMapped, SyncStopped, Overloaded
        """
        mapping_id, owner = mapping.id, mapping.organization_id
        key = f"{mapping_id} {scope}"
        if reading is not None:
            known = self._readings.kept(reading)
            if known is None or (known.mapping_id, known.scope) != (mapping_id, scope):
                raise NotFound("reading", reading, "It is not kept any more: begin without a cursor.")
            return known

        async def read() -> TakenPreview:
            plan = await container.resolve(Preview)(mapping_id, scope)
            return TakenPreview(container.names().new(), mapping_id, scope, container.clock().now(), plan)

        # Whoever goes away takes the preview of nobody else along.
        taken = await asyncio.shield(self._readings.start(key, owner, read))
        self._readings.forget(key)
        self._readings.keep(taken.id, owner, taken)
        return taken


@dataclass(frozen=True, slots=True)
class EventViews:
    """Events as they were last read, one for each event of an organization."""

    _readings: SingleFlight[EventView] = field(default_factory=SingleFlight)

    async def get(
        self,
        container: Container,
        organization_id: OrganizationId,
        event_id: SourceEventId,
        *,
        patience: float = PATIENCE,
        is_syncing: bool = False,
    ) -> EventView | None:
        """Give the event as it was read not long ago; None while it is being read for the first time.

        While a sync of it is running, it is not read anew: what would be planned in the middle of one is soon untrue.

        Raises:
            Refusal, SourceError: as ShowEvent, once for each attempt.
            Overloaded
        """
        key = _key(organization_id, event_id)
        known = self._readings.kept(key)
        if known and (is_syncing or container.clock().now() - known.read_at <= FRESH_FOR):
            return known
        if failure := self._readings.failure(key):
            raise failure
        reading = self._readings.start(
            key, organization_id, lambda: container.resolve(ShowEvent)(organization_id, event_id)
        )
        if known is None:
            await asyncio.wait([reading], timeout=patience)
        if not reading.done():
            return known
        self._readings.failure(key)  # told here
        return reading.result()

    def forget(self, organization_id: OrganizationId, event_id: SourceEventId) -> None:
        """Let the next look read anew: something was changed, or somebody wants it as it is now."""
        self._readings.forget(_key(organization_id, event_id))


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
