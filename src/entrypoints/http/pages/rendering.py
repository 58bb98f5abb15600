"""From a template and what it shows to an answer: who is signed in, messages, times in the event's zone."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from core.domain.access.authorization import Actor
from core.domain.runs.health import Health, Remedy
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Organization
from core.domain.tenancy.systems import SESSIONBOARD
from core.domain.tenancy.time_zones import zone_named
from entrypoints.http.dependencies import InOrganization, container_of
from entrypoints.http.pages.forms import csrf_token
from entrypoints.text import shortened

TEMPLATES = Path(__file__).parent.parent / "templates"
FLASHES = "flashes"
MOST_FLASHES = 3
LONGEST_FLASH = 500
"""They travel in a cookie, of which browsers take 4,096 bytes."""

Crumb = Mapping[str, str]


def when(instant: datetime | None, zone: str | None = None) -> str:
    """Tell an instant in a zone, with the zone named."""
    if instant is None:
        return ""
    known = zone_named(zone)
    at, name = (instant.astimezone(known), zone) if known else (instant.astimezone(UTC), "UTC")
    return f"{at.day} {at:%b %Y, %H:%M} ({name})"


def lasted(start: datetime | None, end: datetime | None) -> str:
    """Tell how long something took."""
    if start is None or end is None:
        return ""
    seconds = (end - start).total_seconds()
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def url_of(organization: Organization) -> str:
    return f"/organizations/{organization.id}"


def way_out(organization: Organization, health: Health, mapping: EventMapping | None = None) -> Crumb | None:
    """Return the label and the address of what mends a state of health; None where there is nothing.

    Args:
        organization: whose.
        health: the state to be mended.
        mapping: whose health it is; None for the whole connection's.
    """
    at = url_of(organization)
    match health.remedy:
        case Remedy.REPLACE_TOKEN:
            place = "settings#sessionboard" if health.system == SESSIONBOARD else "integrations/connect#token"
            return crumb("Replace token", f"{at}/{place}")
        case Remedy.VIEW_RESULTS if health.run_id:
            return crumb("View Results", f"/runs/{health.run_id}")
        case Remedy.MAPPING_SETTINGS if mapping:
            return crumb("Event Settings", f"{at}/integrations/mappings/{mapping.id}/settings")
        case Remedy.SYNC if mapping:
            return crumb("Sync again", f"{at}/events/{quote(mapping.events.sessionboard_id, safe='')}/agenda")
    return None


def crumb(label: str, url: str = "") -> Crumb:
    return {"label": label, "url": url} if url else {"label": label}


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["when"] = when
    environment.globals["lasted"] = lasted
    environment.globals["way_out"] = way_out
    return environment


_templates = _environment()
_VERSION = version("gleanin-sync")


def way_in(here: InOrganization, section: Crumb, *further: Crumb) -> list[Crumb]:
    """Give the way to a page of the organization through one of its sections."""
    start = [
        crumb("Organizations", "/organizations"),
        crumb(here.organization.name, url_of(here.organization)),
    ]
    return [*start, section if further else crumb(section["label"]), *further]


def render(
    request: Request,
    template: str,
    *,
    here: InOrganization | None = None,
    actor: Actor | None = None,
    section: str = "",
    crumbs: Sequence[Crumb] = (),
    status: int = 200,
    **shown: Any,
) -> HTMLResponse:
    """Render a page.

    Args:
        request: what is answered.
        template: its file.
        here: the organization that the page is about, and who looks at it.
        actor: who is signed in, on a page that is about no organization.
        section: which part of the organization's navigation the page belongs to.
        crumbs: the way to the page, from outside inwards; the last one is the page itself.
        status: of the answer.
        shown: what else the template shows.
    """
    actor = here.actor if here else actor
    context = {
        "here": here,
        "organization": {"name": here.organization.name, "url": url_of(here.organization)} if here else None,
        "person": {"email": actor.name} if actor else None,
        "section": section,
        "crumbs": crumbs,
        "csrf_token": csrf_token(request, container_of(request).names()),
        "flashes": request.session.pop(FLASHES, []),
        "assets_version": _VERSION,
        **shown,
    }
    return HTMLResponse(_templates.get_template(template).render(context), status)


def fragment(template: str, **shown: Any) -> str:
    """Render a part of a page, for what replaces it while somebody looks."""
    return _templates.get_template(template).render({"assets_version": _VERSION, **shown})


def flash(request: Request, text: str, tone: str = "success", url: str = "", label: str = "") -> None:
    """Let the next page show a message at its bottom."""
    message = {"text": shortened(text, LONGEST_FLASH), "tone": tone} | (
        {"url": url, "label": label} if url else {}
    )
    request.session[FLASHES] = [*request.session.get(FLASHES, []), message][-MOST_FLASHES:]


def go_to(url: str) -> RedirectResponse:
    """Answer a form that was carried out: the browser asks for the next page by itself."""
    return RedirectResponse(url, 303)


def zone_of(name: str | None) -> ZoneInfo:
    return zone_named(name) or ZoneInfo("UTC")
