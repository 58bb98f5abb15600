"""Sync a mapping, or preview what a sync would do: `sync`, `preview`."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import typer
from rich.console import Console

from core.domain.access.authorization import COMMAND_LINE
from core.domain.errors import InvalidInput
from core.domain.ids import MappingId
from core.domain.records.kinds import ALL, KINDS, Scope
from core.domain.runs.messages import started
from core.domain.runs.run import RunState, SyncRun
from core.usecases.mappings.queries import GetMapping
from core.usecases.runs.queries import FindRun
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.sync.preview import Preview
from core.usecases.sync.run_sync import RunSync
from entrypoints.cli import progress, reports
from entrypoints.cli.errors import ExitCode, failure_of_stop
from entrypoints.cli.options import AsJson, Mapping, WithScope, examples
from entrypoints.cli.output import Answer, console, safe_text
from entrypoints.cli.runner import run_command
from entrypoints.container import Container
from entrypoints.plugins import installed_plugins
from entrypoints.resources.runs import CountsResponse, RunResponse
from entrypoints.resources.sync import StepResponse

commands = typer.Typer()
OnMessage = Callable[[str], None]


async def preview_mapping(container: Container, mapping_id: str, scope: Scope = ALL) -> Answer:
    plan = await container.resolve(Preview)(MappingId(mapping_id), scope)

    def show(screen: Console) -> None:
        if plan.steps:
            screen.print(reports.plan(plan.steps))
        screen.print(reports.counts(plan.counts))
        for shortfall in plan.shortfalls:
            screen.print(safe_text(shortfall), style="yellow")
        screen.print(safe_text(f"Nothing was written. To sync: gleanin-sync sync {mapping_id}"), style="dim")

    def document() -> dict[str, Any]:
        return {
            "counts": CountsResponse.from_domain(plan.counts).document(),
            "steps": [StepResponse.from_domain(step).document() for step in plan.steps],
            "shortfalls": list(plan.shortfalls),
        }

    return Answer(document, show)


async def sync_mapping(
    container: Container,
    mapping_id: str,
    scope: Scope = ALL,
    on_message: OnMessage | None = None,
) -> Answer:
    """Sync, and wait until it has finished; with `on_message`, show progress."""
    run = await container.resolve(RequestSync)(SyncRequest(MappingId(mapping_id), scope, actor=COMMAND_LINE))
    if on_message:
        mapping = await container.resolve(GetMapping)(run.mapping_id)
        on_message(started(mapping.systems))
    async with progress.show_progress(container.resolve(FindRun), run.id) if on_message else nullcontext():
        run = await container.resolve(RunSync)(run.id)

    def show(screen: Console) -> None:
        screen.print(safe_text(run.message), soft_wrap=True)
        if run.stop and (hint := failure_of_stop(run.stop).hint):
            screen.print(safe_text(hint), style="dim", soft_wrap=True)
        if run.counts.read:
            screen.print(reports.counts(run.counts))
        screen.print(safe_text(f"What happened to each record: gleanin-sync run {run.id}"), style="dim")

    return Answer(lambda: RunResponse.from_domain(run).result(), show, exit_code(run))


def exit_code(run: SyncRun) -> ExitCode:
    if run.stop is not None:
        return failure_of_stop(run.stop).exit_code
    return ExitCode.DONE if run.state is RunState.COMPLETED else ExitCode.PROBLEMS


def _scope(name: str) -> Scope:
    """Return the scope of this name, before the database is opened.

    Raises:
        typer.BadParameter: no kind has it.
    """
    installed_plugins().register_kinds()
    try:
        return KINDS.scope_named(name)
    except InvalidInput as error:
        raise typer.BadParameter(str(error), param_hint="--scope") from None


@commands.command(
    epilog=examples("gleanin-sync preview MAPPING", "gleanin-sync preview MAPPING --scope agenda --json")
)
def preview(mapping: Mapping, scope: WithScope = ALL, as_json: AsJson = False) -> None:
    """Show what a sync would do with each record, with the old and new value of each field; nothing is written."""
    chosen = _scope(scope)
    run_command(lambda container: preview_mapping(container, mapping, chosen), as_json=as_json)


@commands.command(
    epilog=examples("gleanin-sync sync MAPPING", "gleanin-sync sync MAPPING --scope exhibitors --json")
)
def sync(mapping: Mapping, scope: WithScope = ALL, as_json: AsJson = False) -> None:
    """Sync a mapping now, and wait until it has finished.

    Only new and changed records are written. Ctrl-C stops the sync cleanly; the next one continues from there.
    If another sync of the mapping is running, this one waits for it.
    """
    chosen = _scope(scope)

    def on_message(message: str) -> None:
        console().print(safe_text(message))

    run_command(
        lambda container: sync_mapping(container, mapping, chosen, None if as_json else on_message),
        as_json=as_json,
        interrupted="Interrupted. What was synced stays synced. To continue: "
        f"gleanin-sync sync {mapping}" + ("" if scope == ALL else f" --scope {scope}"),
    )
