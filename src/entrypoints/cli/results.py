"""Results of syncs: `runs`, `run`, `record`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from core.domain.ids import MappingId, RunId
from core.domain.links.link_outcomes import LinkOutcome, LinkResult
from core.domain.records.kinds import KINDS
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import SyncRun
from core.domain.systems import ExternalSystem
from core.usecases.links.queries import LinkOutcomesQuery, ListLatestLinks, ListLinkOutcomes
from core.usecases.mappings.queries import FindLastCheck, GetMapping
from core.usecases.results.get_record_history import FindLastCheckOfRecord, GetRecordHistory
from core.usecases.results.queries import GetRunWithOutcomes
from core.usecases.runs.queries import ListRuns
from entrypoints.cli import reports, write_back
from entrypoints.cli.options import AsJson, Csv, Mapping, Run, examples
from entrypoints.cli.output import Answer, safe_text, table, write_csv
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.resources.links import LinkCountsResponse, WrittenBackResponse, link_results
from entrypoints.resources.results import (
    OUTCOME_COLUMNS,
    RecordEntryResponse,
    RecordOutcomeResponse,
    outcome_row,
)
from entrypoints.resources.runs import RunResponse

commands = typer.Typer()
LINKS_PER_PART = 1000
NOT_THERE = (LinkOutcome.KEPT, LinkOutcome.FAILED)
"""The outcomes of links that are not in the source."""


async def list_runs(container: Container, mapping_id: str) -> Answer:
    found_runs = await container.resolve(ListRuns)(MappingId(mapping_id))
    checked_at = await container.resolve(FindLastCheck)(MappingId(mapping_id))

    def show(console: Console) -> None:
        rows = (
            (
                run.id,
                f"{run.requested_at:%Y-%m-%d %H:%M} UTC",
                run.trigger,
                run.scope,
                run.state.replace("_", " "),
                _synced_of_attempted(run),
            )
            for run in found_runs
        )
        heading = f"Sync runs of the mapping {mapping_id}, newest first"
        console.print(table(heading, ("ID", "Requested", "Trigger", "Scope", "State", "Synced"), rows))
        if checked_at:
            console.print(safe_text(f"{reports.unchanged(checked_at)} since the last one."))
        if not found_runs:
            console.print(safe_text(f"No runs yet. To sync: gleanin-sync sync {mapping_id}"))

    return Answer(lambda: [RunResponse.from_domain(run).document() for run in found_runs], show)


def _synced_of_attempted(run: SyncRun) -> str:
    tallies = ((kind, run.counts.of(kind)) for kind in KINDS)
    return ", ".join(
        f"{tally.succeeded} of {tally.attempted} {kind.plural}" for kind, tally in tallies if tally.attempted
    )


async def show_run(
    container: Container, run_id: str, only: Sequence[Outcome] = (), csv: Path | None = None
) -> Answer:
    found, outcomes = await container.resolve(GetRunWithOutcomes)(RunId(run_id), only)
    mapping = await container.resolve(GetMapping)(found.mapping_id)
    checked_at = await container.resolve(FindLastCheckOfRecord)(found)
    links = await _links_of(container, found)
    if csv is not None:
        write_csv(csv, OUTCOME_COLUMNS, map(outcome_row, outcomes))

    def show(console: Console) -> None:
        times = (
            f"{word} {at:%Y-%m-%d %H:%M:%S} UTC"
            for word, at in (("Started", found.started_at), ("finished", found.finished_at))
            if at
        )
        console.print(
            safe_text(
                f"Sync run {found.id} ({found.trigger}, {found.scope}): {found.state.replace('_', ' ')}"
            )
        )
        console.print(safe_text(", ".join(times)))
        console.print(safe_text(found.message), soft_wrap=True)
        if checked_at:
            console.print(
                safe_text(f"{reports.unchanged(checked_at)} since this run, so its outcomes still apply.")
            )
        if found.counts.read:
            console.print(reports.counts(found.counts))
        console.print(reports.outcomes("Outcomes", outcomes, mapping.systems))
        if links:
            _show_links(console, found, links, mapping.systems.source)
        if csv is not None:
            console.print(safe_text(f"Wrote {len(outcomes)} outcomes to {csv}"))

    def document() -> dict[str, Any]:
        return RunResponse.from_domain(found).document() | {
            "last_checked_at": checked_at,
            "outcomes": [RecordOutcomeResponse.from_domain(outcome).document() for outcome in outcomes],
            "links": {
                "counts": LinkCountsResponse.from_domain(found.links).document(),
                "links": [result.document() for result in link_results(links)],
            },
        }

    return Answer(document, show)


async def _links_of(container: Container, run: SyncRun) -> list[LinkResult]:
    """List what became of links in a run, read part by part."""
    found: list[LinkResult] = []
    start: int | None = 0
    while start is not None:
        query = LinkOutcomesQuery(run, start=start, limit=LINKS_PER_PART)
        page = await container.resolve(ListLinkOutcomes)(query)
        found += page.items
        start = page.next
    return found


def _show_links(console: Console, run: SyncRun, links: Sequence[LinkResult], source: ExternalSystem) -> None:
    console.print(write_back.counts(run.links, source), soft_wrap=True)
    if problems := [result for result in links if result.outcome in NOT_THERE]:
        console.print(write_back.results("Share links that were not written", problems, source))


async def show_record_history(container: Container, mapping_id: str, id_or_email: str) -> Answer:
    entries = await container.resolve(GetRecordHistory)(MappingId(mapping_id), id_or_email)
    mapping = await container.resolve(GetMapping)(MappingId(mapping_id))
    record = entries[-1].outcome.record
    latest = await container.resolve(ListLatestLinks)(mapping.id, [record.source_id])
    written_back = WrittenBackResponse.find(latest, record.kind, record.source_id)

    def show(console: Console) -> None:
        last = entries[-1].outcome
        console.print(
            safe_text(f"{last.record.label} ({last.record.kind} {last.record.source_id})"), style="bold"
        )
        console.print(
            table(
                "History, oldest first",
                ("When", "Run id", "Outcome", "Why", f"{mapping.systems.destination} id"),
                (
                    (
                        f"{entry.at:%Y-%m-%d %H:%M:%S} UTC",
                        entry.run_id,
                        Text(entry.outcome.outcome, style=reports.STYLES[entry.outcome.outcome]),
                        Text(reports.why(entry.outcome.reason)),
                        entry.outcome.destination_id or "",
                    )
                    for entry in entries
                ),
            )
        )
        if entries[-1].confirmed_at:
            console.print(
                safe_text(f"Unchanged when last checked at {entries[-1].confirmed_at:%Y-%m-%d %H:%M:%S} UTC.")
            )
        if written_back is not None:
            text = f"Share link in {mapping.systems.source}: {written_back.outcome}. {written_back.reason}"
            console.print(safe_text(text), soft_wrap=True)
        elif mapping.settings.links.is_on and record.kind in KINDS.people:
            console.print(safe_text(f"Share link in {mapping.systems.source}: not written yet."))

    def document() -> list[dict[str, Any]]:
        *earlier, newest = entries
        return [
            *(RecordEntryResponse.from_domain(entry).document() for entry in earlier),
            RecordEntryResponse.from_domain(newest, written_back).document(),
        ]

    return Answer(document, show)


@commands.command(epilog=examples("gleanin-sync runs MAPPING"))
def runs(mapping: Mapping, as_json: AsJson = False) -> None:
    """List a mapping's sync runs, newest first."""
    run_command(lambda container: list_runs(container, mapping), as_json=as_json)


@commands.command(
    epilog=examples(
        "gleanin-sync run RUN --outcome blocked --outcome failed", "gleanin-sync run RUN --csv outcomes.csv"
    )
)
def run(
    run: Run,
    outcome: Annotated[
        list[Outcome] | None,
        typer.Option(help="Show only this outcome; can be repeated.", show_default=False),
    ] = None,
    csv: Csv = None,
    as_json: AsJson = False,
) -> None:
    """Show a run: its counts, what it did with each record, and why."""
    run_command(lambda container: show_run(container, run, outcome or (), csv), as_json=as_json)


@commands.command(epilog=examples("gleanin-sync record MAPPING grace@example.org"))
def record(
    mapping: Mapping,
    id_or_email: Annotated[
        str,
        typer.Argument(
            metavar="ID_OR_EMAIL",
            help="The record's id in the source or in the destination, its title or name, or the person's e-mail.",
            show_default=False,
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Show the full history of one record, and why each thing happened."""
    run_command(lambda container: show_record_history(container, mapping, id_or_email), as_json=as_json)
