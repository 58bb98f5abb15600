"""Rendering of templates: the signed-in person, messages, times in the event's zone."""

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

from core.domain.access import api_keys
from core.domain.access.authorization import Actor
from core.domain.records.kinds import KINDS, Scope
from core.domain.runs.health import Health, Remedy
from core.domain.runs.messages import listed
from core.domain.tenancy import organizations
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Organization
from core.domain.tenancy.time_zones import zone_named
from core.domain.text import MAX_URL_LENGTH
from entrypoints.container import Container
from entrypoints.http.dependencies import OrganizationContext, container_of
from entrypoints.http.pages.forms import csrf_token
from entrypoints.names import default_destination, default_source
from entrypoints.text import shortened

TEMPLATES = Path(__file__).parent.parent / "templates"
FLASHES = "flashes"
MAX_FLASHES = 3
MAX_FLASH_LENGTH = 500
"""Characters. Messages are kept in a cookie, which browsers limit to 4,096 bytes."""

Crumb = Mapping[str, str]


def when(instant: datetime | None, zone: str | None = None) -> str:
    """Format an instant in a zone, with the zone's name; UTC if the zone is unknown."""
    if instant is None:
        return ""
    zone_info = zone_named(zone)
    local, name = (instant.astimezone(zone_info), zone) if zone_info else (instant.astimezone(UTC), "UTC")
    return f"{local.day} {local:%b %Y, %H:%M} ({name})"


def duration(start: datetime | None, end: datetime | None) -> str:
    """Format the time between two instants; empty while one of them is missing."""
    if start is None or end is None:
        return ""
    seconds = (end - start).total_seconds()
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def organization_url(organization: Organization) -> str:
    return f"/organizations/{organization.id}"


def remedy_link(
    organization: Organization, health: Health, mapping: EventMapping | None = None
) -> Crumb | None:
    """Return the label and the URL of the page that fixes a health problem; None if there is none.

    Args:
        organization: the owner of the connection.
        health: the problem to fix.
        mapping: the mapping that the health is about; None for the whole connection.
    """
    base = organization_url(organization)
    match health.remedy:
        case Remedy.REPLACE_TOKEN:
            source = organization.source
            is_source = (
                health.identifier == source.identifier
                if health.identifier
                else health.system == source.display_name
            )
            place = "settings#sessionboard" if is_source else "integrations/connect#token"
            return crumb("Replace token", f"{base}/{place}")
        case Remedy.VIEW_RESULTS if health.run_id:
            return crumb("View Results", f"/runs/{health.run_id}")
        case Remedy.MAPPING_SETTINGS if mapping:
            return crumb("Event Settings", f"{base}/integrations/mappings/{mapping.id}/settings")
        case Remedy.SYNC if mapping:
            return crumb("Sync again", f"{base}/events/{quote(mapping.events.source_id, safe='')}/agenda")
    return None


def crumb(label: str, url: str = "") -> Crumb:
    return {"label": label, "url": url} if url else {"label": label}


def kinds_in(scope: Scope) -> str:
    """Return the kinds that a run of a scope covers, in words; the scope's own name if none is installed."""
    return listed([kind.plural for kind in KINDS.in_scope(scope)]) or scope


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["when"] = when
    environment.globals["duration"] = duration
    environment.globals["remedy_link"] = remedy_link
    environment.globals["kinds_in"] = kinds_in
    environment.globals["max_lengths"] = {
        "organization_name": organizations.MAX_NAME_LENGTH,
        "api_key_name": api_keys.MAX_NAME_LENGTH,
        "address": MAX_URL_LENGTH,
    }
    return environment


_templates = _environment()
_VERSION = version("gleanin-sync")


def organization_breadcrumbs(ctx: OrganizationContext, section: Crumb, *rest: Crumb) -> list[Crumb]:
    """Return the breadcrumbs of a page in a section of an organization."""
    start = [
        crumb("Organizations", "/organizations"),
        crumb(ctx.organization.name, organization_url(ctx.organization)),
    ]
    return [*start, section if rest else crumb(section["label"]), *rest]


def destination_of(container: Container, ctx: OrganizationContext) -> str:
    return str(ctx.destination) if ctx.destination else default_destination(container)


def _names(container: Container, ctx: OrganizationContext | None) -> Mapping[str, str]:
    """Return the names of the source and the destination, as pages call them."""
    if ctx is None:
        return {"source": default_source(container), "destination": default_destination(container)}
    return {"source": str(ctx.organization.source), "destination": destination_of(container, ctx)}


def render(
    request: Request,
    template: str,
    *,
    ctx: OrganizationContext | None = None,
    actor: Actor | None = None,
    section: str = "",
    crumbs: Sequence[Crumb] = (),
    status: int = 200,
    **variables: Any,
) -> HTMLResponse:
    """Render a page.

    Args:
        request: the request to answer.
        template: the template's file name.
        ctx: the organization that the page is about, and the signed-in person.
        actor: the signed-in person, on a page that is not about an organization.
        section: the part of the organization's navigation that the page belongs to.
        crumbs: the breadcrumbs; the last one is the page itself.
        status: the HTTP status of the response.
        variables: further variables of the template.
    """
    actor = ctx.actor if ctx else actor
    context = {
        "ctx": ctx,
        "organization": {"name": ctx.organization.name, "url": organization_url(ctx.organization)}
        if ctx
        else None,
        "person": {"email": actor.name} if actor else None,
        "section": section,
        "crumbs": crumbs,
        "csrf_token": csrf_token(request, container_of(request).ids()),
        "flashes": request.session.pop(FLASHES, []),
        "assets_version": _VERSION,
        **_names(container_of(request), ctx),
        **variables,
    }
    return HTMLResponse(_templates.get_template(template).render(context), status)


def fragment(template: str, **variables: Any) -> str:
    """Render a part of a page that replaces the previous one in the open page."""
    return _templates.get_template(template).render({"assets_version": _VERSION, **variables})


def flash(request: Request, text: str, tone: str = "success", url: str = "", label: str = "") -> None:
    """Store a message for the bottom of the next page."""
    message = {"text": shortened(text, MAX_FLASH_LENGTH), "tone": tone} | (
        {"url": url, "label": label} if url else {}
    )
    request.session[FLASHES] = [*request.session.get(FLASHES, []), message][-MAX_FLASHES:]


def redirect_to(url: str) -> RedirectResponse:
    """Redirect with a GET, as after a form that succeeded."""
    return RedirectResponse(url, 303)


def zone_of(name: str | None) -> ZoneInfo:
    return zone_named(name) or ZoneInfo("UTC")
