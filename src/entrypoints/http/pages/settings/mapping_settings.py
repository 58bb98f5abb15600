"""Event Settings: the settings of a mapping, and removing it."""

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import Response

from core.domain.access.authorization import Permission
from core.domain.errors import InvalidInput, NotConnected, NotFound, TimeZoneUnconfirmed
from core.domain.ids import MAX_ID_LENGTH, OrganizationId
from core.domain.records.kind_settings import KindSetting, SettingValue
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.tenancy.event_mappings import EventMapping, ExhibitorName, MappingSettings, TracksFrom
from core.domain.tenancy.kind_values import value_of
from core.domain.tenancy.time_zones import gmt_offsets, zone_named
from core.usecases.mappings.change_settings import ChangeSettings, SettingsChange
from core.usecases.mappings.confirm_time_zone import ConfirmZone
from core.usecases.mappings.remove_mapping import RemoveMapping
from entrypoints.container import Container
from entrypoints.http.dependencies import MappingContext, Wired
from entrypoints.http.pages.dependencies import ReadMapping
from entrypoints.http.pages.forms import SentForm, is_on, text
from entrypoints.http.pages.link_places import link_places
from entrypoints.http.pages.rendering import crumb, flash, redirect_to, render
from entrypoints.http.pages.settings.event_mappings import READ_FAILED
from entrypoints.http.pages.settings.integrations import integrations_context
from entrypoints.http.pages.settings.navigation import mappings_breadcrumbs, mappings_url
from entrypoints.http.problems import problem_of
from entrypoints.text import shortened
from ports.destination import DestinationError

routes = APIRouter(prefix="/organizations/{organization_id}/integrations/mappings/{mapping_id}")
Choice = TypeVar("Choice", TracksFrom, ExhibitorName)


async def mapping_in_organization(
    organization_id: Annotated[str, Path(max_length=MAX_ID_LENGTH)], ctx: ReadMapping
) -> MappingContext:
    """Check that the mapping belongs to the organization in the URL and is active.

    Raises:
        NotFound, NotMapped
    """
    if ctx.organization.id != organization_id:
        raise NotFound("mapping", ctx.mapping.id)
    ctx.mapping.check_active()
    return ctx


MappingInOrganization = Annotated[MappingContext, Depends(mapping_in_organization)]


async def manageable_mapping(ctx: MappingInOrganization) -> MappingContext:
    """Check the permission to change the mapping, after the permission to read it.

    Raises:
        Forbidden
    """
    ctx.actor.check(Permission.MANAGE, OrganizationId(ctx.organization.id))
    return ctx


ManagedMapping = Annotated[MappingContext, Depends(manageable_mapping)]


@routes.get("/settings")
async def show(request: Request, container: Wired, ctx: MappingInOrganization) -> Response:
    return await _settings(request, container, ctx, ctx.mapping)


@routes.post("/settings")
async def change(request: Request, container: Wired, ctx: ManagedMapping, form: SentForm) -> Response:
    mapping = ctx.mapping
    command = SettingsChange(
        mapping.id,
        tracks=_chosen(TracksFrom, text(form, "tracks")),
        chairpersons=is_on(form, "chairpersons"),
        moderators=is_on(form, "moderators"),
        exhibitor_name=_chosen(ExhibitorName, text(form, "exhibitor_name")),
        kinds=_sent_for_kinds(form),
        one_name_is_enough=is_on(form, "one_name_is_enough"),
        only_accepted_roles=is_on(form, "only_accepted_roles"),
        continuous_sync=is_on(form, "continuous_sync"),
        confirm_time_zone=is_on(form, "confirm_time_zone"),
        confirmed_zone=text(form, "confirmed_zone") or None,
    )
    try:
        changed = await container.resolve(ChangeSettings)(command, actor=ctx.actor)
    except InvalidInput as error:
        return await _settings(
            request, container, ctx, mapping, command=replace(command, kinds={}), error=error
        )
    except (TimeZoneUnconfirmed, *READ_FAILED) as error:
        return await _settings(request, container, ctx, mapping, command=command, error=error)
    done = f"The settings of {shortened(mapping.destination_event_name, 60)} were saved."
    mismatch = changed.known_mismatch(container.clock().now())
    if command.confirm_time_zone and mismatch:
        flash(request, f"{done} {mismatch}", "error")
    elif command.confirm_time_zone and zone_named(changed.destination_time_zone) is None:
        flash(request, f"{done} The time zone {changed.confirmed_time_zone} is confirmed.")
    else:
        flash(request, done)
    return redirect_to(mappings_url(ctx.organization))


