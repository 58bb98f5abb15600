"""Results of syncs: `runs`, `run`, `record`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import KINDS
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import SyncRun
from core.usecases.mappings.queries import FindLastCheck, GetMapping
from core.usecases.results.get_record_history import FindLastCheckOfRecord, GetRecordHistory
from core.usecases.results.queries import GetRunWithOutcomes
from core.usecases.runs.queries import ListRuns
from entrypoints.cli import reports
from entrypoints.cli.options import AsJson, Csv, Mapping, Run, examples
from entrypoints.cli.output import Answer, safe_text, table, write_csv
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.resources.results import (
    OUTCOME_COLUMNS,
    HistoryEntryResponse,
    RecordOutcomeResponse,
    outcome_row,
)
from entrypoints.resources.runs import RunResponse

commands = typer.Typer()


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
        if csv is not None:
            console.print(safe_text(f"Wrote {len(outcomes)} outcomes to {csv}"))

    def document() -> dict[str, Any]:
        return RunResponse.from_domain(found).document() | {
            "last_checked_at": checked_at,
            "outcomes": [RecordOutcomeResponse.from_domain(outcome).document() for outcome in outcomes],
        }

    return Answer(document, show)


async def show_record_history(container: Container, mapping_id: str, id_or_email: str) -> Answer:
    entries = await container.resolve(GetRecordHistory)(MappingId(mapping_id), id_or_email)
    mapping = await container.resolve(GetMapping)(MappingId(mapping_id))

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

    return Answer(lambda: [HistoryEntryResponse.from_domain(entry).document() for entry in entries], show)


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
