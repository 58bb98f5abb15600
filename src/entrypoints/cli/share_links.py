"""The share links that the destination created: `links`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from core.domain.ids import MappingId
from core.domain.records.synced_records import ShareLink, SyncedRecord
from core.usecases.mappings.queries import GetMapping
from core.usecases.results.queries import ListShareLinks
from entrypoints.cli.options import AsJson, Csv, Mapping, examples
from entrypoints.cli.output import Answer, safe_text, table, write_csv
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
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
    if csv is not None:
        write_csv(csv, LINK_COLUMNS, (row for person in people for row in link_rows(person)))

    def show(console: Console) -> None:
        if missing:
            rows = [(person.label, person.kind, person.email or "", person.source_id) for person in people]
            columns = ("Name", "Kind", "E-mail", f"{mapping.systems.source} id")
            console.print(table("Synced without a link yet", columns, rows))
        else:
            links = [
                (_who(person), _where(link)) for person in people for link in person.links or (_NO_LINK,)
            ]
            console.print(table(HEADING, ("Person", "Link"), links, whole=("Link",)))
        if not people:
            console.print(
                safe_text("Everyone who is synced has a link." if missing else "No one has been synced yet.")
            )
        if csv is not None:
            console.print(safe_text(f"Wrote the links of {len(people)} people to {csv}"))

    return Answer(lambda: [PersonResponse.from_domain(person).document() for person in people], show)


def _who(person: SyncedRecord) -> Text:
    return Text.assemble(shortened(person.label), "\n", (shortened(person.email or ""), "dim"))


def _where(link: ShareLink) -> Text:
    # Below each other: beside the title, the link would be wrapped and could not be clicked.
    return Text.assemble((shortened(link.title) or "none yet", "dim"), "\n", safe(link.url))


@commands.command(
    epilog=examples("gleanin-sync links MAPPING --csv mail-merge.csv", "gleanin-sync links MAPPING --missing")
)
def links(
    mapping: Mapping,
    missing: Annotated[
        bool, typer.Option("--missing", help="List only people who have no link yet.")
    ] = False,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """List the share links of the people who were synced, as of the last sync."""
    run_command(lambda container: list_links(container, mapping, missing=missing, csv=csv), as_json=as_json)
