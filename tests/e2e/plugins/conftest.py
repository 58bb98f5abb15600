"""Toy plug-ins, installed as packages beside this program, which runs as a process of its own."""

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_result import CommandResult
from tests.support.processes import COMMAND, free_port, until_ready
from tests.support.timeouts import WITHIN
from tests.support.toy_server import TOKEN, ToyServer, ToyState, serving_toys

ROOT = Path(__file__).parents[3]
PLUGINS = ROOT / "tests" / "plugins"
PACKAGES = ROOT / "plugins"
SOURCES = ROOT / "src"
DEVELOPED_HERE = {
    tomllib.loads(project.read_text())["project"]["name"] for project in PACKAGES.glob("*/pyproject.toml")
}
"""The packages of this repository, which its development environment has installed."""
UV = str(Path(sys.executable).with_name("uv"))
TOYS = ("toy_source", "toy_destination", "toy_kind")
ORG = "Toy Makers"
BOX_EVENT = "summer"
SHELF = "7"
Install = Callable[..., Path]


@dataclass(frozen=True, slots=True)
class Result(CommandResult):
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Program:
    """`gleanin-sync` in processes of its own, with the packages in some folders."""

    path: tuple[Path, ...]
    database: Path
    shelf_url: str = "https://shelf.example.org"
    results: list[Result] = field(default_factory=list)
    """Of all commands so far."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Further variables of the environment."""

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "PYTHONPATH": os.pathsep.join(map(str, self.path)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "GLEANIN_SYNC_DATABASE_URL": f"sqlite:///{self.database}",
            "GLEANIN_SYNC_ALLOW_PRIVATE_ADDRESSES": "true",
            "TOY_SHELF_URL": self.shelf_url,
            **self.more,
        }

    def __call__(self, *arguments: str, stdin: str = "") -> Result:
        done = subprocess.run(
            [COMMAND, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=WITHIN,
            check=False,
        )
        result = Result(done.returncode, done.stdout, done.stderr, arguments)
        self.results.append(result)
        return result

    def json(self, *arguments: str, stdin: str = "") -> Result:
        return self(*arguments, "--json", stdin=stdin)

    def done(self, *arguments: str, stdin: str = "") -> Any:
        """Return the document of a command that must succeed."""
        result = self.json(*arguments, stdin=stdin)
        assert result.exit_code == 0, (result.out, result.err)
        return result.document

    def plugins(self) -> list[dict[str, Any]]:
        """Return what the program lists as installed, without the packages that are developed here."""
        return [each for each in self.done("plugins") if each["package"] not in DEVELOPED_HERE]

    @contextmanager
    def serving(self) -> Iterator[str]:
        """Serve the HTTP entrypoint, and yield its URL; its log must not report a fault."""
        port, log = free_port(), self.database.with_suffix(".log")
        url = f"http://127.0.0.1:{port}"
        with (
            log.open("w") as file,  # a pipe that nobody reads would stop it
            subprocess.Popen(
                [COMMAND, "serve", "--port", str(port)],
                stdout=file,
                stderr=file,
                stdin=subprocess.DEVNULL,
                text=True,
                env=self.environment,
            ) as process,
        ):
            try:
                until_ready(process, url)
                yield url
                process.terminate()
                assert process.wait(WITHIN) == 0, log.read_text()
            finally:
                process.kill()
        assert "fault" not in log.read_text()

    def without(self, *folders: Path) -> "Program":
        """Return the program on the same database without the packages in some folders."""
        return replace(self, path=tuple(folder for folder in self.path if folder not in folders))


def folder_of(name: str) -> Path:
    """Return the folder of a toy, or else of a package of this repository."""
    return next(folder / name for folder in (PLUGINS, PACKAGES) if (folder / name).is_dir())


@pytest.fixture(scope="session")
def install(tmp_path_factory: pytest.TempPathFactory) -> Install:
    """Install toys, or packages of this repository, into a folder, one for each combination, and return it."""
    folders: dict[Sequence[str], Path] = {}

    def install(*names: str) -> Path:
        if names not in folders:
            folder = folders[names] = tmp_path_factory.mktemp("installed")
            # Without its cache, which does not notice every change of a package in a folder.
            options = ("--no-cache", "--offline", "--no-deps", "--no-build-isolation")
            subprocess.run(
                [UV, "pip", "install", "--python", sys.executable, "--target", str(folder), *options]
                + [str(folder_of(name)) for name in names],
                check=True,
                timeout=WITHIN,
            )
        return folders[names]

    return install


def programme() -> ToyState:
    people = [
        {"id": f"p{number}", "first_name": first, "last_name": "Toy", "email": f"{first.lower()}@example.org"}
        for number, first in enumerate(("Ada", "Bert", "Cleo"))
    ]
    sessions = [
        {
            "id": f"s{number}",
            "title": f"Talk {number}",
            "starts_at": f"2031-07-01T1{number}:00:00+02:00",
            "ends_at": f"2031-07-01T1{number}:45:00+02:00",
            "people": [person],
        }
        for number, person in enumerate(people)
    ]
    helpers = [
        {"id": "h1", "name": "Hedy Help", "email": "hedy@example.org", "shift": "Morning shift"},
        {"id": "h2", "name": "Hugo Help", "email": "hugo@example.org"},
    ]
    event = {"name": "Summer of Toys", "zone": "Europe/Paris", "sessions": sessions, "helpers": helpers}
    return ToyState(
        box={BOX_EVENT: {"id": BOX_EVENT, **event}},
        shelves={SHELF: {"id": SHELF, "name": "Summer on the shelf", "zone": "Europe/Paris"}},
    )


@pytest.fixture
def toys() -> Iterator[ToyServer]:
    with serving_toys(programme()) as server:
        yield server


@pytest.fixture
def program(install: Install, toys: ToyServer, tmp_path: Path) -> Program:
    """Return the program with the toys that work, and an empty database."""
    return Program((install(*TOYS),), tmp_path / "toys.db", toys.shelf_url)


def mapped_by(program: Program, toys: ToyServer) -> str:
    """Add an organization with the toys, map its event, and return the mapping's id."""
    token = ("--token-stdin",)
    added = ("organization", "add", ORG, "--source", "toys", "--url", toys.box_url)
    program.done(*added, *token, stdin=TOKEN)
    program.done("connect", ORG, "--destination", "toy-shelf", *token, stdin=TOKEN)
    shelf = program.done("events", ORG)["gleanin"][0]["id"]
    return str(program.done("map", ORG, BOX_EVENT, shelf)["id"])


@pytest.fixture
def mapping(program: Program, toys: ToyServer) -> str:
    return mapped_by(program, toys)
