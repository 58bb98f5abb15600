"""The data that all pages of an event share: its mapping, its latest runs, its last snapshot."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Path, Query, Request
from fastapi.responses import Response

from core.domain.errors import NotFound
from core.domain.ids import MAX_EXTERNAL_ID_LENGTH, SourceEventId
from core.domain.runs.health import Health
from core.domain.runs.run import LATEST_RUNS, RunState, SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Organization
from core.usecases.mappings.get_health import GetHealth
from core.usecases.runs.queries import ListRuns
from core.usecases.sync.get_event import EventView
from entrypoints.container import Container
from entrypoints.http.dependencies import OrganizationContext, Wired
from entrypoints.http.pages.dependencies import ReadOrganization
from entrypoints.http.pages.events.record_page import RECORD_PAGES
from entrypoints.http.pages.lists import Tab, with_query
from entrypoints.http.pages.problem_pages import problem_on_page
from entrypoints.http.pages.rendering import FLASHES, Crumb, crumb, flash, organization_url, render
from entrypoints.http.problems import HANDLED_ERRORS, Problem
from entrypoints.http.snapshots import FIRST_READ_TIMEOUT, EventViews, EventViewsOf

STARTED_RUN = "started_run"
"""Cookie key of the run that the browser has just started, whose end it may not have shown yet."""
PREVIEW = "preview"
"""The last part of the address of an event's preview."""
POLL_TIMEOUT = 3.0
"""Seconds that a polling request waits for the event to be read."""
TONES = {RunState.COMPLETED: "success", RunState.COMPLETED_WITH_PROBLEMS: "warn", RunState.STOPPED: "error"}
"""The tone of a closing message, by run state."""


@dataclass(frozen=True, slots=True)
class EventPage:
    ctx: OrganizationContext
    id: SourceEventId
    mapping: EventMapping | None = None
    health: Health = field(default_factory=Health)
    """The health of the mapping."""
    runs: Sequence[SyncRun] = ()
    """The latest runs of the mapping, newest first."""
    checked_at: datetime | None = None
    """When it was last checked that nothing had changed since the last ended run."""
    view: EventView | None = None
    problem: Problem | None = None
    """The reason why the event could not be read."""
    is_poll: bool = False

    @property
    def url(self) -> str:
        return event_url(self.ctx.organization, self.id)

    @property
    def name(self) -> str:
        name = self.view.event.name if self.view else self.mapping.source_event_name if self.mapping else ""
        return name or f"Event {self.id}"

    @property
    def zone(self) -> str | None:
        if self.view:
            return self.view.event.time_zone
        return self.mapping.time_zone if self.mapping else None

    @property
    def open_runs(self) -> Sequence[SyncRun]:
        """The running run and the waiting run, in this order."""
        return [run for run in reversed(self.runs) if run.is_open]

    @property
    def last_run(self) -> SyncRun | None:
        return next((run for run in self.runs if not run.is_open), None)


def event_url(organization: Organization, event_id: SourceEventId) -> str:
    return f"{organization_url(organization)}/events/{quote(event_id, safe='')}"


def closing_flash(request: Request, run: SyncRun) -> None:
    """Show a run's closing message on the next page (rule 28)."""
    flash(request, run.message, TONES[run.state], f"/runs/{run.id}", "View Results")


async def _event_page(
    request: Request,
    container: Wired,
    views: EventViewsOf,
    ctx: ReadOrganization,
    event_id: Annotated[str, Path(max_length=MAX_EXTERNAL_ID_LENGTH)],
    watched: Annotated[list[str], Query(max_length=LATEST_RUNS)] = [],  # noqa: B006 - never changed
) -> EventPage:
    if not event_id.isprintable():
        raise NotFound(f"{ctx.organization.source} event", event_id)
    source_event_id = SourceEventId(event_id)
    overview = await container.resolve(GetHealth)(ctx.organization.id)
    matching = (pair for pair in overview.mappings if pair[0].events.source_id == source_event_id)
    mapping, health = next(matching, (None, Health()))
    runs = await container.resolve(ListRuns)(mapping.id, LATEST_RUNS) if mapping else []
    is_poll = "hx-request" in request.headers
    if not is_poll:
        _flash_ended_runs(request, runs, watched)
    checked_at = overview.checked_at(mapping.id) if mapping else None
    page = EventPage(ctx, source_event_id, mapping, health, runs, checked_at, is_poll=is_poll)
    view, problem = await _read(container, views, page)
    return replace(page, view=view, problem=problem)


