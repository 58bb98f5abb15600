"""What libraries log, and what Python warns of, as JSON lines like all others: their own words may hold anything."""

import logging
import re
from pathlib import PurePath
from typing import Any

import structlog

_WORDS = re.compile(r"[A-Za-z][A-Za-z ,.()_-]{0,119}")
"""How a sentence begins, up to the first sign that what follows may be a value: a quote, a colon, a digit, an @."""
_STATIC = frozenset({"asyncio", "uvicorn.error"})
"""Loggers whose sentences begin with fixed words also where they have no arguments."""
_WARNINGS = "py.warnings"
_WARNING = re.compile(r"(?P<file>[^\n]*?):(?P<line>\d+): (?P<category>\w+): ")
"""As `warnings.formatwarning` writes one."""


class ToStructlog(logging.Handler):
    """Tells who logged, where, and how the sentence begins; neither values nor an error's words."""

    def emit(self, record: logging.LogRecord) -> None:
        told: dict[str, Any] = {"logger": record.name, "at": f"{record.module}:{record.lineno}"}
        if words := _words(record):
            told["words"] = words
        if record.name == _WARNINGS and (found := _WARNING.match(record.getMessage())):
            told["at"] = f"{PurePath(found['file']).stem}:{found['line']}"
            told["problem"] = found["category"]
        if record.exc_info and record.exc_info[1] is not None:
            told["problem"] = type(record.exc_info[1]).__name__
            if record.levelno >= logging.ERROR:
                told["exc_info"] = record.exc_info[1]
        log = structlog.get_logger()
        (log.error if record.levelno >= logging.ERROR else log.warning)("library.logged", **told)


def _words(record: logging.LogRecord) -> str:
    # Not with its arguments; without any, values may have been put into it before.
    if not record.args and record.name not in _STATIC:
        return ""
    found = _WORDS.match(str(record.msg))
    return found.group().strip() if found else ""


def bridge_library_logs() -> None:
    """Send warnings and errors of all libraries to structlog, and to nothing else."""
    root = logging.getLogger()
    for each in root.handlers[:]:
        if isinstance(each, ToStructlog):
            root.removeHandler(each)
    root.addHandler(ToStructlog(logging.WARNING))
    logging.captureWarnings(capture=True)
