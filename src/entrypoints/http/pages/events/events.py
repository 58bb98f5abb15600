"""An organization's events in the source and their mappings; only the mapped events if the source cannot be read."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.errors import Overloaded
from core.domain.ids import SourceEventId
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.mappings.get_health import GetHealth
from core.usecases.mappings.list_events import ListedEvent, ListEvents
from entrypoints.http.capacity import RequestCapacityOf
from entrypoints.http.dependencies import Wired
from entrypoints.http.pages.dependencies import ReadOrganization
from entrypoints.http.pages.events.event_page import event_url
from entrypoints.http.pages.rendering import crumb, render
from entrypoints.http.problems import Problem, problem_of
from ports.cipher import DecryptionFailed
from ports.source import SourceError

routes = APIRouter(prefix="/organizations/{organization_id}/events")


@routes.get("")
async def show(
    request: Request, container: Wired, ctx: ReadOrganization, places: RequestCapacityOf
) -> Response:
    events: list[ListedEvent] = []
    problem: Problem | None = None
    try:
        async with places.slot(ctx.organization.id):
            lists = await container.resolve(ListEvents)(ctx.organization.id, source_only=True)
        events = [*lists.source]
    except (SourceError, DecryptionFailed, Overloaded) as error:
        problem = problem_of(error)
    overview = await container.resolve(GetHealth)(ctx.organization.id)
    mappings = [mapping for mapping, _ in overview.mappings]
    if problem:
        events = [_as_mapped(mapping) for mapping in mappings]
    by_event = {str(mapping.events.source_id): mapping for mapping in mappings}
    response = render(
        request,
        "events.html",
        ctx=ctx,
        section="events",
        status=problem.status if problem else HTTPStatus.OK,
        crumbs=[crumb("Events")],
        rows=[
            (event, event_url(ctx.organization, SourceEventId(event.id)), by_event.get(event.id))
            for event in events
        ],
        last_runs=overview.last_runs,
        checked_at=overview.checked_at,
        connection=overview.connection,
        health={mapping.id: health for mapping, health in overview.mappings},
        mappings=mappings,
        problem=problem,
    )
    response.headers.update(problem.headers if problem else {})
    return response


def _as_mapped(mapping: EventMapping) -> ListedEvent:
    """Return a mapped event from stored data, without reading the source."""
    event_id = mapping.events.source_id
    return ListedEvent(str(event_id), mapping.source_event_name, mapping.time_zone)
