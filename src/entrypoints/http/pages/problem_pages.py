"""Error pages, with page-specific sentences and the navigation of the organization.

The errors' own sentences name things by id, which suits the command line and the API. People in the browser followed a
link or pressed a button, and know events by name.
"""

import re
from dataclasses import dataclass, replace
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import Response

from core.domain.access.authorization import Actor, Permission
from core.domain.errors import DomainError, NotFound, NotMapped
from core.domain.ids import MappingId, OrganizationId, RunId, can_be_id
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Organization
from core.usecases.access.authorize import AuthorizeMapping, AuthorizeOrganization, AuthorizeRun
from entrypoints.container import Container
from entrypoints.http.dependencies import (
    OrganizationContext,
    actor_of_session,
    container_of,
    state_on_pages,
)
from entrypoints.http.pages.rendering import Crumb, crumb, organization_breadcrumbs, organization_url, render
from entrypoints.http.problems import INTERNAL_ERROR, Problem, problem_of
from ports.store.errors import DatabaseUnavailable

SECTIONS = {
    "events": "Events",
    "integrations": "Integrations",
    "history": "History",
    "share-links": "Share links",
    "settings": "Settings",
}
TITLES = {
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.FORBIDDEN: "Not allowed",
    HTTPStatus.CONFLICT: "Not possible right now",
}
_OF_ORGANIZATION = re.compile(r"/organizations/(?P<id>[^/]+)(?:/(?P<section>[^/]+))?")
_OF_MAPPING_OR_RUN = re.compile(r"/(?P<what>mappings|runs)/(?P<id>[^/]+)")
_NOT_THERE = {
    "organization": "There is no such organization, or you have no role in it.",
    "mapping": "There is no such mapping, or you have no role in its organization.",
    "run": "There is no such sync, or you have no role in its organization.",
}


@dataclass(frozen=True, slots=True)
class PageLocation:
    """The organization, mapping and section of a URL, as far as the reader may see them."""

    actor: Actor | None = None
    ctx: OrganizationContext | None = None
    mapping: EventMapping | None = None
    section: str = ""


async def show_problem(request: Request, problem: Problem, error: Exception | None = None) -> Response:
    """Render an error page with a link to continue."""
    can_locate = problem is not INTERNAL_ERROR and not isinstance(error, DatabaseUnavailable)
    location = await _locate(request) if can_locate else PageLocation()
    problem = with_page_sentence(problem, error, location.mapping)
    title = TITLES.get(problem.status, problem.status.phrase)
    response = render(
        request,
        "problem.html",
        ctx=location.ctx,
        actor=location.actor,
        section=location.section,
        status=problem.status,
        crumbs=_crumbs(location, title),
        problem=problem,
        title=title,
        next_link=_next_link(location, error),
    )
    response.headers.update(problem.headers)
    return response


def with_page_sentence(
    problem: Problem, error: Exception | None, mapping: EventMapping | None = None
) -> Problem:
    """Return the problem with the sentence for pages, if there is one."""
    match error:
        case NotFound():
            return replace(problem, detail=_NOT_THERE.get(error.what, f"There is no such {error.what}."))
        case NotMapped():
            event = (mapping.source_event_name if mapping else "") or "This event"
            detail = f"{event} is no longer mapped. Map it again to sync it."
            return replace(problem, detail=detail)
    return problem


def problem_on_page(error: Exception, mapping: EventMapping | None = None) -> Problem | None:
    """Return the problem to show inside a page; None for an internal error."""
    problem = problem_of(error)
    return with_page_sentence(problem, error, mapping) if problem else None


async def _locate(request: Request) -> PageLocation:
    container, path = container_of(request), request.scope["path"]
    try:
        actor = await actor_of_session(request, container)
    except DomainError:
        return PageLocation()
    try:
        if match := _OF_ORGANIZATION.match(path):
            organization_id = OrganizationId(_validated_id(match["id"]))
            organization = await container.resolve(AuthorizeOrganization)(
                actor, Permission.READ, organization_id
            )
            section = match["section"] if match["section"] in SECTIONS else ""
            return PageLocation(actor, await _in_organization(container, actor, organization), None, section)
        if match := _OF_MAPPING_OR_RUN.match(path):
            given_id, authorize = _validated_id(match["id"]), container.resolve(AuthorizeMapping)
            if match["what"] == "mappings":
                organization, mapping = await authorize(actor, Permission.READ, MappingId(given_id))
            else:
                organization, mapping, _ = await container.resolve(AuthorizeRun)(
                    actor, Permission.READ, RunId(given_id)
                )
            ctx = await _in_organization(container, actor, organization, mapping)
            return PageLocation(actor, ctx, mapping, "history")
    except DomainError:
        pass  # no navigation without permission to read
    return PageLocation(actor)


async def _in_organization(
    container: Container, actor: Actor, organization: Organization, mapping: EventMapping | None = None
) -> OrganizationContext:
    state = await state_on_pages(container, organization, mapping)
    return OrganizationContext(actor, organization, halt=state.halt, destination=state.destination)


def _validated_id(value: str) -> str:
    if not can_be_id(value):
        raise NotFound("page", value)
    return value


def _crumbs(location: PageLocation, title: str) -> list[Crumb]:
    if location.ctx is None:
        return [crumb("Organizations", "/organizations"), crumb(title)] if location.actor else []
    if not location.section:
        return organization_breadcrumbs(location.ctx, crumb(title))
    url = f"{organization_url(location.ctx.organization)}/{location.section}"
    return organization_breadcrumbs(location.ctx, crumb(SECTIONS[location.section], url), crumb(title))


def _next_link(location: PageLocation, error: Exception | None) -> Crumb:
    if location.ctx is None:
        return crumb("View organizations", "/organizations") if location.actor else crumb("Home", "/")
    url = organization_url(location.ctx.organization)
    if isinstance(error, NotMapped):
        return crumb("Map events", f"{url}/integrations/mappings")
    return crumb("View events", f"{url}/events")
