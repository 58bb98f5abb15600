"""Organizations and their connections: `organization`, `connect`, `token`, `disconnect`."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from core.domain.access.authorization import COMMAND_LINE
from core.domain.errors import InvalidInput
from core.domain.runs.organization_health import OrganizationHealth
from core.domain.tenancy.secrets import NO_TOKEN, Token
from core.usecases.mappings.queries import ListMappings
from core.usecases.organizations.add_organization import DEFAULT_SOURCE, AddOrganization, NewOrganization
from core.usecases.organizations.connect import DEFAULT_DESTINATION, Connect
from core.usecases.organizations.count_lost_by_disconnecting import CountLostByDisconnecting
from core.usecases.organizations.disconnect import Disconnect
from core.usecases.organizations.list_health import ListOrganizationHealth
from core.usecases.organizations.queries import FindConnection, FindOrganization
from core.usecases.organizations.remove_organization import RemoveOrganization
from core.usecases.organizations.replace_destination_token import ReplaceDestinationToken
from core.usecases.organizations.replace_source_token import ReplaceSourceToken
from entrypoints.cli import reports
from entrypoints.cli.credentials import (
    AccessOption,
    access_values,
    ask_missing,
    ask_token,
    find_destination,
    find_source,
)
from entrypoints.cli.options import AsJson, Org, TokenStdin, examples, typed
from entrypoints.cli.output import Answer, safe_text, table
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.plugins import installed_plugins, url_of_region
from entrypoints.resources.organizations import OrganizationResponse
from entrypoints.text import safe, shortened

commands = typer.Typer()
organization = typer.Typer()
commands.add_typer(
    organization,
    name="organization",
    help="Add, list and remove organizations and their access to a source.",
    epilog=examples('gleanin-sync organization add "PyCon FR" --region eu', "gleanin-sync organization list"),
)


async def add_organization(
    container: Container,
    name: str,
    url: str,
    access: Token,
    *,
    source: str = DEFAULT_SOURCE,
    fields: Mapping[str, str] | None = None,
) -> Answer:
    new = await container.resolve(AddOrganization)(
        NewOrganization(name, url, access, source, fields or {}), actor=COMMAND_LINE
    )

    def show(console: Console) -> None:
        console.print(safe_text(f"Added the organization {new.name}. Its id: {new.id}"))
        console.print(safe_text(f"Next: gleanin-sync connect {new.id}"), style="dim")

    document = {
        "id": new.id,
        "name": new.name,
        "sessionboard_url": new.source_url,
        "source": new.source.identifier,
    }
    return Answer(lambda: document, show)


async def list_organizations(container: Container) -> Answer:
    rows = await container.resolve(ListOrganizationHealth)(None)

    def show(console: Console) -> None:
        console.print(
            table(
                "Organizations",
                ("ID", "Name, source and its URL", "Destination"),
                (
                    (
                        organization.id,
                        # Below each other: beside the name, the URL would be wrapped.
                        Text.assemble(
                            shortened(organization.name),
                            "\n",
                            (safe(organization.source.display_name), "dim"),
                            "\n",
                            (safe(organization.source_url), "dim"),
                        ),
                        _connection(summary),
                    )
                    for organization, summary in rows
                ),
            )
        )
        for organization, summary in rows:
            if not summary.overall.is_well:
                console.print(safe_text(f"{organization.name}: {reports.health(summary.overall)}"))
        if not rows:
            console.print("No organizations yet. To add one: gleanin-sync organization add NAME --region eu")

    def document() -> list[dict[str, Any]]:
        return [
            OrganizationResponse.from_domain(organization, summary.connection, summary.overall).document()
            for organization, summary in rows
        ]

    return Answer(document, show)


def _connection(summary: OrganizationHealth) -> Text:
    if summary.connection is None:
        return Text("not connected")
    connection, health = summary.connection, summary.overall
    state = f"connected to {safe(connection.destination.display_name)}\ntoken …{connection.token_hint}"
    if health.is_well:
        return Text(state)
    return Text.assemble(state, "\n", (health.state.value, "red"))


async def connect_organization(
    container: Container,
    org: str,
    access: Token,
    *,
    continuous_sync: bool = False,
    destination: str = DEFAULT_DESTINATION,
    url: str = "",
    fields: Mapping[str, str] | None = None,
) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    connection = await container.resolve(Connect)(
        found.id,
        access,
        destination=destination,
        url=url,
        fields=fields,
        continuous_sync=continuous_sync,
        actor=COMMAND_LINE,
    )

    def show(console: Console) -> None:
        console.print(safe_text(f"Connected {found.name} to {connection.destination}."))
        console.print(safe_text(f"Next: gleanin-sync events {found.id}"), style="dim")

    document = {
        "id": connection.id,
        "organization_id": found.id,
        "token_hint": connection.token_hint,
        "connected_at": connection.opened_at,
    }
    return Answer(lambda: document, show)


async def renew_token(
    container: Container, org: str, system: str, new_token: Token, fields: Mapping[str, str] | None = None
) -> Answer:
    """Replace the token or access fields of the source or the destination, whose identifier is given.

    Raises:
        typer.BadParameter: it is neither.
    """
    found = await container.resolve(FindOrganization)(org)
    connection = await container.resolve(FindConnection)(found.id)
    destination = connection.destination.identifier if connection else DEFAULT_DESTINATION
    if system not in (found.source.identifier, destination):
        raise typer.BadParameter(
            f"{safe(system)} is no system of this organization. Use {found.source.identifier} or {destination}.",
            param_hint="SYSTEM",
        )
    if system == found.source.identifier:
        name = str(found.source)
        await container.resolve(ReplaceSourceToken)(found.id, new_token, fields=fields, actor=COMMAND_LINE)
    else:
        renewed = await container.resolve(ReplaceDestinationToken)(
            found.id, new_token, fields=fields, actor=COMMAND_LINE
        )
        name = str(renewed.destination)

    mappings = await container.resolve(ListMappings)(found.id)

    what = "token" if new_token else "access"

    def show(console: Console) -> None:
        console.print(safe_text(f"Replaced the {name} {what} of {found.name}."))
        if mappings:
            console.print("To check that syncing works again:", style="dim")
        for mapping in mappings:
            console.print(safe_text(f"gleanin-sync sync {mapping.id}"), style="dim")

    document = {"organization_id": found.id, "side": system, "token_hint": new_token.hint}
    return Answer(lambda: document, show)


async def disconnect_organization(container: Container, org: str, *, confirmed: bool) -> Answer:
    """Disconnect, once confirmed by the option or by typing the organization's name."""
    found = await container.resolve(FindOrganization)(org)
    # Warn before anything is done and before asking for confirmation (rule 10).
    if lost := await container.resolve(CountLostByDisconnecting)(found.id):
        typer.echo(lost, err=True)
    typed_name = None
    if not confirmed:
        typed_name = typed(f"This ends all mappings of {safe(org)}. To confirm, type the organization's name")
    connection = await container.resolve(Disconnect)(
        found.id, found.name if confirmed else typed_name, actor=COMMAND_LINE
    )

    def show(console: Console) -> None:
        console.print(
            safe_text(
                f"Disconnected {found.name} from {connection.destination}. Its token was erased and its mappings were ended."
            )
        )

    document = {
        "id": connection.id,
        "organization_id": found.id,
        "disconnected_at": connection.ended_at,
    }
    return Answer(lambda: document, show)


