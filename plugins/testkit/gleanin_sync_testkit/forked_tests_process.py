"""The process that `forked_tests` starts: it loads the libraries once, and forks for each run.

It is run as a file, so that nothing of the project is imported before the copy is first on the path.
"""

import json
import os
import sys
import tempfile
import traceback
from contextlib import suppress
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

import pytest

LIBRARIES = (
    "cryptography.fernet",
    "email_validator",
    "hypothesis.strategies",
    "httpx",
    "pydantic",
    "structlog",
)
OWN = "gleanin_sync_testkit"


class Results:
    """The pytest plug-in that notes how each test ended."""

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.failures: dict[str, str] = {}
        self.errors: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and report.passed:
            self.passed.append(report.nodeid)
        elif report.failed:
            crash = getattr(report.longrepr, "reprcrash", None)
            message = crash.message if crash else str(report.longrepr)
            (self.failures if report.when == "call" else self.errors)[report.nodeid] = _first_line(message)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors[report.nodeid] = str(report.longrepr)


def _first_line(text: str) -> str:
    return next(iter(text.splitlines()), "")


def _run(job: dict[str, Any], output: int) -> dict[str, Any]:
    os.dup2(output, 1)
    os.dup2(output, 2)
    root: str = job["root"]
    os.chdir(root)
    sys.path[:0] = [os.path.join(root, path) for path in job["paths"]]  # noqa: PTH118 - texts are what is needed
    results = Results()
    # The libraries among pytest's plug-ins need no better messages.
    quiet = "ignore::pytest.PytestAssertRewriteWarning"
    options = [
        "-q",
        "-W",
        quiet,
        "-p",
        "no:cacheprovider",
        f"--rootdir={root}",
        f"--timeout={job['timeout']}",
    ]
    code = pytest.main([*options, *job["tests"]], plugins=[results])
    sys.stdout.flush()
    return {
        "exit_code": int(code),
        "passed": results.passed,
        "failures": results.failures,
        "errors": results.errors,
    }


def _forked(job: dict[str, Any]) -> dict[str, Any]:
    with tempfile.TemporaryFile("w+b") as output, tempfile.TemporaryFile("w+b") as result:
        child = os.fork()
        if child == 0:
            try:
                result.write(json.dumps(_run(job, output.fileno())).encode())
                result.flush()
            except BaseException:  # noqa: BLE001 - whatever it is, only this process knows it
                os.write(output.fileno(), traceback.format_exc().encode())
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        output.seek(0)
        result.seek(0)
        nothing = {"exit_code": -1, "passed": [], "failures": {}, "errors": {"": "the run was cut off"}}
        found: dict[str, Any] = json.loads(result.read() or json.dumps(nothing))
        return {**found, "output": output.read().decode(errors="replace")}


def main() -> None:
    plugins = [point.module for point in entry_points(group="pytest11")]
    for library in (*LIBRARIES, *plugins):
        if not library.startswith(OWN):
            with suppress(ImportError):
                import_module(library)
    for line in sys.stdin:
        print(json.dumps(_forked(json.loads(line))), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
