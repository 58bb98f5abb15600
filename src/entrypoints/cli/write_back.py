"""Share links written back into the source: what was done with each, and what would be."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table
from rich.text import Text

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import MappingId
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome, LinkResult
from core.domain.systems import ExternalSystem
from core.usecases.links.write_links_back import PreviewLinks, WriteLinksBack
from core.usecases.mappings.queries import GetMapping
from core.usecases.shared.write_back import LinkReport
from entrypoints.cli.errors import ExitCode
from entrypoints.cli.output import Answer, safe_text, table
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.resources.links import WriteBackResponse, why
from entrypoints.text import safe, shortened

STYLES = {
    LinkOutcome.WRITTEN: "green",
    LinkOutcome.UNCHANGED: "dim",
    LinkOutcome.KEPT: "magenta",
    LinkOutcome.FAILED: "bold red",
}


def run(mapping_id: str, *, preview: bool, as_json: bool) -> None:
    """Write the links of a mapping back now, or show what that would do; print it, and exit."""
    work = preview_links if preview else write_links
    run_command(
        lambda container: work(container, mapping_id),
        as_json=as_json,
        interrupted="Interrupted. Links that were written stay written. To continue: "
        f"gleanin-sync links {mapping_id} --write-back",
    )


async def preview_links(container: Container, mapping_id: str) -> Answer:
    report = await container.resolve(PreviewLinks)(MappingId(mapping_id))
    source = (await container.resolve(GetMapping)(MappingId(mapping_id))).systems.source

    def show(console: Console) -> None:
        heading, column = "What a sync would do with the share links", "On the next sync"
        _show_report(console, report, source, heading, column)
        hint = f"Nothing was written. To write them now: gleanin-sync links {mapping_id} --write-back"
        console.print(safe_text(hint), style="dim", soft_wrap=True)

    return Answer(lambda: WriteBackResponse.from_domain(report).document(), show)


async def write_links(container: Container, mapping_id: str) -> Answer:
    report = await container.resolve(WriteLinksBack)(MappingId(mapping_id), actor=COMMAND_LINE)
    source = (await container.resolve(GetMapping)(MappingId(mapping_id))).systems.source

    def show(console: Console) -> None:
        _show_report(console, report, source, "Share links")

    has_problems = report.problems or report.counts[LinkOutcome.FAILED]
    return Answer(
        lambda: WriteBackResponse.from_domain(report).document(),
        show,
        ExitCode.PROBLEMS if has_problems else ExitCode.DONE,
    )


def _show_report(
    console: Console, report: LinkReport, source: ExternalSystem, heading: str, column: str = "Outcome"
) -> None:
    if report.results:
        console.print(results(heading, report.results, source, column))
    else:
        console.print("No one has a share link yet. A sync reads them from the destination.")
    console.print(counts(report.counts, source), soft_wrap=True)
    for problem in report.problems:
        console.print(safe_text(problem), style="yellow", soft_wrap=True)


def counts(numbers: LinkCounts, source: ExternalSystem) -> Text:
    """Return a line with all four counts."""
    text = Text(f"Share links in {safe(source)}: ")
    for outcome in LinkOutcome:
        separator = "" if outcome is LinkOutcome.WRITTEN else ", "
        style = STYLES[outcome] if numbers[outcome] else "dim"
        text.append(separator).append(f"{numbers[outcome]:,} {outcome}", style=style)
    return text


def results(
    heading: str, link_results: Iterable[LinkResult], source: ExternalSystem, column: str = "Outcome"
) -> Table:
    """Return a table of what became of each link, and why."""
    rows = ((Text(result.outcome, style=STYLES[result.outcome]), _link(result)) for result in link_results)
    return table(heading, (column, f"Whose link in {source}, and reason"), rows)


def _link(result: LinkResult) -> Text:
    text = Text.assemble(
        (shortened(result.label), "bold"), f" ({result.kind}): {shortened(why(result), 1000)}"
    )
    return text.append(f"\n{safe(result.source_id)}", style="dim")