@organization.command(
    "add",
    epilog=examples(
        'gleanin-sync organization add "PyCon FR" --region eu',
        'gleanin-sync organization add "PyCon FR" --region eu --token-stdin < sessionboard-token.txt',
    ),
)
def add(  # noqa: PLR0917 - each is an option
    name: Annotated[str, typer.Argument(help="A name of your choice.", show_default=False)],
    source: Annotated[
        str, typer.Option(metavar="NAME", help="The source; `gleanin-sync plugins` lists them.")
    ] = DEFAULT_SOURCE,
    region: Annotated[
        str | None,
        typer.Option(
            help="The region of the organization's account (such as us or eu of Sessionboard).",
            show_default=False,
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            "--url",
            "--sessionboard-url",
            metavar="URL",
            help="The URL of the source's API, if it has no regions or the account is in none of them.",
            show_default=False,
        ),
    ] = None,
    token_stdin: TokenStdin = False,
    access: AccessOption = None,
    as_json: AsJson = False,
) -> None:
    """Add an organization with the access to its source, which never changes.

    The access is tested before anything is stored. A token of Sessionboard, for example, needs the scopes read:events,
    read:sessions and read:contacts, and permission to see personal data.
    """
    if (region is None) == (url is None):
        raise typer.BadParameter("Use exactly one of them.", param_hint=["--region", "--url"])
    values, address = access_values(access), url or _url_of(source, region or "")
    plugin = find_source(source)
    new_token = ask_token(source, plugin, from_stdin=token_stdin)
    fields = ask_missing(plugin, values)
    run_command(
        lambda container: add_organization(container, name, address, new_token, source=source, fields=fields),
        as_json=as_json,
    )


