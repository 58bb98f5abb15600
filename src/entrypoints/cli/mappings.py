"""Events and their mappings: `events`, `map`, `unmap`, `mappings`, `settings`."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import DestinationEventId, MappingId, SourceEventId
from core.domain.records.kinds import KINDS
from core.domain.tenancy.event_mappings import EventMapping, ExhibitorName, TracksFrom
from core.domain.tenancy.kind_values import value_of
from core.domain.tenancy.time_zones import zone_named
from core.usecases.links.queries import TakesLinks
from core.usecases.mappings.change_settings import ChangeSettings, SettingsChange
from core.usecases.mappings.count_lost_by_mapping import CountLostByMapping
from core.usecases.mappings.get_health import GetHealth
from core.usecases.mappings.list_events import ListedEvent, ListEvents
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.mappings.remove_mapping import RemoveMapping
from core.usecases.organizations.queries import FindConnection, FindOrganization
from core.usecases.shared.link_fields import LinkChange
from entrypoints.cli.link_settings import changed_link, next_write_back, settings_of_links
from entrypoints.cli.options import AsJson, ConfirmTimeZone, Mapping, Org, Switch, examples
from entrypoints.cli.output import Answer, safe_text, table
from entrypoints.cli.reports import unchanged
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.names import default_destination
from entrypoints.resources.mappings import EventResponse, MappingOnly, MappingResponse, SettingsResponse

commands = typer.Typer()


async def list_events(container: Container, org: str) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    lists = await container.resolve(ListEvents)(found.id)
    connection = await container.resolve(FindConnection)(found.id)
    destination = str(connection.destination) if connection else default_destination(container)
    events_by_system = {str(found.source): lists.source, destination: lists.destination}

    def show(console: Console) -> None:
        for system, events in events_by_system.items():
            rows = (
                (event.id, event.name, event.time_zone or "not reported", _mappable(event))
                for event in events
            )
            console.print(table(f"Events in {system}", ("ID", "Name", "Time zone", "Can be mapped"), rows))
        hint = f"To map two events: gleanin-sync map {found.id} SOURCE_EVENT DESTINATION_EVENT"
        console.print(safe_text(hint), style="dim")

    def document() -> dict[str, Any]:
        return {
            system: [EventResponse.from_domain(event).document() for event in events]
            for system, events in (("sessionboard", lists.source), ("gleanin", lists.destination))
        }

    return Answer(document, show)


def _mappable(event: ListedEvent) -> str:
    if not event.mappable:
        return f"no: {event.why_not}"
    return f"only to {event.only_with}, as before in this connection" if event.only_with else "yes"


async def create_mapping(
    container: Container, org: str, sessionboard_event: str, gleanin_event: str, *, confirmed: bool
) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    command = NewMapping(
        found.id, SourceEventId(sessionboard_event), DestinationEventId(gleanin_event), confirmed
    )
    lost = await container.resolve(CountLostByMapping)(found.id, command.destination_event)
    mapping = await container.resolve(MapEvents)(command, actor=COMMAND_LINE)
    mismatch = mapping.known_mismatch(container.clock().now())
    warnings = [warning for warning in (mismatch, lost) if warning]

    def show(console: Console) -> None:
        console.print(
            safe_text(
                f"Mapped {mapping.source_event_name} to {mapping.destination_event_name}. The mapping's id: {mapping.id}"
            )
        )
        for warning in warnings:
            console.print(safe_text(warning), style="yellow")
        if mapping.waits_for_settings:
            console.print(
                safe_text(
                    "Continuous sync starts after you have reviewed the settings: "
                    f"gleanin-sync settings {mapping.id}"
                )
            )
        console.print(safe_text(f"Next: gleanin-sync preview {mapping.id}"), style="dim")

    return Answer(lambda: MappingOnly.from_domain(mapping).document() | {"warnings": warnings}, show)


async def remove_mapping(container: Container, mapping_id: str) -> Answer:
    mapping = await container.resolve(RemoveMapping)(MappingId(mapping_id), actor=COMMAND_LINE)

    def show(console: Console) -> None:
        console.print(
            safe_text(
                f"Removed the mapping of {mapping.source_event_name} to {mapping.destination_event_name}."
            )
        )
        if mapping.written:
            console.print(
                "Records were synced with it, so until you disconnect these two events can only be mapped "
                "to each other again."
            )

    return Answer(
        lambda: MappingOnly.from_domain(mapping).document() | {"removed_at": mapping.removed_at}, show
    )


async def list_mappings(container: Container, org: str) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    health_report = await container.resolve(GetHealth)(found.id)
    mappings_with_health = health_report.mappings
    connection = health_report.connection
    destination = str(connection.destination) if connection else default_destination(container)

    def show(console: Console) -> None:
        rows = (
            (
                mapping.id,
                f"{mapping.source_event_name} ({mapping.events.source_id})",
                f"{mapping.destination_event_name} ({mapping.events.destination_id})",
                "waiting for settings"
                if mapping.waits_for_settings and health.is_well
                else health.state.value,
            )
            for mapping, health in mappings_with_health
        )
        console.print(
            table(f"Event mappings of {found.name}", ("ID", str(found.source), destination, "State"), rows)
        )
        for mapping, health in mappings_with_health:
            if not health.is_well:
                console.print(safe_text(f"{mapping.id}: {health.reason}"))
            if at := health_report.checked_at(mapping.id):
                console.print(safe_text(f"{mapping.id}: {unchanged(at)}."), style="dim")
        if not mappings_with_health:
            console.print(safe_text(f"No mappings yet. To list the events: gleanin-sync events {found.id}"))

    def document() -> list[dict[str, Any]]:
        return [
            MappingResponse.from_domain(mapping, health, health_report.checked_at(mapping.id)).document()
            for mapping, health in mappings_with_health
        ]

    return Answer(document, show)


async def change_settings(
    container: Container, change: SettingsChange, *, with_preview: bool = False
) -> Answer:
    """Change settings; with `with_preview`, also find out what new settings for links would write."""
    mapping = await container.resolve(ChangeSettings)(change, actor=COMMAND_LINE)
    takes_links = container.resolve(TakesLinks)(mapping.systems.source.identifier)
    is_previewed = with_preview and change.links and mapping.settings.links.is_on
    preview = await next_write_back(container, mapping) if is_previewed else None
    mismatch = mapping.known_mismatch(container.clock().now())

    def document() -> dict[str, Any]:
        return SettingsResponse.from_domain(mapping.settings).document() | {
            "mapping_id": mapping.id,
            "confirmed_time_zone": mapping.confirmed_time_zone,
            "gleanin_time_zone": mapping.destination_time_zone,
            "warnings": [mismatch] if mismatch else [],
        }

    def show(console: Console) -> None:
        _show_settings(console, mapping, takes_links=takes_links)
        if mismatch:
            console.print(safe_text(mismatch), style="yellow")
        if preview is not None:
            preview.show(console)

    return Answer(document, show)


def _show_settings(console: Console, mapping: EventMapping, *, takes_links: bool) -> None:
    chosen, destination = mapping.settings, mapping.systems.destination
    rows = (
        ("tracks", chosen.tracks, "where a session's tracks come from"),
        ("chairpersons", _switch(on=chosen.chairpersons), "whether chairpersons are synced as speakers"),
        ("moderators", _switch(on=chosen.moderators), "whether moderators are synced as speakers"),
        ("exhibitor-name", chosen.exhibitor_name, f"whose name is sent as {destination}'s Company Name"),
        *_settings_of_kinds(mapping),
        (
            "one-name",
            _switch(on=chosen.one_name_is_enough),
            "whether speakers without a last name are synced",
        ),
        (
            "only-accepted-roles",
            _switch(on=chosen.only_accepted_roles),
            f"whether people must have accepted their role, if {mapping.systems.source} tells",
        ),
        *settings_of_links(mapping, takes_links=takes_links),
        ("continuous", _switch(on=mapping.continuous_sync), "whether it syncs about every 30 minutes"),
        ("time zone", _zone(mapping), f"to be confirmed if {destination} does not report one"),
    )
    heading = f"Settings of {mapping.source_event_name} to {mapping.destination_event_name}"
    console.print(table(heading, ("Setting", "Value", "Meaning"), rows))


def _settings_of_kinds(mapping: EventMapping) -> Iterator[tuple[str, str, str]]:
    for kind in KINDS:
        for setting in kind.settings:
            value = value_of(mapping.settings.kinds, kind, setting)
            shown = _switch(on=value) if isinstance(value, bool) else value
            yield f"{kind.name}.{setting.name}", shown, f"{kind.plural}: {setting.label}"


def _chosen_for_kinds(assignments: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return values by the kind's and the setting's name, from KIND.NAME=VALUE.

    Raises:
        BadParameter: one has another form.
    """
    chosen: dict[str, dict[str, str]] = {}
    for assignment in assignments:
        setting, equals, value = assignment.partition("=")
        kind, dot, name = setting.partition(".")
        if not (equals and dot and kind and name):
            raise typer.BadParameter(f"{assignment!r:.60} is not KIND.NAME=VALUE.", param_hint="--set")
        chosen.setdefault(kind, {})[name] = value
    return chosen


