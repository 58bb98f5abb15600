"""Log events of libraries and Python warnings as JSON lines; their messages may contain anything and are cut."""

import logging
import re
from pathlib import PurePath
from typing import Any

import structlog

_WORDS = re.compile(r"[A-Za-z][A-Za-z ,.()_-]{0,119}")
"""The beginning of a message, up to the first sign of a value: a quote, a colon, a digit, an @."""
_STATIC = frozenset({"asyncio", "uvicorn.error"})
"""Loggers whose messages begin with fixed words even without arguments."""
_WARNINGS = "py.warnings"
_WARNING = re.compile(r"(?P<file>[^\n]*?):(?P<line>\d+): (?P<category>\w+): ")
"""The format of `warnings.formatwarning`."""


class ToStructlog(logging.Handler):
    """Logs the logger, the location and the beginning of the message, but no values and no error messages."""

    def emit(self, record: logging.LogRecord) -> None:
        data: dict[str, Any] = {"logger": record.name, "at": f"{record.module}:{record.lineno}"}
        if words := _words(record):
            data["words"] = words
        if record.name == _WARNINGS and (found := _WARNING.match(record.getMessage())):
            data["at"] = f"{PurePath(found['file']).stem}:{found['line']}"
            data["problem"] = found["category"]
        if record.exc_info and record.exc_info[1] is not None:
            data["problem"] = type(record.exc_info[1]).__name__
            if record.levelno >= logging.ERROR:
                data["exc_info"] = record.exc_info[1]
        log = structlog.get_logger()
        (log.error if record.levelno >= logging.ERROR else log.warning)("library.logged", **data)


def _words(record: logging.LogRecord) -> str:
    # Without its arguments. If it has none, values may already be formatted into the message.
    if not record.args and record.name not in _STATIC:
        return ""
    found = _WORDS.match(str(record.msg))
    return found.group().strip() if found else ""


def bridge_library_logs() -> None:
    """Send warnings and errors of all libraries to structlog, and to nothing else."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, ToStructlog):
            root.removeHandler(handler)
    root.addHandler(ToStructlog(logging.WARNING))
    logging.captureWarnings(capture=True)
