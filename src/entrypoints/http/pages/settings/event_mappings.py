"""Map Events: the mappings of an organization, and making one."""

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
from core.domain.ids import DestinationEventId, SourceEventId
from core.domain.tenancy.systems import GLEANIN, SESSIONBOARD
from core.domain.tenancy.time_zones import known_mismatch
from core.usecases.mappings.count_lost_by_mapping import CountLostByMapping
from core.usecases.mappings.list_events import ListedEvent, ListEvents
from core.usecases.mappings.map_events import MapEvents, NewMapping
from entrypoints.container import Container
from entrypoints.http.capacity import PlacesOf, RequestCapacity
from entrypoints.http.dependencies import InOrganization, Wired
from entrypoints.http.pages.dependencies import ManageOrganization, ReadOrganization
from entrypoints.http.pages.events.event_page import LONGEST_EVENT_ID
from entrypoints.http.pages.forms import SentForm, is_on, text
from entrypoints.http.pages.rendering import crumb, flash, fragment, go_to, render
from entrypoints.http.pages.settings.integrations import integrations_url, shown, way_to
from entrypoints.http.problems import Problem, problem_of
from entrypoints.text import shortened
from ports.cipher import DecryptionFailed
from ports.destination import DestinationError, DestinationRefused, DestinationUnavailable
from ports.source import SourceError, SourceRefused, SourceUnavailable

routes = APIRouter(prefix="/organizations/{organization_id}/integrations/mappings")
LONGEST_LABEL = 120
"""Characters of an event's name in a list to choose from."""
READ_FAILED = (SourceError, DestinationError, DecryptionFailed)
Choice = Mapping[str, str]
_SIDES = {"gleanin": GLEANIN, "sessionboard": SESSIONBOARD}
"""By the name of the field in which its event is chosen."""


EventIdAsked = Annotated[str, Query(max_length=LONGEST_EVENT_ID)]


def mappings_url(here: InOrganization) -> str:
    return f"{integrations_url(here.organization)}/mappings"


@routes.get("")
async def show(
    request: Request, container: Wired, here: ReadOrganization, *, replaced: bool = False
) -> Response:
    return render(
        request,
        "integrations_mappings.html",
        crumbs=way_to(here, crumb("Map Events")),
        adding=False,
        **await _step(container, here) | {"replaced": replaced},
    )


@routes.get("/new")
async def ask_events(
    request: Request,
    container: Wired,
    here: ManageOrganization,
    places: PlacesOf,
    sessionboard: EventIdAsked = "",
) -> Response:
    return await _form(request, places, container, here, chosen={"sessionboard": sessionboard})


@routes.get("/new/pair")
async def look_at_pair(
    container: Wired,
    here: ManageOrganization,
    gleanin: EventIdAsked = "",
    sessionboard_zone: EventIdAsked = "",
    gleanin_zone: EventIdAsked = "",
) -> Response:
    """Show the warnings for two events as soon as they are chosen: their zones, and lost records (rules 7 and 10).

    The page has read both time zones already; neither system is asked again.
    """
    now = container.clock().now()
    mismatch = known_mismatch(sessionboard_zone, gleanin_zone, now)
    lost = await _lost(container, here, gleanin)
    return HTMLResponse(fragment("parts/pair.html", mismatch=mismatch, lost=lost))


async def _lost(container: Container, here: InOrganization, gleanin: str) -> str:
    if not gleanin or not gleanin.isprintable():
        return ""
    return await container.resolve(CountLostByMapping)(here.organization.id, DestinationEventId(gleanin))