def _zone(mapping: EventMapping) -> str:
    if zone_named(mapping.destination_time_zone):
        return f"{mapping.destination_time_zone} in {mapping.systems.destination}"
    return mapping.confirmed_time_zone or "not confirmed"


def _is_on(switch: Switch | None) -> bool | None:
    return None if switch is None else switch is Switch.ON


def _switch(*, on: bool) -> Switch:
    return Switch.ON if on else Switch.OFF


@commands.command(epilog=examples('gleanin-sync events "PyCon FR"'))
def events(org: Org, as_json: AsJson = False) -> None:
    """List the events in the source and the destination, and which of them can still be mapped."""
    run_command(lambda container: list_events(container, org), as_json=as_json)


@commands.command(
    "map",
    epilog=examples(
        'gleanin-sync map "PyCon FR" 4101 8', 'gleanin-sync map "PyCon FR" 4101 8 --confirm-time-zone'
    ),
)
def map_events(
    org: Org,
    sessionboard_event: Annotated[
        str, typer.Argument(metavar="SOURCE_EVENT", help="The id of the source's event.")
    ],
    gleanin_event: Annotated[
        str, typer.Argument(metavar="DESTINATION_EVENT", help="The id of the destination's event.")
    ],
    confirm_time_zone: ConfirmTimeZone = False,
    as_json: AsJson = False,
) -> None:
    """Map an event of the source to one of the destination, one to one.

    If the destination does not report its event's time zone, the command shows the source's for you to confirm.
    """
    run_command(
        lambda container: create_mapping(
            container, org, sessionboard_event, gleanin_event, confirmed=confirm_time_zone
        ),
        as_json=as_json,
    )


