"""Map Events: listing the mappings of an organization and adding one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from core.domain.errors import (
    AlreadyMapped,
    BoundToAnother,
    DomainError,
    EventArchived,
    NotConnected,
    NotFound,
    Overloaded,
    TimeZoneUnconfirmed,
    TimeZoneUnknown,
)
from core.domain.ids import MAX_EXTERNAL_ID_LENGTH, DestinationEventId, SourceEventId
from core.domain.systems import Systems
from core.domain.tenancy.time_zones import known_mismatch
from core.usecases.mappings.count_lost_by_mapping import CountLostByMapping
from core.usecases.mappings.list_events import ListedEvent, ListEvents
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.organizations.queries import FindConnection
from entrypoints.container import Container
from entrypoints.http.capacity import RequestCapacity, RequestCapacityOf
from entrypoints.http.dependencies import OrganizationContext, Wired
from entrypoints.http.pages.dependencies import ManageOrganization, ReadOrganization
from entrypoints.http.pages.forms import SentForm, is_on, text
from entrypoints.http.pages.rendering import crumb, flash, fragment, redirect_to, render
from entrypoints.http.pages.settings.integrations import integrations_context
from entrypoints.http.pages.settings.navigation import mappings_breadcrumbs, mappings_url
from entrypoints.http.problems import Problem, problem_of
from entrypoints.text import shortened
from ports.cipher import DecryptionFailed
from ports.destination import DestinationError, DestinationRefused, DestinationUnavailable
from ports.source import SourceError, SourceRefused, SourceUnavailable

routes = APIRouter(prefix="/organizations/{organization_id}/integrations/mappings")
MAX_LABEL_LENGTH = 120
"""Maximum characters of an event's name in a list of choices."""
READ_FAILED = (SourceError, DestinationError, DecryptionFailed)
Choice = Mapping[str, str]


EventIdQuery = Annotated[str, Query(max_length=MAX_EXTERNAL_ID_LENGTH)]


@routes.get("")
async def show(
    request: Request, container: Wired, ctx: ReadOrganization, *, replaced: bool = False
) -> Response:
    return render(
        request,
        "integrations_mappings.html",
        crumbs=mappings_breadcrumbs(ctx),
        adding=False,
        **await _context(container, ctx) | {"replaced": replaced},
    )


@routes.get("/new")
async def show_mapping_form(
    request: Request,
    container: Wired,
    ctx: ManageOrganization,
    places: RequestCapacityOf,
    sessionboard: EventIdQuery = "",
) -> Response:
    return await _form(request, places, container, ctx, chosen={"sessionboard": sessionboard})


@routes.get("/new/pair")
async def show_pair_warnings(
    container: Wired,
    ctx: ManageOrganization,
    gleanin: EventIdQuery = "",
    sessionboard_zone: EventIdQuery = "",
    gleanin_zone: EventIdQuery = "",
) -> Response:
    """Show the warnings for two events as soon as they are chosen: their zones, and lost records (rules 7 and 10).

    The page already has both time zones, so neither system is read again.
    """
    now = container.clock().now()
    mismatch = known_mismatch(sessionboard_zone, gleanin_zone, now, await _systems(container, ctx))
    lost = await _lost(container, ctx, gleanin)
    return HTMLResponse(fragment("parts/pair.html", mismatch=mismatch, lost=lost))


async def _systems(container: Container, ctx: OrganizationContext) -> Systems:
    """Return the organization's source, and the destination of its open connection.

    Raises:
        NotConnected
    """
    connection = await container.resolve(FindConnection)(ctx.organization.id)
    if connection is None:
        raise NotConnected(ctx.organization.name)
    return Systems(ctx.organization.source, connection.destination)


async def _lost(container: Container, ctx: OrganizationContext, gleanin: str) -> str:
    if not gleanin or not gleanin.isprintable():
        return ""
    return await container.resolve(CountLostByMapping)(ctx.organization.id, DestinationEventId(gleanin))