RequestedEventPage = Annotated[EventPage, Depends(_event_page)]


def _flash_ended_runs(request: Request, runs: Sequence[SyncRun], watched: Sequence[str]) -> None:
    """Show the closing message of runs that the browser started, or watched without JavaScript."""
    started = request.session.get(STARTED_RUN)
    for run in runs:
        if run.id == started:
            request.session.pop(STARTED_RUN)
        if not run.is_open and run.id in (*watched, started):
            closing_flash(request, run)


async def _read(
    container: Container, views: EventViews, page: EventPage
) -> tuple[EventView | None, Problem | None]:
    organization_id = page.ctx.organization.id
    timeout = POLL_TIMEOUT if page.is_poll else FIRST_READ_TIMEOUT
    syncs = bool(page.open_runs)
    try:
        view = await views.get(container, organization_id, page.id, wait_seconds=timeout, is_syncing=syncs)
        if view and _is_outdated(view, page):
            views.forget(organization_id, page.id)
            view = await views.get(container, organization_id, page.id, wait_seconds=timeout)
    except HANDLED_ERRORS as error:
        return None, problem_on_page(error, page.mapping)
    return view, None


def _is_outdated(view: EventView, page: EventPage) -> bool:
    """Check whether the event's mapping changed, or the event was synced, since it was read."""
    if view.mapping != page.mapping and _plan_inputs(view.mapping) != _plan_inputs(page.mapping):
        return True
    return any(run.finished_at and run.finished_at > view.read_at for run in page.runs)


def _plan_inputs(mapping: EventMapping | None) -> object:
    return (mapping.id, mapping.settings, mapping.confirmed_time_zone) if mapping else None


def event_breadcrumbs(page: EventPage, *rest: Crumb) -> Sequence[Crumb]:
    events = crumb("Events", f"{organization_url(page.ctx.organization)}/events")
    return [events, crumb(page.name, f"{page.url}/agenda"), *rest]


def show(request: Request, page: EventPage, template: str, part: str, **variables: Any) -> Response:
    """Show one of the event's pages, or a waiting page during the first read of the event."""
    if page.is_poll and page.view is None and page.problem is None:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    flashes = request.session.get(FLASHES) if page.is_poll else None
    response = render(
        request,
        template if page.view else "event_unread.html",
        ctx=page.ctx,
        section="events",
        status=page.problem.status if page.problem else HTTPStatus.OK,
        page=page,
        part=part,
        parts=[*_tabs(page, part)],
        own_url=(own_url := _own_url(request)),
        refresh_url=_refresh_url(own_url, page.open_runs),
        **variables,
    )
    if flashes:
        # A polling request takes only the list: keep the messages for the next full page.
        request.session[FLASHES] = flashes
    response.headers.update(page.problem.headers if page.problem else {})
    return response


def _tabs(page: EventPage, part: str) -> Iterator[Tab]:
    for records in RECORD_PAGES:
        is_current = part == records.scope
        yield {"label": records.label, "url": f"{page.url}/{records.scope}", "current": is_current}
    yield {"label": "Preview", "url": f"{page.url}/{PREVIEW}", "current": part == PREVIEW}


def _own_url(request: Request) -> str:
    query = {name: value for name, value in request.query_params.items() if name != "watched"}
    return with_query(request.url.path, query)


def _refresh_url(url: str, runs: Sequence[SyncRun]) -> str:
    """Return the URL that a browser without JavaScript reloads to see how runs ended."""
    watched = "&".join(f"watched={quote(run.id)}" for run in runs)
    return f"{url}{'&' if '?' in url else '?'}{watched}" if watched else url
