"""Standard streams that are closed, full or without a reader: no traceback, and a meaningful exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.cli.conftest import CommandLine
from tests.support.timeouts import WITHIN

COMMAND = str(Path(sys.executable).with_name("gleanin-sync"))
FULL = "/dev/full"
USES = pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["run", "--help"],
        ["organization", "list"],
        ["organization", "list", "--json"],
        ["run", "r1", "--json"],  # refused: there is no such run
        ["nonsense", "--json"],
        ["database", "upgrade", "--json"],
    ],
    ids=" ".join,
)
needs_full = pytest.mark.skipif(not Path(FULL).exists(), reason="no device here is always full")


def in_shell(redirections: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'exec "$0" "$@" {redirections}', COMMAND, *arguments],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=WITHIN,
        check=False,
    )


def with_nobody_reading(*arguments: str, errors_too: bool = False) -> subprocess.CompletedProcess[str]:
    """Run with a pipe as stdout whose reader has closed it, as `| head -1` does after its line."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [COMMAND, *arguments],
            stdout=writer,
            stderr=writer if errors_too else subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=WITHIN,
            check=False,
        )
    finally:
        os.close(writer)


@USES
def test_a_pipe_that_nobody_reads_ends_quietly_with_141(arguments: list[str], cli: CommandLine) -> None:
    ended = with_nobody_reading(*arguments)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_a_pipe_that_nobody_reads_may_have_stderr_too(cli: CommandLine) -> None:
    assert with_nobody_reading("organization", "list", errors_too=True).returncode == 141
    assert with_nobody_reading("nonsense", errors_too=True).returncode == 2


@needs_full
@USES
def test_a_full_disk_ends_with_1_and_one_sentence(arguments: list[str], cli: CommandLine) -> None:
    ended = in_shell(f">{FULL}", *arguments)
    assert ended.returncode == 1
    assert ended.stderr == "Error: Cannot write to standard output: No space left on device.\n"


@USES
def test_a_stdout_that_is_closed_ends_with_1_and_one_sentence(arguments: list[str], cli: CommandLine) -> None:
    ended = in_shell(">&-", *arguments)
    assert ended.returncode == 1
    assert ended.stderr == "Error: Cannot write to standard output: it is closed.\n"


def test_with_a_stdout_that_is_closed_nothing_is_done(cli: CommandLine, tmp_path: Path) -> None:
    assert in_shell(">&-", "database", "upgrade").returncode == 1
    assert not (tmp_path / "cli.db").exists()


@pytest.mark.parametrize("redirections", ["2>&-", pytest.param(f"2>{FULL}", marks=needs_full)])
def test_without_a_stderr_the_exit_code_still_tells(redirections: str, cli: CommandLine) -> None:
    assert in_shell(redirections, "nonsense").returncode == 2
    assert in_shell(redirections, "run", "r1").returncode == 3
    assert in_shell(f">&- {redirections}", "organization", "list").returncode == 1
    assert in_shell(redirections, "organization", "list", "--json").stdout == "[]\n"


def test_a_fault_of_ours_ends_well_whatever_the_streams_are(cli: CommandLine, tmp_path: Path) -> None:
    # The same program, with one part that fails.
    broken = tmp_path / "broken.py"
    broken.write_text(
        "from core.usecases.organizations.list_health import ListOrganizationHealth\n"
        "from entrypoints.cli.main import main\n"
        "async def break_down(self, actor): raise RuntimeError\n"
        "ListOrganizationHealth.__call__ = break_down\n"
        "main()\n"
    )
    reader, writer = os.pipe()
    os.close(reader)
    for arguments, stdout, exit_code in (([], subprocess.PIPE, 1), (["--json"], writer, 141)):
        ended = subprocess.run(
            [sys.executable, str(broken), "organization", "list", *arguments],
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
            timeout=WITHIN,
            check=False,
        )
        assert ended.returncode == exit_code
        assert "Traceback" not in ended.stderr
    os.close(writer)


@pytest.mark.parametrize("redirections", ["<&-", "0>/dev/null"], ids=["closed", "only to write to"])
def test_a_token_from_a_stdin_that_cannot_be_read_is_wrong_usage(redirections: str, cli: CommandLine) -> None:
    ended = in_shell(redirections, "connect", "ACME", "--token-stdin")
    assert ended.returncode == 2
    assert "Cannot read standard input." in ended.stderr
    assert "Traceback" not in ended.stderr


def test_with_a_stdin_that_is_closed_nobody_is_asked(cli: CommandLine) -> None:
    ended = in_shell("<&-", "connect", "ACME")
    assert ended.returncode == 2
    assert "There is no terminal to prompt at." in ended.stderr
    ended = in_shell("<&-", "disconnect", "ACME")
    assert ended.returncode == 3
    assert "Traceback" not in ended.stderr
