"""Starting a sync, following its progress, reading an event again."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from core.domain.ids import MAX_EXTERNAL_ID_LENGTH, SourceEventId
from core.domain.records.kinds import AGENDA, ALL
from core.domain.runs.messages import started
from core.domain.runs.run import RunState, SyncRun
from core.usecases.runs.queries import ListRuns
from core.usecases.runs.request_sync import SyncRequest
from entrypoints.container import Container
from entrypoints.http.dependencies import Wired, actor_of_session
from entrypoints.http.pages.dependencies import ReadOrganization, ReadRun, SyncMapping
from entrypoints.http.pages.events.event_page import PREVIEW, STARTED_RUN, TONES, event_url
from entrypoints.http.pages.events.record_page import RECORD_PAGES
from entrypoints.http.pages.forms import SentForm
from entrypoints.http.pages.rendering import flash, fragment, redirect_to
from entrypoints.http.run_watchers import RunWatchers, RunWatchersOf
from entrypoints.http.snapshots import EventViewsOf
from entrypoints.http.starting import start_sync
from entrypoints.resources.kind_names import ScopeName

routes = APIRouter()
WAITS = "Another sync of this event is running. Yours starts when it has finished."


@routes.post("/mappings/{mapping_id}/sync")
async def start(
    request: Request,
    container: Wired,
    ctx: SyncMapping,
    _: SentForm,
    scope: Annotated[ScopeName, Query()] = ALL,
) -> Response:
    mapping = ctx.mapping
    run = await start_sync(container, SyncRequest(mapping.id, scope, actor=ctx.actor))
    waits = await _waits(container, run)
    flash(request, WAITS if waits else started(mapping.systems), "info" if waits else "success")
    request.session[STARTED_RUN] = run.id
    event_id = mapping.events.source_id
    return redirect_to(f"{event_url(ctx.organization, event_id)}/{_page_of(scope)}")


@routes.post("/organizations/{organization_id}/events/{event_id}/read-again")
async def read_again(
    views: EventViewsOf,
    ctx: ReadOrganization,
    _: SentForm,
    event_id: Annotated[str, Path(max_length=MAX_EXTERNAL_ID_LENGTH)],
    to: Annotated[str, Query(max_length=100)] = AGENDA,
) -> Response:
    source_event_id = SourceEventId(event_id)
    views.forget(ctx.organization.id, source_event_id)
    return redirect_to(f"{event_url(ctx.organization, source_event_id)}/{_page_of(to)}")


def _page_of(scope: str) -> str:
    """Return the last part of the address of the page that offers the sync of a scope."""
    return scope if RECORD_PAGES.get(scope) else PREVIEW


async def _seat(ctx: ReadRun, followers: RunWatchersOf) -> AsyncIterator[RunWatchers]:
    with followers.reserve(ctx):
        yield followers


@routes.get("/runs/{run_id}/progress", response_class=EventSourceResponse)
async def follow(
    ctx: ReadRun, container: Wired, followers: Annotated[RunWatchers, Depends(_seat)], request: Request
) -> AsyncIterator[ServerSentEvent]:
    """Stream a run's progress as HTML fragments, and its closing message at the end."""
    systems = ctx.mapping.systems
    names = {"source": str(systems.source), "destination": str(systems.destination)}
    async for run in followers.follow(container, ctx.run, partial(actor_of_session, request, container)):
        if run.is_open:
            waits = run.state is RunState.QUEUED and await _waits(container, run)
            progress = fragment("parts/run_open.html", run=run, waits=waits, **names)
            yield ServerSentEvent(raw_data=progress)
        else:
            yield ServerSentEvent(raw_data=fragment("parts/run_ended.html", run=run, tone=TONES[run.state]))
            yield ServerSentEvent(event="done", raw_data=run.id)


async def _waits(container: Container, run: SyncRun) -> bool:
    """Check whether another run of the mapping goes first."""
    latest = await container.resolve(ListRuns)(run.mapping_id, 2)
    return any(other.is_open and other.id != run.id for other in latest)