def _url_of(source: str, region: str) -> str:
    """Return the URL of a region, before anything is asked for.

    Raises:
        typer.BadParameter: the source has no such region, or is not installed.
    """
    try:
        return url_of_region(installed_plugins(), source, region)
    except InvalidInput as error:
        raise typer.BadParameter(str(error), param_hint=f"--{error.about}") from error


async def remove_organization(container: Container, org: str, typed_name: str | None) -> Answer:
    found = await container.resolve(FindOrganization)(org)
    await container.resolve(RemoveOrganization)(found.id, typed_name, actor=COMMAND_LINE)

    def show(console: Console) -> None:
        console.print(safe_text(f"Removed {found.name} and all its data."))

    return Answer(lambda: {"id": found.id, "name": found.name}, show)


@organization.command(
    "remove", epilog=examples('gleanin-sync organization remove "PyCon FR" --confirm "PyCon FR"')
)
def remove(
    org: Org,
    confirm: Annotated[
        str | None, typer.Option(metavar="NAME", help="The organization's name.", show_default=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Remove a disconnected organization: deletes its history and share links; the destination is not changed."""
    typed_name = confirm or typed(
        f"This deletes the history and share links of {safe(org)}. To confirm, type the organization's name"
    )
    run_command(lambda container: remove_organization(container, org, typed_name), as_json=as_json)


@organization.command("list", epilog=examples("gleanin-sync organization list --json"))
def list_all(as_json: AsJson = False) -> None:
    """List the organizations, and which of them are connected."""
    run_command(list_organizations, as_json=as_json)


@commands.command(
    epilog=examples(
        'gleanin-sync connect "PyCon FR"',
        'gleanin-sync connect "PyCon FR" --token-stdin < gleanin-token.txt',
    )
)
def connect(  # noqa: PLR0917 - each is an option
    org: Org,
    destination: Annotated[
        str, typer.Option(metavar="NAME", help="The destination; `gleanin-sync plugins` lists them.")
    ] = DEFAULT_DESTINATION,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="URL", help="The URL of the destination's API, unless it is known.", show_default=False
        ),
    ] = None,
    token_stdin: TokenStdin = False,
    access: AccessOption = None,
    continuous: Annotated[
        bool, typer.Option("--continuous", help="Switch continuous sync on for new mappings.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Connect an organization to a destination with an API token (such as Gleanin: My Profile > API Tokens).

    The token is tested before it is stored. It is stored encrypted and never shown again.
    """
    values, plugin = access_values(access), find_destination(destination)
    new_token = ask_token(destination, plugin, from_stdin=token_stdin)
    fields = ask_missing(plugin, values)
    run_command(
        lambda container: connect_organization(
            container,
            org,
            new_token,
            continuous_sync=continuous,
            destination=destination,
            url=url or "",
            fields=fields,
        ),
        as_json=as_json,
    )


@commands.command(
    "token",
    epilog=examples(
        'gleanin-sync token "PyCon FR" sessionboard --token-stdin < token.txt',
        'gleanin-sync token "PyCon FR" SOURCE --access workspace=main',
    ),
)
def replace_token(
    org: Org,
    side: Annotated[
        str,
        typer.Argument(
            metavar="SYSTEM",
            help="The system the token is for: the name of its source or destination, such as sessionboard or gleanin.",
            show_default=False,
        ),
    ],
    token_stdin: TokenStdin = False,
    access: AccessOption = None,
    as_json: AsJson = False,
) -> None:
    """Replace a token or other fields of an access; the connection, its mappings and everything synced stay.

    The access is tested before it is stored. That of the destination must reach the mapped events. With --access, the
    token stays unless it is given, and so does each field that is not named; an empty value removes an optional one.
    """
    values, new_token = access_values(access), NO_TOKEN
    if token_stdin or not values:
        plugin = find_source(side) or find_destination(side)
        if plugin is not None and not plugin.needs_token and not token_stdin:
            raise typer.BadParameter(
                f"{safe(plugin.display_name)} needs no token. Use --access for its other fields.",
                param_hint="--access",
            )
        new_token = ask_token(side, plugin, from_stdin=token_stdin, new=True)
    run_command(lambda container: renew_token(container, org, side, new_token, values), as_json=as_json)


@commands.command(epilog=examples('gleanin-sync disconnect "PyCon FR"'))
def disconnect(
    org: Org,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm without a prompt.")] = False,
    as_json: AsJson = False,
) -> None:
    """Disconnect an organization from its destination: ends all its mappings and erases the token.

    A running sync stops before its next write. Records that were synced cannot be synced to the same
    events again, even after reconnecting.
    """
    run_command(lambda container: disconnect_organization(container, org, confirmed=yes), as_json=as_json)