def _sent_for_kinds(form: SentForm) -> dict[str, dict[str, SettingValue]]:
    """Return what the form has for the settings of further kinds; an open page may be older than a kind."""

    def value(kind: RecordKind, setting: KindSetting) -> SettingValue:
        name = field_name(kind, setting)
        return is_on(form, name) if setting.is_switch else text(form, name)

    return {
        kind.name: {setting.name: value(kind, setting) for setting in kind.settings}
        for kind in KINDS
        if kind.settings and is_on(form, f"kind.{kind.name}")
    }


def field_name(kind: RecordKind, setting: KindSetting) -> str:
    """Return the name of a setting's field in the form."""
    return f"kind.{kind.name}.{setting.name}"


def _chosen(choices: type[Choice], value: str) -> Choice:
    try:
        return choices(value)
    except ValueError:
        raise InvalidInput(f"{value!r:.40} is not one of the choices.") from None


async def _settings(
    request: Request,
    container: Container,
    ctx: MappingContext,
    mapping: EventMapping,
    *,
    command: SettingsChange | None = None,
    error: Exception | None = None,
) -> Response:
    problem = problem_of(error) if error else None
    zone_name = error.zone if isinstance(error, TimeZoneUnconfirmed) else mapping.time_zone
    zone, now = zone_named(zone_name), container.clock().now()
    is_confirmed = mapping.confirmed_time_zone is not None and mapping.confirmed_time_zone == zone_name
    unread = ""
    if ctx.may_manage and not is_confirmed:
        mapping, unread = await _with_destination_zone(container, mapping, error)
    # If the destination reports a known zone, the two are compared and no confirmation is needed (rule 7).
    asks_zone = not is_confirmed and not unread and zone_named(mapping.destination_time_zone) is None
    settings: MappingSettings = command.applied_to(mapping.settings) if command else mapping.settings
    continuous = command.continuous_sync if command else mapping.continuous_sync
    return render(
        request,
        "integrations_mapping_settings.html",
        status=problem.status if problem else HTTPStatus.OK,
        crumbs=mappings_breadcrumbs(ctx, crumb("Event Settings")),
        settings=settings,
        sections=_sections(settings),
        continuous=continuous,
        zone_name=zone_name,
        offsets=gmt_offsets(zone, now) if zone else "",
        error=str(error) if error else "",
        asks_zone=asks_zone,
        unread=unread,
        mismatch=mapping.known_mismatch(now),
        places=link_places(container, ctx.organization.source),
        **await _context(container, replace(ctx, mapping=mapping)),
    )


def _sections(settings: MappingSettings) -> list[dict[str, Any]]:
    """Return what the form shows for each further kind that has settings."""
    return [_section(kind, settings) for kind in KINDS if kind.settings]


def _section(kind: RecordKind, settings: MappingSettings) -> dict[str, Any]:
    values = {setting: value_of(settings.kinds, kind, setting) for setting in kind.settings}
    return {
        "heading": kind.plural.capitalize(),
        "name": f"kind.{kind.name}",
        "settings": [(field_name(kind, setting), setting, value) for setting, value in values.items()],
        "choices": {
            field_name(kind, setting): [{"value": value, "label": label} for value, label in setting.choices]
            for setting in values
        },
        "described": [
            (setting.label, setting.described(value) or "none") for setting, value in values.items()
        ],
    }


async def _with_destination_zone(
    container: Container, mapping: EventMapping, error: Exception | None
) -> tuple[EventMapping, str]:
    """Return the mapping with the zone that the destination reports, or why it could not be read."""
    if isinstance(error, DestinationError):  # reading it again immediately would wait for it twice
        return mapping, str(error)
    try:
        return await container.resolve(ConfirmZone)(mapping.id), ""
    except (NotConnected, *READ_FAILED) as failed:
        return mapping, str(failed)


@routes.get("/remove")
async def show_remove_form(request: Request, container: Wired, ctx: ManagedMapping) -> Response:
    context = await _context(container, ctx)
    return render(
        request,
        "integrations_mapping_remove.html",
        crumbs=mappings_breadcrumbs(ctx, crumb("Remove Mapping")),
        **context,
    )


@routes.post("/remove")
async def remove(request: Request, container: Wired, ctx: ManagedMapping, _: SentForm) -> Response:
    removed = await container.resolve(RemoveMapping)(ctx.mapping.id, actor=ctx.actor)
    flash(request, f"The mapping of {shortened(removed.destination_event_name, 60)} was removed.")
    return redirect_to(mappings_url(ctx.organization))


async def _context(container: Container, ctx: MappingContext) -> dict[str, Any]:
    context = await integrations_context(container, ctx)
    return context | {"mapping": ctx.mapping, "mappings_url": mappings_url(ctx.organization)}
