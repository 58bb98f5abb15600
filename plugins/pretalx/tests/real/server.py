"""The pretalx server as the tests see it: a process of another Python, and edits of its programme."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.timeouts import next_line

HERE = Path(__file__).parent
START, EDIT = 240.0, 60.0
"""Seconds; migrations take 20 on a quiet machine."""


@dataclass(frozen=True, slots=True)
class PretalxServer:
    process: subprocess.Popen[str]
    url: str

    def do(self, name: str, *arguments: Any) -> Any:
        """Edit the programme, by a function of `programme.py`."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([name, arguments]) + "\n")
        self.process.stdin.flush()
        return _next_document(self.process, EDIT)

    def talks(self, state: str | None = None) -> dict[str, Mapping[str, Any]]:
        """Return the submissions by their codes."""
        return {talk["code"]: talk for talk in self.do("talks") if state in (None, talk["state"])}


@contextmanager
def serving_pretalx(python: str, folder: Path) -> Iterator[PretalxServer]:
    """Create a database with the test event in a folder, and serve it."""
    (folder / "pretalx.cfg").touch()
    log = folder / "stderr.txt"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PRETALX")} | {
        "DJANGO_SETTINGS_MODULE": "pretalx_settings",
        "PRETALX_CONFIG_FILE": str(folder / "pretalx.cfg"),
        "PRETALX_DATA_DIR": str(folder),
        "PRETALX_NO_INITIAL_LOG": "yes",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with (
        log.open("w") as file,  # a pipe that nobody reads would stop it
        subprocess.Popen(
            [python, str(HERE / "pretalx_site.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
            env=environment,
            cwd=folder,
        ) as process,
    ):
        try:
            yield PretalxServer(process, _next_document(process, START)["url"])
        except AssertionError as error:
            error.add_note(log.read_text()[-3000:])
            raise
        finally:
            process.kill()


def _next_document(process: subprocess.Popen[str], within: float) -> Any:
    line = next_line(process, within=within)
    assert line, f"pretalx has ended with {process.wait(within)}."
    return json.loads(line)