@routes.post("/new")
async def add(
    request: Request, container: Wired, here: ManageOrganization, places: PlacesOf, form: SentForm
) -> Response:
    chosen = {name: text(form, name)[:LONGEST_EVENT_ID] for name in ("gleanin", "sessionboard")}
    if missing := {name: "Choose an event." for name, value in chosen.items() if not value}:
        return await _form(request, places, container, here, chosen=chosen, errors=missing)
    if (lost := await _lost(container, here, chosen["gleanin"])) and text(form, "known_lost") != lost:
        return await _form(request, places, container, here, chosen=chosen, is_told=True)
    command = NewMapping(
        here.organization.id,
        SourceEventId(chosen["sessionboard"]),
        DestinationEventId(chosen["gleanin"]),
        time_zone_confirmed=is_on(form, "time_zone_confirmed"),
        confirmed_zone=text(form, "confirmed_zone") or None,
    )
    try:
        made = await container.resolve(MapEvents)(command, actor=here.actor.name)
    except NotConnected:
        raise
    except TimeZoneUnconfirmed as refusal:
        return await _form(request, places, container, here, chosen=chosen, to_confirm=refusal)
    except (SourceUnavailable, DestinationUnavailable) as error:
        # Asked again at once, it would be waited for twice.
        return await _form(request, places, container, here, chosen=chosen, unread_for=error)
    except (DomainError, *READ_FAILED) as error:
        errors = {_field(error): str(error)}
        problem = problem_of(error)
        return await _form(request, places, container, here, chosen=chosen, errors=errors, problem=problem)
    mismatch = known_mismatch(made.time_zone, made.gleanin_time_zone, container.clock().now())
    done = f"Mapped {shortened(made.gleanin_name, 60)} to {shortened(made.sessionboard_name, 60)}."
    if mismatch:
        flash(request, f"{done} {mismatch}", "error")
    else:
        flash(request, done)
    return go_to(f"{mappings_url(here)}/{made.id}/settings")


def _field(error: Exception) -> str:
    """Tell beside which of the two events a refusal belongs."""
    match error:
        case AlreadyMapped() | BoundToAnother():
            side = error.system
        case NotFound():
            side = error.what.partition(" ")[0]
        case EventArchived() | DestinationError():
            side = GLEANIN
        case TimeZoneUnknown() | SourceError():
            side = SESSIONBOARD
        case _:
            side = ""
    return next((field for field, name in _SIDES.items() if name == side), "")


async def _step(container: Container, here: InOrganization) -> dict[str, Any]:
    return {"mappings_url": mappings_url(here), "replaced": False, **await shown(container, here)}


async def _form(
    request: Request,
    places: RequestCapacity,
    container: Container,
    here: InOrganization,
    *,
    chosen: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    to_confirm: TimeZoneUnconfirmed | None = None,
    problem: Problem | None = None,
    is_told: bool = False,
    unread_for: Exception | None = None,
) -> Response:
    chosen = chosen or {}
    sides: dict[str, Sequence[Choice]] = {}
    unread, side, is_refused, mismatch = "", "", False, ""
    try:
        if unread_for:
            raise unread_for
        async with places.of(here.organization.id):
            lists = await container.resolve(ListEvents)(here.organization.id)
        sides = {"gleanin": _choices(lists.gleanin), "sessionboard": _choices(lists.sessionboard)}
        here_is = _zone(lists.sessionboard, chosen.get("sessionboard"))
        there_is = _zone(lists.gleanin, chosen.get("gleanin"))
        mismatch = known_mismatch(here_is, there_is, container.clock().now())
    except (*READ_FAILED, Overloaded) as error:
        unread, side = str(error), _SIDES.get(_field(error), "")
        is_refused = isinstance(error, (SourceRefused, DestinationRefused))
        problem = problem_of(error)
    status = HTTPStatus.UNPROCESSABLE_ENTITY if errors or to_confirm or is_told else HTTPStatus.OK
    response = render(
        request,
        "integrations_mapping_new.html",
        status=problem.status if problem else status,
        crumbs=way_to(here, crumb("Map Events", mappings_url(here)), crumb("Add New Event Mapping")),
        adding=True,
        chosen=chosen,
        mismatch=mismatch,
        lost=await _lost(container, here, chosen.get("gleanin", "")),
        errors=errors or {},
        to_confirm=to_confirm,
        sides=sides,
        unread=unread,
        side=side,
        is_refused=is_refused,
        **await _step(container, here),
    )
    response.headers.update(problem.headers if problem else {})
    return response


def _choices(events: Sequence[ListedEvent]) -> list[Choice]:
    """Give a list to choose from, in which events of one name can be told apart."""
    names = Counter(each.name for each in events)
    return [
        {
            "value": each.id,
            "label": _label(each, tell_id=names[each.name] > 1 or not each.name.strip()),
            "reason": shortened(each.why_not, LONGEST_LABEL),
            "zone": each.time_zone or "",
        }
        for each in events
    ]


def _zone(events: Sequence[ListedEvent], chosen: str | None) -> str | None:
    return next((each.time_zone for each in events if each.id == chosen), None)


def _label(event: ListedEvent, *, tell_id: bool) -> str:
    name = shortened(event.name, LONGEST_LABEL) or "Unnamed event"
    told = f"{name} · {shortened(event.id, LONGEST_LABEL)}" if tell_id else name
    return f"{told} (was synced with {shortened(event.only_with, LONGEST_LABEL)})" if event.only_with else told
