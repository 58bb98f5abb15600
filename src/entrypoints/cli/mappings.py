"""Events and their mappings: `events`, `map`, `unmap`, `mappings`, `settings`."""

from typing import Annotated

import typer
from rich.console import Console

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import DestinationEventId, MappingId, SourceEventId
from core.domain.tenancy.event_mappings import EventMapping, ExhibitorName, TracksFrom
from core.domain.tenancy.time_zones import known_mismatch, zone_named
from core.usecases.mappings.change_settings import ChangeSettings, SettingsChange
from core.usecases.mappings.count_lost_by_mapping import CountLostByMapping
from core.usecases.mappings.list_events import ListedEvent, ListEvents
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.mappings.remove_mapping import RemoveMapping
from core.usecases.mappings.show_health import GetHealth
from core.usecases.organizations.queries import FindOrganization
from entrypoints import shapes
from entrypoints.cli.options import AsJson, ConfirmTimeZone, Mapping, Org, Switch, examples
from entrypoints.cli.output import Answer, say, table
from entrypoints.cli.reports import unchanged
from entrypoints.cli.runner import carry_out
from entrypoints.container import Container

commands = typer.Typer()


async def events_listed(container: Container, org: str) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    lists = await container.resolve(ListEvents)(found.id)
    sides = {"Sessionboard": lists.sessionboard, "Gleanin": lists.gleanin}

    def show(console: Console) -> None:
        for side, events in sides.items():
            rows = (
                (
                    each.id,
                    each.name,
                    each.time_zone or "not told",
                    _mappable(each),
                )
                for each in events
            )
            console.print(table(f"Events in {side}", ("ID", "Name", "Time zone", "Can be mapped"), rows))
        hint = f"To map two of them: gleanin-sync map {found.id} SESSIONBOARD_EVENT GLEANIN_EVENT"
        console.print(say(hint), style="dim")

    document = {side.lower(): [shapes.event(each) for each in events] for side, events in sides.items()}
    return Answer(document, show)


def _mappable(event: ListedEvent) -> str:
    if not event.mappable:
        return f"no: {event.why_not}"
    return f"to {event.only_with} only: they were synced under this connection" if event.only_with else "yes"


async def mapped(
    container: Container, org: str, sessionboard_event: str, gleanin_event: str, *, confirmed: bool
) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    command = NewMapping(
        found.id, SourceEventId(sessionboard_event), DestinationEventId(gleanin_event), confirmed
    )
    lost = await container.resolve(CountLostByMapping)(found.id, command.gleanin_event)
    mapping = await container.resolve(MapEvents)(command, actor=COMMAND_LINE)
    mismatch = known_mismatch(mapping.time_zone, mapping.gleanin_time_zone, container.clock().now())
    warnings = [each for each in (mismatch, lost) if each]

    def show(console: Console) -> None:
        console.print(
            say(
                f"Mapped {mapping.sessionboard_name} to {mapping.gleanin_name}. The mapping's id: {mapping.id}"
            )
        )
        for warning in warnings:
            console.print(say(warning), style="yellow")
        if mapping.waits_for_settings:
            console.print(
                say(
                    "Continuous sync waits until the settings have been seen: "
                    f"gleanin-sync settings {mapping.id}"
                )
            )
        console.print(say(f"To go on: gleanin-sync preview {mapping.id}"), style="dim")

    return Answer(shapes.mapping(mapping) | {"warnings": warnings}, show)


async def unmapped(container: Container, mapping_id: str) -> Answer:
    mapping = await container.resolve(RemoveMapping)(MappingId(mapping_id), actor=COMMAND_LINE)

    def show(console: Console) -> None:
        console.print(say(f"Removed the mapping of {mapping.sessionboard_name} to {mapping.gleanin_name}."))
        if mapping.written:
            console.print(
                "Something was synced under it: the two events can be mapped to each other again, "
                "and to nothing else as long as the connection lasts."
            )

    document = shapes.mapping(mapping) | {
        "removed_at": mapping.removed_at.isoformat() if mapping.removed_at else None
    }
    return Answer(document, show)


async def mappings_listed(container: Container, org: str) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    fares = await container.resolve(GetHealth)(found.id)
    all_of_it = fares.mappings

    def show(console: Console) -> None:
        rows = (
            (
                each.id,
                f"{each.sessionboard_name} ({each.events.sessionboard_id})",
                f"{each.gleanin_name} ({each.events.gleanin_id})",
                "waiting for settings" if each.waits_for_settings and health.is_well else health.state.value,
            )
            for each, health in all_of_it
        )
        console.print(
            table(f"Event mappings of {found.name}", ("ID", "Sessionboard", "Gleanin", "State"), rows)
        )
        for each, health in all_of_it:
            if not health.is_well:
                console.print(say(f"{each.id}: {health.reason}"))
            if at := fares.checked_at(each.id):
                console.print(say(f"{each.id}: {unchanged(at)}."), style="dim")
        if not all_of_it:
            console.print(say(f"None yet. The events: gleanin-sync events {found.id}"))

    document = [shapes.mapping_with_health(*each, fares.checked_at(each[0].id)) for each in all_of_it]
    return Answer(document, show)