@commands.command(epilog=examples("gleanin-sync unmap MAPPING"))
def unmap(mapping: Mapping, as_json: AsJson = False) -> None:
    """Remove a mapping; nothing is removed from the destination, and other mappings are not affected."""
    run_command(lambda container: remove_mapping(container, mapping), as_json=as_json)


@commands.command(epilog=examples('gleanin-sync mappings "PyCon FR"'))
def mappings(org: Org, as_json: AsJson = False) -> None:
    """List an organization's event mappings."""
    run_command(lambda container: list_mappings(container, org), as_json=as_json)


@commands.command(
    epilog=examples(
        "gleanin-sync settings MAPPING",
        "gleanin-sync settings MAPPING --tracks tags --moderators off",
        "gleanin-sync settings MAPPING --link-field gleanin_link",
    )
)
def settings(  # noqa: PLR0917 - Typer passes by name
    mapping: Mapping,
    tracks: Annotated[
        TracksFrom | None, typer.Option(help="Where a session's tracks come from.", show_default=False)
    ] = None,
    chairpersons: Annotated[
        Switch | None, typer.Option(help="Whether chairpersons are synced as speakers.", show_default=False)
    ] = None,
    moderators: Annotated[
        Switch | None, typer.Option(help="Whether moderators are synced as speakers.", show_default=False)
    ] = None,
    exhibitor_name: Annotated[
        ExhibitorName | None,
        typer.Option(
            help="Whose name is sent as the company name of exhibitor contacts.", show_default=False
        ),
    ] = None,
    one_name: Annotated[
        Switch | None,
        typer.Option(help="Whether speakers without a last name are synced.", show_default=False),
    ] = None,
    only_accepted_roles: Annotated[
        Switch | None,
        typer.Option(
            help="Whether people must have accepted their role, if the source tells.", show_default=False
        ),
    ] = None,
    continuous: Annotated[
        Switch | None,
        typer.Option(
            help="Whether it syncs automatically while `serve` or `worker` runs.", show_default=False
        ),
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KIND.NAME=VALUE",
            help="A setting that a plug-in's kind of records brings; can be repeated.",
            show_default=False,
        ),
    ] = None,
    link_field: Annotated[
        str | None,
        typer.Option(
            metavar="INTERNAL_NAME|off",
            help="The source's field of people that share links are written back to; `link-fields` lists them.",
            show_default=False,
        ),
    ] = None,
    link_campaign: Annotated[
        str | None,
        typer.Option(
            metavar="ID|off",
            help="The campaign whose links are written back, if there are several.",
            show_default=False,
        ),
    ] = None,
    company_link_field: Annotated[
        str | None,
        typer.Option(
            metavar="INTERNAL_NAME|off",
            help="The field of companies that the primary contact's link is written to as well.",
            show_default=False,
        ),
    ] = None,
    confirm_time_zone: ConfirmTimeZone = False,
    as_json: AsJson = False,
) -> None:
    """Show or change what a mapping syncs; the next sync resends only what the new settings affect."""
    change = SettingsChange(
        MappingId(mapping),
        tracks=tracks,
        chairpersons=_is_on(chairpersons),
        moderators=_is_on(moderators),
        exhibitor_name=exhibitor_name,
        kinds=_chosen_for_kinds(assignments or ()),
        one_name_is_enough=_is_on(one_name),
        only_accepted_roles=_is_on(only_accepted_roles),
        links=LinkChange(
            changed_link(link_field), changed_link(company_link_field), changed_link(link_campaign)
        ),
        continuous_sync=_is_on(continuous),
        confirm_time_zone=confirm_time_zone,
    )
    run_command(
        lambda container: change_settings(container, change, with_preview=not as_json), as_json=as_json
    )
