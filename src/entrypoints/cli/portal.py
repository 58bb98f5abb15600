"""Portal addresses for many people at once: `portal`."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import MappingId
from core.usecases.access.hand_out import ListPortalAddresses, MakePortalAddresses, RevokePortalAddresses
from core.usecases.access.portal_selection import HandOut, PortalSelection
from entrypoints.cli.options import AsJson, Csv, Mapping, examples
from entrypoints.cli.output import Answer, safe_text, table, write_csv
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.resources.portal import MAIL_MERGE_COLUMNS, HandOutResponse, mail_merge_row
from entrypoints.text import safe, shortened

commands = typer.Typer()


class PortalAction(StrEnum):
    LIST = "list"
    MAKE = "make"
    REVOKE = "revoke"


HEADINGS = {
    PortalAction.LIST: "Portal addresses",
    PortalAction.MAKE: "Portal addresses",
    PortalAction.REVOKE: "Revoked",
}


async def hand_out(
    container: Container, action: PortalAction, selection: PortalSelection, csv: Path | None
) -> Answer:
    people: Sequence[HandOut]
    match action:
        case PortalAction.LIST:
            people = await container.resolve(ListPortalAddresses)(selection)
        case PortalAction.MAKE:
            people = await container.resolve(MakePortalAddresses)(selection, actor=COMMAND_LINE)
        case PortalAction.REVOKE:
            people = await container.resolve(RevokePortalAddresses)(selection, actor=COMMAND_LINE)
    settings = container.settings()
    if csv is not None:
        write_csv(csv, MAIL_MERGE_COLUMNS, (mail_merge_row(person, settings) for person in people))
    shown = [HandOutResponse.from_domain(person, settings) for person in people]

    def show(console: Console) -> None:
        rows = [(_who(person), _where(person)) for person in shown]
        console.print(table(HEADINGS[action], ("Person", "Portal address"), rows, whole=("Portal address",)))
        if not shown:
            console.print(safe_text("No one has been synced yet."))
        if csv is not None:
            console.print(safe_text(f"Wrote {len(shown):,} people to {csv}"))

    return Answer(lambda: [person.document() for person in shown], show)


def _who(person: HandOutResponse) -> Text:
    kind = person.kind.replace("_", " ")
    return Text.assemble(
        shortened(person.name), "\n", (shortened(person.email or ""), "dim"), "\n", (kind, "dim")
    )


def _where(person: HandOutResponse) -> Text:
    if person.portal_address is None or person.expires_at is None:
        return Text("none", "dim")
    until = f"until {person.expires_at:%Y-%m-%d %H:%M} UTC"
    return Text.assemble((until, "dim"), "\n", safe(person.portal_address))


@commands.command(
    epilog=examples(
        "gleanin-sync portal MAPPING make --all --csv mail-merge.csv",
        "gleanin-sync portal MAPPING make ada@example.org",
        "gleanin-sync portal MAPPING revoke speaker:4711",
        "gleanin-sync portal MAPPING list",
    )
)
def portal(  # noqa: PLR0917 - Typer passes by name
    mapping: Mapping,
    action: Annotated[PortalAction, typer.Argument(help="What to do.", show_default=False)],
    who: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WHO]...",
            help="People, by e-mail, by id in the source, or as KIND:ID.",
            show_default=False,
        ),
    ] = None,
    everybody: Annotated[bool, typer.Option("--all", help="Everybody who is synced.")] = False,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """List, make or revoke the portal addresses of people: each opens one person's page with the share links.

    An address is valid for 90 days. Making one again returns the same one while it is valid. The CSV file has one row
    for each person, for a mail merge.
    """
    if who and everybody:
        _refuse("Name people, or use --all, but not both.")
    if action is not PortalAction.LIST and not who and not everybody:
        _refuse(f"Name the people to {action.value} addresses for, or use --all.")
    if action is PortalAction.REVOKE and csv is not None:
        _refuse("--csv is for list and make.")
    selection = PortalSelection(MappingId(mapping), tuple(who or ()), everybody=everybody or not who)
    run_command(lambda container: hand_out(container, action, selection, csv), as_json=as_json)


def _refuse(sentence: str) -> NoReturn:
    raise typer.BadParameter(sentence, param_hint="WHO")
