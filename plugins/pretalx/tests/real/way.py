"""The way from pretalx to Gleanin, by the commands that an admin uses."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from entrypoints.sandbox.state import GLEANIN_TOKEN, SandboxState
from plugins.pretalx.tests.real.server import PretalxServer
from tests.support.command_result import CommandResult
from tests.support.processes import COMMAND

ORG, SLUG, ZONE = "Demo org", "democon", "Europe/Berlin"
EVENT = "DemoCon in Gleanin"
WITHIN = 120.0
"""Seconds for a command."""


@dataclass(frozen=True, slots=True)
class Synced:
    """A sync that has ended."""

    result: CommandResult
    outcomes: Mapping[str, Mapping[str, Any]]
    """By the records' ids in pretalx."""

    @property
    def message(self) -> str:
        return str(self.result.document["message"])

    def of(self, source_id: str) -> tuple[str, str]:
        """Return a record's outcome and the code of its reason."""
        outcome = self.outcomes[source_id]
        return outcome["outcome"], outcome["code"]

    def ids(self, *outcomes: str) -> set[str]:
        return {source_id for source_id, each in self.outcomes.items() if each["outcome"] in outcomes}


@dataclass(slots=True)
class Way:
    pretalx: PretalxServer
    gleanin: SandboxState
    gleanin_url: str
    database: Path
    token: str = ""
    mapping: str = ""
    first: Synced | None = None
    """The first sync."""

    def run(self, *arguments: str, stdin: str = "") -> CommandResult:
        done = subprocess.run(
            [COMMAND, *arguments, "--json"],
            input=stdin,
            capture_output=True,
            text=True,
            env=os.environ
            | {
                "GLEANIN_SYNC_DATABASE_URL": f"sqlite:///{self.database}",
                "GLEANIN_SYNC_ALLOW_PRIVATE_ADDRESSES": "true",
                "GLEANIN_SYNC_GLEANIN_URL": self.gleanin_url,
            },
            timeout=WITHIN,
            check=False,
        )
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def done(self, *arguments: str, stdin: str = "") -> Any:
        """Return the document of a command that must succeed."""
        result = self.run(*arguments, stdin=stdin)
        assert result.exit_code == 0, (arguments, result.out, result.err)
        return result.document

    def add_organization(self, name: str, token: str, **access: str) -> None:
        added = ("organization", "add", name, "--source", "pretalx", "--url", self.pretalx.url)
        fields = [option for name, value in access.items() for option in ("--access", f"{name}={value}")]
        self.done(*added, *fields, "--token-stdin", stdin=token)
        self.done("connect", name, "--token-stdin", stdin=GLEANIN_TOKEN)

    def add_event(self, title: str, zone: str | None = ZONE) -> str:
        return str(self.gleanin.gleanin.add_event(title, zone, None).id)

    def beside(self, name: str) -> "Way":
        """Return the way of another installation: in one, an event is in one mapping only."""
        return replace(self, database=self.database.with_name(f"{name}.db"))

    def connect(self) -> None:
        """Add an organization, map the event, and sync it once."""
        self.token = self.pretalx.do("make_token", "submissions")
        self.add_organization(ORG, self.token)
        self.mapping = self.done("map", ORG, SLUG, self.add_event(EVENT))["id"]
        self.first = self.sync()

    def sync(self, mapping: str | None = None) -> Synced:
        mapping = mapping or self.mapping
        result = self.run("sync", mapping)
        run = self.done("run", result.document["run_id"]) if "run_id" in result.document else {"outcomes": []}
        return Synced(result, {each["source_id"]: each for each in run["outcomes"]})

    def records(self, type_: str, event: str = EVENT) -> dict[str, Mapping[str, Any]]:
        """Return what Gleanin has in an event, by the records' ids in pretalx."""
        found = next(one.id for one in self.gleanin.gleanin.events.values() if one.title == event)
        return {
            str(record.attributes["external_idx"]).rpartition(":")[2]: record.attributes
            for record in self.gleanin.gleanin.of(found, type_).values()
        }

    @property
    def writes(self) -> int:
        return self.gleanin.writes.total()
