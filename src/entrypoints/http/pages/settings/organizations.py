"""The organizations that a person may see, and adding one."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from core.domain.access.authorization import Actor, Permission
from core.domain.errors import DomainError, InvalidInput, NotFound
from core.domain.ids import MAX_ID_LENGTH
from core.domain.runs.organization_health import OrganizationHealth
from core.domain.tenancy.access_fields import about
from core.usecases.organizations.add_organization import DEFAULT_SOURCE, AddOrganization, NewOrganization
from core.usecases.organizations.list_health import ListOrganizationHealth
from entrypoints.container import Container
from entrypoints.http.dependencies import Wired
from entrypoints.http.pages.dependencies import ReadOrganization, SignedIn
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.rendering import (
    crumb,
    flash,
    organization_url,
    redirect_to,
    render,
)
from entrypoints.http.pages.settings.access_forms import (
    access_inputs,
    entered_token,
    entered_values,
    field_of,
    find_source,
)
from entrypoints.http.pages.settings.navigation import integrations_url
from entrypoints.http.problems import STATUS_BY_CODE
from entrypoints.names import default_destination
from entrypoints.plugins import PluginGroup, PluginMissing, url_of_region
from ports.plugins import SourcePlugin
from ports.source import SourceError, SourceRefused

REGION_NAMES = {"us": "United States", "eu": "Europe"}
SourceQuery = Annotated[str, Query(max_length=MAX_ID_LENGTH)]
routes = APIRouter(prefix="/organizations")


@routes.get("")
async def show_all(request: Request, container: Wired, actor: SignedIn) -> Response:
    visible = await container.resolve(ListOrganizationHealth)(actor)
    may_add = actor.may(Permission.MANAGE, None)
    if len(visible) == 1 and not may_add:
        return redirect_to(organization_url(visible[0][0]))
    return render(
        request,
        "organizations.html",
        actor=actor,
        crumbs=[crumb("Organizations")],
        rows=[
            (
                organization,
                overview,
                organization_url(organization),
                actor.may(Permission.MANAGE, organization.id),
            )
            for organization, overview in visible
        ],
        column=_column(container, [overview for _, overview in visible]),
        may_add=may_add,
    )


def _column(container: Container, overviews: Iterable[OrganizationHealth]) -> str:
    """Return the heading of the connections: the destination's name if all have the same."""
    names = {str(overview.connection.destination) for overview in overviews if overview.connection}
    if len(names) > 1:
        return "Destination"
    return names.pop() if names else default_destination(container)


@routes.get("/new")
async def show_new_form(
    request: Request, container: Wired, actor: SignedIn, source: SourceQuery = DEFAULT_SOURCE
) -> Response:
    actor.check(Permission.MANAGE, None)
    return _form(request, container, actor, {"source": source})


@routes.post("/new")
async def add(request: Request, container: Wired, actor: SignedIn, form: SentForm) -> Response:
    actor.check(Permission.MANAGE, None)
    values = {name: text(form, name) for name in ("name", "source", "region", "sessionboard_url")}
    source = values["source"] or DEFAULT_SOURCE
    plugin = find_source(container, source)
    fields = entered_values(form, plugin)
    try:
        url = values["sessionboard_url"].strip()
        if values["region"]:
            url = url_of_region(container.plugins(), source, values["region"])
        if not url:
            message = "Choose a region, or enter the API address."
            raise InvalidInput(message, about="region")
        command = NewOrganization(values["name"], url, entered_token(form), source, fields)
        added = await container.resolve(AddOrganization)(command, actor=actor)
    except (DomainError, SourceError) as error:
        status = STATUS_BY_CODE.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)
        errors = {_field(error, plugin, is_custom_url=not values["region"]): str(error)}
        return _form(request, container, actor, values | _entered(fields), errors, status)
    flash(request, f"{added.name} was added. Connect it next.")
    return redirect_to(integrations_url(added))


def _form(
    request: Request,
    container: Container,
    actor: Actor,
    values: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """Show the form for one source, with links to those for the others."""
    catalog = container.plugins()
    names = catalog.installed[PluginGroup.SOURCES]
    identifier = values.get("source") or DEFAULT_SOURCE
    try:
        source = catalog.source(identifier)
    except PluginMissing as error:
        raise NotFound("source", identifier, str(error)) from error
    loaded = [catalog.load(PluginGroup.SOURCES, name).plugin for name in names]
    return render(
        request,
        "organization_new.html",
        actor=actor,
        status=status,
        values=values,
        errors=errors or {},
        plugin=source,
        inputs=access_inputs(
            source,
            {field.name: values.get(about(field.name), "") for field in source.access_fields},
            errors or {},
            failed=bool(errors),
        ),
        regions=[{"value": name, "label": REGION_NAMES.get(name, name)} for name in source.regions],
        sources=[
            {
                "label": plugin.display_name,
                "url": f"/organizations/new?source={plugin.identifier}",
                "current": plugin.identifier == identifier,
            }
            for plugin in loaded
            if plugin is not None
        ],
    )


def _entered(fields: Mapping[str, str]) -> dict[str, str]:
    """Return the values of access fields under names that no other input has."""
    return {about(name): value for name, value in fields.items()}


def _field(error: Exception, plugin: SourcePlugin | None, *, is_custom_url: bool) -> str:
    """Return the input that an error is about; empty if none."""
    if named := field_of(error, plugin):
        return named
    if isinstance(error, SourceRefused):
        return "token" if plugin is None or plugin.needs_token else ""
    return "sessionboard_url" if is_custom_url else ""


@routes.get("/{organization_id}")
async def show(ctx: ReadOrganization) -> Response:
    return redirect_to(f"{organization_url(ctx.organization)}/events")
