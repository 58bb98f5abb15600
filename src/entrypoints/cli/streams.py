"""stdout and stderr that fail in a controlled way when they cannot be written."""

import io
import os
import sys
from contextlib import suppress
from pathlib import Path


class StdoutLost(Exception):
    """stdout cannot be written; the message says why."""

    def __init__(self, problem: OSError | None = None) -> None:
        why = (problem.strerror or type(problem).__name__) if problem else "it is closed"
        super().__init__(f"Cannot write to standard output: {why}.")
        self.reader_closed = isinstance(problem, BrokenPipeError)


class _Stdout(io.TextIOWrapper):
    # Never raises OSError: libraries that catch a broken pipe would exit with their own exit code.
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
    # Errors are ignored: they cannot be reported anywhere, and the exit code still counts.
    def write(self, text: str) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def set_up_streams() -> None:
    """Replace both streams by ones that raise only `StdoutLost`, or nothing.

    Raises:
        StdoutLost: stdout is closed.
    """
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    elif isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _replace(sys.stderr, _Stderr)
    if sys.stdout is None:
        # Fail before doing anything, because the result could not be shown.
        raise StdoutLost
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout = _replace(sys.stdout, _Stdout)


def _replace(stream: io.TextIOWrapper, by: type[io.TextIOWrapper]) -> io.TextIOWrapper:
    encoding, line_buffering, write_through = stream.encoding, stream.line_buffering, stream.write_through
    return by(
        stream.detach(),
        encoding,
        errors="replace",  # a terminal without emoji shows a question mark instead of failing
        line_buffering=line_buffering,
        write_through=write_through,
    )


def discard_stdout() -> None:
    """Redirect stdout to the null device, so that the interpreter does not try to flush it again at exit."""
    if sys.stdout is not None:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, sys.stdout.fileno())
        os.close(null)