@routes.post("/new")
async def add(
    request: Request, container: Wired, ctx: ManageOrganization, places: RequestCapacityOf, form: SentForm
) -> Response:
    chosen = {name: text(form, name)[:MAX_EXTERNAL_ID_LENGTH] for name in ("gleanin", "sessionboard")}
    if missing := {name: "Choose an event." for name, value in chosen.items() if not value}:
        return await _form(request, places, container, ctx, chosen=chosen, errors=missing)
    if (lost := await _lost(container, ctx, chosen["gleanin"])) and text(form, "known_lost") != lost:
        return await _form(request, places, container, ctx, chosen=chosen, needs_warning=True)
    command = NewMapping(
        ctx.organization.id,
        SourceEventId(chosen["sessionboard"]),
        DestinationEventId(chosen["gleanin"]),
        time_zone_confirmed=is_on(form, "time_zone_confirmed"),
        confirmed_zone=text(form, "confirmed_zone") or None,
    )
    try:
        mapping = await container.resolve(MapEvents)(command, actor=ctx.actor)
    except NotConnected:
        raise
    except TimeZoneUnconfirmed as error:
        return await _form(request, places, container, ctx, chosen=chosen, to_confirm=error)
    except (SourceUnavailable, DestinationUnavailable) as error:
        # Reading it again immediately would wait for it twice.
        return await _form(request, places, container, ctx, chosen=chosen, read_error=error)
    except (DomainError, *READ_FAILED) as error:
        errors = {_field(error, await _systems(container, ctx)): str(error)}
        problem = problem_of(error)
        return await _form(request, places, container, ctx, chosen=chosen, errors=errors, problem=problem)
    mismatch = mapping.known_mismatch(container.clock().now())
    done = f"Mapped {shortened(mapping.destination_event_name, 60)} to {shortened(mapping.source_event_name, 60)}."
    if mismatch:
        flash(request, f"{done} {mismatch}", "error")
    else:
        flash(request, done)
    return redirect_to(f"{mappings_url(ctx.organization)}/{mapping.id}/settings")


def _field(error: Exception, systems: Systems) -> str:
    """Return the field whose event an error is about; empty if neither."""
    match error:
        case AlreadyMapped() | BoundToAnother():
            name = str(error.system)
        case NotFound():
            name = error.what.removesuffix(" event")
        case EventArchived() | DestinationError():
            return "gleanin"
        case TimeZoneUnknown() | SourceError():
            return "sessionboard"
        case _:
            return ""
    fields = {systems.destination.display_name: "gleanin", systems.source.display_name: "sessionboard"}
    return fields.get(name, "")


async def _context(container: Container, ctx: OrganizationContext) -> dict[str, Any]:
    return {
        "mappings_url": mappings_url(ctx.organization),
        "replaced": False,
        **await integrations_context(container, ctx),
    }


async def _form(
    request: Request,
    places: RequestCapacity,
    container: Container,
    ctx: OrganizationContext,
    *,
    chosen: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    to_confirm: TimeZoneUnconfirmed | None = None,
    problem: Problem | None = None,
    needs_warning: bool = False,
    read_error: Exception | None = None,
) -> Response:
    chosen = chosen or {}
    choices: dict[str, Sequence[Choice]] = {}
    unread, system, is_refused, mismatch = "", "", False, ""
    try:
        if read_error:
            raise read_error
        async with places.slot(ctx.organization.id):
            lists = await container.resolve(ListEvents)(ctx.organization.id)
        choices = {"gleanin": _choices(lists.destination), "sessionboard": _choices(lists.source)}
        sessionboard_zone = _zone(lists.source, chosen.get("sessionboard"))
        gleanin_zone = _zone(lists.destination, chosen.get("gleanin"))
        mismatch = known_mismatch(
            sessionboard_zone, gleanin_zone, container.clock().now(), await _systems(container, ctx)
        )
    except (*READ_FAILED, Overloaded) as error:
        systems = await _systems(container, ctx)
        names = {"gleanin": str(systems.destination), "sessionboard": str(systems.source)}
        unread, system = str(error), names.get(_field(error, systems), "")
        is_refused = isinstance(error, (SourceRefused, DestinationRefused))
        problem = problem_of(error)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors or to_confirm or needs_warning else HTTPStatus.OK
    response = render(
        request,
        "integrations_mapping_new.html",
        status=problem.status if problem else status,
        crumbs=mappings_breadcrumbs(ctx, crumb("Add New Event Mapping")),
        adding=True,
        chosen=chosen,
        mismatch=mismatch,
        lost=await _lost(container, ctx, chosen.get("gleanin", "")),
        errors=errors or {},
        to_confirm=to_confirm,
        choices=choices,
        unread=unread,
        system=system,
        is_refused=is_refused,
        **await _context(container, ctx),
    )
    response.headers.update(problem.headers if problem else {})
    return response


def _choices(events: Sequence[ListedEvent]) -> list[Choice]:
    """Return the choices of a list, with ids where events share a name."""
    names = Counter(event.name for event in events)
    return [
        {
            "value": event.id,
            "label": _label(event, with_id=names[event.name] > 1 or not event.name.strip()),
            "reason": shortened(event.why_not, MAX_LABEL_LENGTH),
            "zone": event.time_zone or "",
        }
        for event in events
    ]


def _zone(events: Sequence[ListedEvent], chosen: str | None) -> str | None:
    return next((event.time_zone for event in events if event.id == chosen), None)


def _label(event: ListedEvent, *, with_id: bool) -> str:
    name = shortened(event.name, MAX_LABEL_LENGTH) or "Unnamed event"
    label = f"{name} · {shortened(event.id, MAX_LABEL_LENGTH)}" if with_id else name
    return (
        f"{label} (was synced with {shortened(event.only_with, MAX_LABEL_LENGTH)})"
        if event.only_with
        else label
    )
