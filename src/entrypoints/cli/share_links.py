"""The share links that the destination created, and writing them back into the source: `links`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from core.domain.ids import MappingId
from core.domain.records.synced_records import ShareLink, SyncedRecord
from core.domain.systems import ExternalSystem
from core.usecases.links.queries import ListLatestLinks
from core.usecases.mappings.queries import GetMapping
from core.usecases.results.queries import ListShareLinks
from entrypoints.cli import write_back
from entrypoints.cli.options import AsJson, Csv, Mapping, examples
from entrypoints.cli.output import Answer, safe_text, table, write_csv
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.resources.links import LatestLinks, WrittenBackResponse
from entrypoints.resources.results import LINK_COLUMNS, PersonResponse, link_rows
from entrypoints.text import safe, shortened

commands = typer.Typer()
HEADING = "Share Your Attendance"
_NO_LINK = ShareLink("", "")


async def list_links(
    container: Container, mapping_id: str, *, missing: bool = False, csv: Path | None = None
) -> Answer:
    people = await container.resolve(ListShareLinks)(MappingId(mapping_id), missing=missing)
    mapping = await container.resolve(GetMapping)(MappingId(mapping_id))
    latest = await container.resolve(ListLatestLinks)(mapping.id, [person.source_id for person in people])
    if csv is not None:
        write_csv(csv, LINK_COLUMNS, (row for person in people for row in link_rows(person)))

    def show(console: Console) -> None:
        if missing:
            rows = [(person.label, person.kind, person.email or "", person.source_id) for person in people]
            columns = ("Name", "Kind", "E-mail", f"{mapping.systems.source} id")
            console.print(table("Synced without a link yet", columns, rows))
        else:
            links = [
                (_who(person, mapping.systems.source, latest), _where(link))
                for person in people
                for link in person.links or (_NO_LINK,)
            ]
            console.print(table(HEADING, ("Person", "Link"), links, whole=("Link",)))
        if not people:
            console.print(
                safe_text("Everyone who is synced has a link." if missing else "No one has been synced yet.")
            )
        if csv is not None:
            console.print(safe_text(f"Wrote the links of {len(people)} people to {csv}"))

    return Answer(lambda: [PersonResponse.from_domain(person).document() for person in people], show)


def _who(person: SyncedRecord, source: ExternalSystem, latest: LatestLinks) -> Text:
    text = Text.assemble(shortened(person.label), "\n", (shortened(person.email or ""), "dim"))
    if written_back := WrittenBackResponse.find(latest, person.kind, person.source_id):
        style = write_back.STYLES[written_back.outcome]
        text.append(f"\nin {safe(source)}: ", style="dim").append(written_back.outcome, style=style)
    return text


def _where(link: ShareLink) -> Text:
    # Below each other: beside the title, the link would be wrapped and could not be clicked.
    return Text.assemble((shortened(link.title) or "none yet", "dim"), "\n", safe(link.url))


@commands.command(
    epilog=examples(
        "gleanin-sync links MAPPING --csv mail-merge.csv",
        "gleanin-sync links MAPPING --missing",
        "gleanin-sync links MAPPING --write-back --preview",
    )
)
def links(  # noqa: PLR0917 - Typer passes by name
    mapping: Mapping,
    missing: Annotated[
        bool, typer.Option("--missing", help="List only people who have no link yet.")
    ] = False,
    csv: Csv = None,
    write_back_: Annotated[
        bool,
        typer.Option(
            "--write-back", help="Write the links into the field of the source that the settings name, now."
        ),
    ] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="With --write-back: show what it would do, and write nothing.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the share links of the people who were synced, as of the last sync, or write them back into the source.

    Each sync writes them back too, once a field is chosen: `settings MAPPING --link-field`.
    """
    if preview and not write_back_:
        raise typer.BadParameter("Use it together with --write-back.", param_hint="--preview")
    if write_back_ and (missing or csv is not None):
        other = "--missing" if missing else "--csv"
        raise typer.BadParameter("Use only one of them.", param_hint=["--write-back", other])
    if write_back_:
        write_back.run(mapping, preview=preview, as_json=as_json)
        return
    run_command(lambda container: list_links(container, mapping, missing=missing, csv=csv), as_json=as_json)
