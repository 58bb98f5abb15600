"""Runs tests in copies of a project, each run in a process of its own that has the libraries loaded already."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEST_TIMEOUT = 200
"""Seconds for one test."""
PROCESS = Path(__file__).with_name("forked_tests_process.py")


@dataclass(frozen=True, slots=True)
class ForkedRun:
    """How a run of pytest ended."""

    exit_code: int
    passed: Sequence[str]
    failures: Mapping[str, str]
    """The first line of what each failed test said, by the test; without those that failed before or after it."""
    errors: Mapping[str, str]
    """What failed in other ways, such as an import."""
    output: str


@dataclass(frozen=True, slots=True)
class ForkedTests:
    process: "subprocess.Popen[str]"

    def run(self, root: Path, paths: Sequence[str], tests: Sequence[str]) -> ForkedRun:
        """Run tests, and return how that ended.

        Args:
            root: of the project's copy.
            paths: below the root; put first on the path of imports.
            tests: as pytest calls them, below the root.
        """
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        job = {"root": str(root), "paths": paths, "tests": tests, "timeout": TEST_TIMEOUT}
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, "the process that runs the tests has ended"
        found: dict[str, Any] = json.loads(answer)
        return ForkedRun(**found)


@contextmanager
def forked_tests() -> Iterator[ForkedTests]:
    """Start the process; it ends with the block."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    with subprocess.Popen(  # noqa: S603 - our own file
        [sys.executable, "-P", str(PROCESS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=kept,
    ) as process:
        try:
            yield ForkedTests(process)
        finally:
            process.kill()
