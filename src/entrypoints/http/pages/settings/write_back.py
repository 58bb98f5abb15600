"""Share links written into the source: choosing the fields, and switching it on and off (rule 38).

A choice is previewed before it is saved; switching off needs no preview and works while the source cannot be read.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from core.domain.errors import InvalidInput, Overloaded
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.links.queries import ListLinkCampaigns, ListLinkChoices
from core.usecases.mappings.change_settings import ChangeSettings, SettingsChange
from entrypoints.container import Container
from entrypoints.http.capacity import RequestCapacity, RequestCapacityOf
from entrypoints.http.dependencies import MappingContext, OrganizationContext, Wired
from entrypoints.http.pages.forms import SentForm
from entrypoints.http.pages.link_places import link_places
from entrypoints.http.pages.lists import with_query
from entrypoints.http.pages.rendering import Crumb, crumb, flash, redirect_to, render
from entrypoints.http.pages.settings.event_mappings import READ_FAILED
from entrypoints.http.pages.settings.integrations import SECTION
from entrypoints.http.pages.settings.link_choices import (
    EnteredInQuery,
    EnteredLinks,
    OfferedLinks,
    offered,
    sent_links,
    stored_links,
)
from entrypoints.http.pages.settings.mapping_settings import ManagedMapping, MappingInOrganization
from entrypoints.http.pages.settings.navigation import mappings_breadcrumbs, mappings_url
from entrypoints.http.problems import problem_of
from ports.source import SourceRefused

routes = APIRouter(prefix="/organizations/{organization_id}/integrations/mappings/{mapping_id}/write-back")
Changing = Annotated[bool, Query(alias="change")]
READ_PROBLEMS = (*READ_FAILED, Overloaded)


def write_back_url(ctx: OrganizationContext, mapping: EventMapping) -> str:
    return f"{mappings_url(ctx.organization)}/{mapping.id}/write-back"


def write_back_crumbs(ctx: MappingContext, *further: Crumb) -> list[Crumb]:
    settings = crumb("Event Settings", f"{mappings_url(ctx.organization)}/{ctx.mapping.id}/settings")
    here = crumb(
        f"Share links in {ctx.organization.source}", write_back_url(ctx, ctx.mapping) if further else ""
    )
    return mappings_breadcrumbs(ctx, settings, here, *further)


def write_back_context(container: Container, ctx: MappingContext) -> dict[str, Any]:
    """Return what the pages about share links in the source have in common."""
    mapping = ctx.mapping
    return {
        "ctx": ctx,
        "section": SECTION,
        "mapping": mapping,
        "url": write_back_url(ctx, mapping),
        "settings_url": f"{mappings_url(ctx.organization)}/{mapping.id}/settings",
        "event_name": mapping.source_event_name or mapping.events.source_id,
        "places": link_places(container, ctx.organization.source),
    }


@routes.get("")
async def show(
    request: Request,
    container: Wired,
    ctx: MappingInOrganization,
    places: RequestCapacityOf,
    entered: EnteredInQuery,
    *,
    change: Changing = False,
) -> Response:
    chosen = ctx.mapping.settings.links
    context = write_back_context(container, ctx)
    is_entered = entered != EnteredLinks()
    if context["places"] and ctx.may_manage and (change or is_entered or not chosen.is_on):
        return await show_choice(
            request, container, ctx, places, entered if is_entered else stored_links(chosen)
        )
    return render(
        request,
        "integrations_mapping_links.html",
        crumbs=write_back_crumbs(ctx),
        chosen=chosen,
        campaign=await _campaign_title(container, ctx),
        preview_url=with_query(f"{context['url']}/preview", stored_links(chosen).query),
        **context,
    )


async def _campaign_title(container: Container, ctx: MappingContext) -> str:
    chosen = ctx.mapping.settings.links.campaign
    if not chosen:
        return ""
    return (await container.resolve(ListLinkCampaigns)(ctx.mapping.id)).get(chosen) or chosen


@routes.post("")
async def change(
    request: Request, container: Wired, ctx: ManagedMapping, places: RequestCapacityOf, form: SentForm
) -> Response:
    entered, source = sent_links(form), ctx.organization.source
    command = SettingsChange(ctx.mapping.id, links=entered.change)
    try:
        changed = await container.resolve(ChangeSettings)(command, actor=ctx.actor)
    except InvalidInput as error:
        return await show_choice(request, container, ctx, places, entered, error=error)
    except READ_FAILED as error:
        return await show_choice(request, container, ctx, places, entered, read_error=error)
    if changed.settings.links.is_on:
        flash(request, f"Share links are written to {source} from the next sync on.")
    else:
        flash(request, f"Share links are no longer written to {source}. Those that were written stay there.")
    return redirect_to(write_back_url(ctx, ctx.mapping))


async def show_choice(
    request: Request,
    container: Container,
    ctx: MappingContext,
    places: RequestCapacity,
    entered: EnteredLinks,
    *,
    error: InvalidInput | None = None,
    read_error: Exception | None = None,
) -> Response:
    """Show the form with what was entered, or why the fields cannot be listed.

    Args:
        request: the request to answer.
        container: of the application.
        ctx: the mapping.
        places: for the reading.
        entered: what to fill in.
        error: why what was entered was not accepted.
        read_error: why the source could not be read just now; it is not read again at once.
    """
    options, unread = OfferedLinks((), (), ()), read_error
    if unread is None:
        try:
            async with places.slot(ctx.organization.id):
                options = offered(await container.resolve(ListLinkChoices)(ctx.mapping.id), entered)
        except InvalidInput as wrong:  # a source that takes no links
            error = error or wrong
        except READ_PROBLEMS as failed:
            unread = failed
    failure = unread or error
    problem = problem_of(failure) if failure else None
    context = write_back_context(container, ctx)
    response = render(
        request,
        "integrations_mapping_links_choice.html",
        status=problem.status if problem else HTTPStatus.OK,
        crumbs=write_back_crumbs(ctx),
        chosen=ctx.mapping.settings.links,
        entered=entered,
        options=options,
        errors=_errors(error),
        unread=str(unread) if unread else "",
        is_refused=isinstance(unread, SourceRefused),
        again_url=with_query(context["url"], {**entered.query, "change": "true"}),
        order_url=lambda target: with_query(f"{context['url']}/field", {**entered.query, "target": target}),
        **context,
    )
    response.headers.update(problem.headers if problem else {})
    return response


def _errors(error: InvalidInput | None) -> Mapping[str, str]:
    """Return the error by the name of its field; empty for the whole form."""
    fields = {"link_field": "field", "company_link_field": "company_field", "link_campaign": "campaign"}
    return {fields.get(error.about, ""): str(error)} if error else {}
