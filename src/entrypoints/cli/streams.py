"""stdout and stderr for a program that must end well even where neither can be written to."""

import io
import os
import sys
from contextlib import suppress
from pathlib import Path


class StdoutLost(Exception):
    """Nothing more can be said on stdout; its text says why."""

    def __init__(self, problem: OSError | None = None) -> None:
        why = (problem.strerror or type(problem).__name__) if problem else "it is closed"
        super().__init__(f"Standard output cannot be written: {why}.")
        self.nobody_reads = isinstance(problem, BrokenPipeError)


class _Stdout(io.TextIOWrapper):
    # No OSError leaves it: libraries that know a broken pipe end the process with exit codes of their own.
    def write(self, text: str) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise StdoutLost(error) from error

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise StdoutLost(error) from error


class _Stderr(io.TextIOWrapper):
    # Where it fails there is nobody left to tell, and the exit code still counts.
    def write(self, text: str) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def set_up_streams() -> None:
    """Exchange both streams for ones that fail in one way only.

    Raises:
        StdoutLost: there is none.
    """
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    elif isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _exchanged(sys.stderr, _Stderr)
    if sys.stdout is None:
        # Before anything is done: whoever closed it would not know what was.
        raise StdoutLost
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _exchanged(sys.stdout, _Stdout)


def _exchanged(stream: io.TextIOWrapper, by: type[io.TextIOWrapper]) -> io.TextIOWrapper:
    encoding, line_buffering, write_through = stream.encoding, stream.line_buffering, stream.write_through
    return by(
        stream.detach(),
        encoding,
        errors="replace",  # a terminal that has no emoji shows a question mark; nothing ends for it
        line_buffering=line_buffering,
        write_through=write_through,
    )


def give_up_stdout() -> None:
    """Let what could not be written go nowhere, so that the interpreter does not try it again at its end."""
    if sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
