"""A full example that needs no preparation and leaves nothing behind: `demo`."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.text import Text

from core.domain.errors import TimeZoneUnconfirmed
from core.domain.ids import RunId
from core.domain.records.outcomes import Outcome
from core.domain.tenancy.secrets import Token
from core.usecases.results.queries import GetRunWithOutcomes
from entrypoints.cli import mappings, organizations, results, share_links, sync
from entrypoints.cli.errors import failure_of
from entrypoints.cli.options import AsJson, examples
from entrypoints.cli.output import Answer, console, safe_text
from entrypoints.cli.runner import finish, run_async, settings
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.sandbox.server import Sandbox
from entrypoints.settings import Settings

commands = typer.Typer()
NAME = "Demo Conferences"
PREVIEW_LINES = 24
"""The beginning shows what a preview contains; all of it would be long."""


@dataclass(slots=True)
class Script:
    """The steps of the demo, each with the command a person would type and its result."""

    screen: Console | None
    """None with `--json`."""
    steps: list[dict[str, Any]] = field(default_factory=list)

    def narrate(self, sentence: str) -> None:
        if self.screen:
            self.screen.print(safe_text(f"# {sentence}"), style="dim", soft_wrap=True)

    async def step(self, command: str, work: Awaitable[Answer], lines: int | None = None) -> Any:
        """Run one step, show its result (or its first lines), and return its JSON document.

        Raises:
            DomainError, SourceError, DestinationError, SyncStopped: as the command would.
        """
        self._print_command(command)
        answer = await work
        document = answer.document()
        self.steps.append({"command": command, "exit_code": answer.exit_code, "result": document})
        if self.screen:
            _show(answer, self.screen, lines)
        return document

    async def map_confirming(self, container: Container, source_event: str, gleanin_event: str) -> Any:
        """Map two events, and confirm the time zone if necessary."""
        command = f'gleanin-sync map "{NAME}" {source_event} {gleanin_event}'
        try:
            return await self.step(
                command,
                mappings.create_mapping(container, NAME, source_event, gleanin_event, confirmed=False),
            )
        except TimeZoneUnconfirmed as error:
            failure = failure_of(error)
            document = {"error": {"code": failure.code, "message": failure.message}}
            self.steps.append({"command": command, "exit_code": failure.exit_code, "result": document})
            if self.screen:
                self.screen.print(safe_text(failure.message), style="yellow", soft_wrap=True)
                self.screen.print()
        confirmed = mappings.create_mapping(container, NAME, source_event, gleanin_event, confirmed=True)
        return await self.step(f"{command} --confirm-time-zone", confirmed)

    def _print_command(self, command: str) -> None:
        if self.screen:
            self.screen.print(Text.assemble(("$ ", "dim"), (command, "bold cyan")), soft_wrap=True)

    def on_message(self) -> sync.OnMessage | None:
        return self._print_message if self.screen else None

    def _print_message(self, message: str) -> None:
        if self.screen:
            self.screen.print(safe_text(message))


def _show(answer: Answer, screen: Console, lines: int | None) -> None:
    with screen.capture() as captured:
        answer.show(screen)
    shown = captured.get().splitlines(keepends=True)
    screen.file.writelines(shown[:lines])
    screen.print()


async def play(screen: Console | None) -> Answer:
    """Run the demo on stand-ins and a temporary database."""
    from entrypoints.sandbox.loading import load_state
    from entrypoints.sandbox.server import serve

    script = Script(screen)
    with TemporaryDirectory(prefix="gleanin-sync-demo-") as folder:
        async with (
            serve(load_state()) as sandbox,
            opened(settings_for(settings(), Path(folder), sandbox)) as container,
        ):
            await _run_steps(script, container, sandbox)

    def show(last: Console) -> None:
        last.print(
            "The demo is finished and has left nothing behind. To try it yourself: gleanin-sync --help",
            style="dim",
        )

    return Answer(lambda: {"steps": script.steps}, show)


def settings_for(chosen: Settings, folder: Path, sandbox: Sandbox) -> Settings:
    """Return settings that use the stand-ins and a database in the folder, regardless of the environment."""
    return chosen.model_copy(
        update={
            "database_url": SecretStr(f"sqlite:///{folder / 'demo.db'}"),
            "secret_keys": None,
            "gleanin_url": sandbox.gleanin_url,
            "allow_private_addresses": True,
        }
    )


async def _run_steps(script: Script, container: Container, sandbox: Sandbox) -> None:
    from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN

    url, step = sandbox.sessionboard_url, script.step
    script.narrate(
        "Stand-ins for Sessionboard and Gleanin are running on this machine, with a fictional conference."
    )
    await step(
        f'gleanin-sync organization add "{NAME}" --sessionboard-url {url} --token-stdin < sessionboard-token',
        organizations.add_organization(container, NAME, url, Token(SESSIONBOARD_TOKEN)),
    )
    await step(
        f'gleanin-sync connect "{NAME}" --token-stdin < gleanin-token',
        organizations.connect_organization(container, NAME, Token(GLEANIN_TOKEN)),
    )
    events = await step(f'gleanin-sync events "{NAME}"', mappings.list_events(container, NAME))
    mapping = (await script.map_confirming(container, *_pair(events)))["id"]
    script.narrate("Preview: what would a sync do, and why?")
    await step(
        f"gleanin-sync preview {mapping} | head -{PREVIEW_LINES}",
        sync.preview_mapping(container, mapping),
        lines=PREVIEW_LINES,
    )
    await step(
        f"gleanin-sync sync {mapping}", sync.sync_mapping(container, mapping, on_message=script.on_message())
    )
    await asyncio.sleep(sandbox.state.link_delay)  # Gleanin creates share links shortly after a person
    script.narrate("Sync again: nothing has changed, so nothing is written.")
    again = await step(
        f"gleanin-sync sync {mapping}", sync.sync_mapping(container, mapping, on_message=script.on_message())
    )
    script.narrate("Why is this person not in Gleanin?")
    email = await _email_of_blocked_person(container, again["run_id"])
    await step(
        f"gleanin-sync record {mapping} {email}", results.show_record_history(container, mapping, email)
    )
    await step(f"gleanin-sync links {mapping}", share_links.list_links(container, mapping))


async def _email_of_blocked_person(container: Container, run_id: str) -> str:
    _, blocked = await container.resolve(GetRunWithOutcomes)(RunId(run_id), [Outcome.BLOCKED])
    return next(outcome.record.email for outcome in blocked if outcome.record.email)


def _pair(events: dict[str, list[dict[str, Any]]]) -> tuple[str, str]:
    """Return the ids of the first two events with the same name."""
    destination_ids = {event["name"]: event["id"] for event in reversed(events["gleanin"])}
    return next(
        (event["id"], destination_ids[event["name"]])
        for event in events["sessionboard"]
        if event["name"] in destination_ids
    )


@commands.command(epilog=examples("gleanin-sync demo"))
def demo(as_json: AsJson = False) -> None:
    """Run a full example against stand-ins: connect, map, preview, sync, sync again, links. Nothing is left behind."""
    finish(run_async(lambda: play(None if as_json else console())), as_json=as_json)
