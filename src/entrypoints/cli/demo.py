"""Everything at once, with nothing to prepare and nothing left behind: `demo`."""

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
from entrypoints.cli.output import Answer, console, say
from entrypoints.cli.runner import finish, in_loop, settings
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.sandbox.server import Sandbox
from entrypoints.settings import Settings

commands = typer.Typer()
NAME = "Demo Conferences"
PREVIEW_LINES = 24
"""Enough to see what a preview tells; the whole one is long."""


@dataclass(slots=True)
class Script:
    """Each step as the command that a person would type, and its result."""

    screen: Console | None
    """None where nobody is watching."""
    steps: list[dict[str, Any]] = field(default_factory=list)

    def tell(self, sentence: str) -> None:
        if self.screen:
            self.screen.print(say(f"# {sentence}"), style="dim", soft_wrap=True)

    async def step(self, command: str, work: Awaitable[Answer], lines: int | None = None) -> Any:
        """Do one step, show its result (or the first lines of it), and give its JSON document.

        Raises:
            Refusal, SourceError, DestinationError, SyncStopped: as the command would.
        """
        self._type(command)
        answer = await work
        self.steps.append({"command": command, "exit_code": answer.exit_code, "result": answer.document})
        if self.screen:
            _show(answer, self.screen, lines)
        return answer.document

    async def map_confirming(self, container: Container, source_event: str, gleanin_event: str) -> Any:
        """Map two events, and confirm the time zone where that is asked for."""
        command = f'gleanin-sync map "{NAME}" {source_event} {gleanin_event}'
        try:
            return await self.step(
                command, mappings.mapped(container, NAME, source_event, gleanin_event, confirmed=False)
            )
        except TimeZoneUnconfirmed as refusal:
            failure = failure_of(refusal)
            error = {"error": {"code": failure.code, "message": failure.message}}
            self.steps.append({"command": command, "exit_code": failure.exit_code, "result": error})
            if self.screen:
                self.screen.print(say(failure.message), style="yellow", soft_wrap=True)
                self.screen.print()
        confirmed = mappings.mapped(container, NAME, source_event, gleanin_event, confirmed=True)
        return await self.step(f"{command} --confirm-time-zone", confirmed)

    def _type(self, command: str) -> None:
        if self.screen:
            self.screen.print(Text.assemble(("$ ", "dim"), (command, "bold cyan")), soft_wrap=True)

    def watching(self) -> sync.Tell | None:
        return self._say if self.screen else None

    def _say(self, message: str) -> None:
        if self.screen:
            self.screen.print(say(message))


def _show(answer: Answer, screen: Console, lines: int | None) -> None:
    with screen.capture() as captured:
        answer.show(screen)
    shown = captured.get().splitlines(keepends=True)
    screen.file.writelines(shown[:lines])
    screen.print()


async def played(screen: Console | None) -> Answer:
    """Play it all, on stand-ins and a database of its own."""
    from entrypoints.sandbox.loading import load_state
    from entrypoints.sandbox.server import serve

    script = Script(screen)
    with TemporaryDirectory(prefix="gleanin-sync-demo-") as folder:
        async with (
            serve(load_state()) as sandbox,
            opened(settings_for(settings(), Path(folder), sandbox)) as container,
        ):
            await _play(script, container, sandbox)

    def show(last: Console) -> None:
        last.print(
            "That was all; nothing of it is left. To go on by yourself: gleanin-sync --help", style="dim"
        )

    return Answer({"steps": script.steps}, show)


def settings_for(chosen: Settings, folder: Path, sandbox: Sandbox) -> Settings:
    """Point at the stand-ins and a database in the folder, whatever the environment says."""
    return chosen.model_copy(
        update={
            "database_url": SecretStr(f"sqlite:///{folder / 'demo.db'}"),
            "secret_keys": None,
            "gleanin_url": sandbox.gleanin_url,
            "allow_private_addresses": True,
        }
    )


async def _play(script: Script, container: Container, sandbox: Sandbox) -> None:
    from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN

    url, step = sandbox.sessionboard_url, script.step
    script.tell(
        "Stand-ins of Sessionboard and Gleanin are running on this machine, with an invented conference."
    )
    await step(
        f'gleanin-sync organization add "{NAME}" --sessionboard-url {url} --token-stdin < sessionboard-token',
        organizations.added(container, NAME, url, Token(SESSIONBOARD_TOKEN)),
    )
    await step(
        f'gleanin-sync connect "{NAME}" --token-stdin < gleanin-token',
        organizations.connected(container, NAME, Token(GLEANIN_TOKEN)),
    )
    events = await step(f'gleanin-sync events "{NAME}"', mappings.events_listed(container, NAME))
    mapping = (await script.map_confirming(container, *_pair(events)))["id"]
    script.tell("What would a sync do, and why?")
    await step(
        f"gleanin-sync preview {mapping} | head -{PREVIEW_LINES}",
        sync.previewed(container, mapping),
        lines=PREVIEW_LINES,
    )
    await step(f"gleanin-sync sync {mapping}", sync.synced(container, mapping, tell=script.watching()))
    await asyncio.sleep(sandbox.world.link_delay)  # Gleanin makes share links a moment after a person
    script.tell("Again: nothing has changed, so nothing is written.")
    again = await step(
        f"gleanin-sync sync {mapping}", sync.synced(container, mapping, tell=script.watching())
    )
    script.tell("Why is this person not in Gleanin?")
    who = await _somebody_blocked(container, again["run_id"])
    await step(f"gleanin-sync record {mapping} {who}", results.history_told(container, mapping, who))
    await step(f"gleanin-sync links {mapping}", share_links.links_listed(container, mapping))


async def _somebody_blocked(container: Container, run_id: str) -> str:
    _, blocked = await container.resolve(GetRunWithOutcomes)(RunId(run_id), [Outcome.BLOCKED])
    return next(each.record.email for each in blocked if each.record.email)


def _pair(events: dict[str, list[dict[str, Any]]]) -> tuple[str, str]:
    """Choose the first two events of one name."""
    theirs = {event["name"]: event["id"] for event in reversed(events["gleanin"])}
    return next(
        (event["id"], theirs[event["name"]]) for event in events["sessionboard"] if event["name"] in theirs
    )


@commands.command(epilog=examples("gleanin-sync demo"))
def demo(as_json: AsJson = False) -> None:
    """Show everything at work: stand-ins, connect, map, preview, sync, sync again, links; nothing is left behind."""
    finish(in_loop(lambda: played(None if as_json else console())), as_json=as_json)