async def settings_changed(container: Container, change: SettingsChange) -> Answer:
    mapping = await container.resolve(ChangeSettings)(change, actor=COMMAND_LINE)
    mismatch = known_mismatch(mapping.time_zone, mapping.gleanin_time_zone, container.clock().now())
    return Answer(
        shapes.settings(mapping.settings)
        | {
            "mapping_id": mapping.id,
            "confirmed_time_zone": mapping.confirmed_time_zone,
            "gleanin_time_zone": mapping.gleanin_time_zone,
            "warnings": [mismatch] if mismatch else [],
        },
        lambda console: _show_settings(console, mapping, mismatch),
    )


def _show_settings(console: Console, mapping: EventMapping, mismatch: str) -> None:
    chosen = mapping.settings
    rows = (
        ("tracks", chosen.tracks, "where a session's tracks come from"),
        ("chairpersons", _switch(on=chosen.chairpersons), "whether chairpersons go as speakers"),
        ("moderators", _switch(on=chosen.moderators), "whether moderators go as speakers"),
        ("exhibitor-name", chosen.exhibitor_name, "whose name goes to Gleanin's Company Name"),
        ("continuous", _switch(on=mapping.continuous_sync), "whether it is synced about every 30 minutes"),
        (
            "time zone",
            _zone(mapping),
            "to be confirmed where Gleanin does not tell its own",
        ),
    )
    heading = f"Settings of {mapping.sessionboard_name} to {mapping.gleanin_name}"
    console.print(table(heading, ("Setting", "Value", "What it says"), rows))
    if mismatch:
        console.print(say(mismatch), style="yellow")


def _zone(mapping: EventMapping) -> str:
    if zone_named(mapping.gleanin_time_zone):
        return f"{mapping.gleanin_time_zone} in Gleanin"
    return mapping.confirmed_time_zone or "not confirmed"


def _is_on(switch: Switch | None) -> bool | None:
    return None if switch is None else switch is Switch.ON


def _switch(*, on: bool) -> Switch:
    return Switch.ON if on else Switch.OFF


@commands.command(epilog=examples('gleanin-sync events "PyCon FR"'))
def events(org: Org, as_json: AsJson = False) -> None:
    """List the events of both sides, and which of them can still be mapped."""
    carry_out(lambda container: events_listed(container, org), as_json=as_json)


@commands.command(
    "map",
    epilog=examples(
        'gleanin-sync map "PyCon FR" 4101 8', 'gleanin-sync map "PyCon FR" 4101 8 --confirm-time-zone'
    ),
)
def map_events(
    org: Org,
    sessionboard_event: Annotated[str, typer.Argument(metavar="SESSIONBOARD_EVENT", help="Its id.")],
    gleanin_event: Annotated[str, typer.Argument(metavar="GLEANIN_EVENT", help="Its id.")],
    confirm_time_zone: ConfirmTimeZone = False,
    as_json: AsJson = False,
) -> None:
    """Map a Sessionboard event to a Gleanin event: one to one.

    Where Gleanin does not tell its event's time zone, you are shown Sessionboard's and confirm it.
    """
    carry_out(
        lambda container: mapped(
            container, org, sessionboard_event, gleanin_event, confirmed=confirm_time_zone
        ),
        as_json=as_json,
    )


@commands.command(epilog=examples("gleanin-sync unmap MAPPING"))
def unmap(mapping: Mapping, as_json: AsJson = False) -> None:
    """Remove a mapping; nothing is removed from Gleanin, and other mappings go on."""
    carry_out(lambda container: unmapped(container, mapping), as_json=as_json)


@commands.command(epilog=examples('gleanin-sync mappings "PyCon FR"'))
def mappings(org: Org, as_json: AsJson = False) -> None:
    """List an organization's event mappings."""
    carry_out(lambda container: mappings_listed(container, org), as_json=as_json)


@commands.command(
    epilog=examples(
        "gleanin-sync settings MAPPING", "gleanin-sync settings MAPPING --tracks tags --moderators off"
    )
)
def settings(  # noqa: PLR0917 - Typer passes by name
    mapping: Mapping,
    tracks: Annotated[
        TracksFrom | None, typer.Option(help="Where a session's tracks come from.", show_default=False)
    ] = None,
    chairpersons: Annotated[
        Switch | None, typer.Option(help="Whether chairpersons go as speakers.", show_default=False)
    ] = None,
    moderators: Annotated[
        Switch | None, typer.Option(help="Whether moderators go as speakers.", show_default=False)
    ] = None,
    exhibitor_name: Annotated[
        ExhibitorName | None,
        typer.Option(help="Whose name goes to Gleanin's Company Name.", show_default=False),
    ] = None,
    continuous: Annotated[
        Switch | None,
        typer.Option(help="Whether it is synced by itself, while `serve` runs.", show_default=False),
    ] = None,
    confirm_time_zone: ConfirmTimeZone = False,
    as_json: AsJson = False,
) -> None:
    """Show what a mapping syncs, and change it; the next sync re-sends just what that changes."""
    change = SettingsChange(
        MappingId(mapping),
        tracks=tracks,
        chairpersons=_is_on(chairpersons),
        moderators=_is_on(moderators),
        exhibitor_name=exhibitor_name,
        continuous_sync=_is_on(continuous),
        confirm_time_zone=confirm_time_zone,
    )
    carry_out(lambda container: settings_changed(container, change), as_json=as_json)
