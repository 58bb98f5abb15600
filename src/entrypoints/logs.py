"""Logs: one JSON object a line, on stderr; never a token, never an e-mail; what libraries log included."""

import logging
import sys
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, ExcInfo

from entrypoints.library_logs import bridge_library_logs
from entrypoints.log_limits import LogLimit

# Without local variables: one of them may be a token, or a person.
_frames = ExceptionDictTransformer(show_locals=False)


ALWAYS_TOLD = "access."
"""Events about access: operators need them when there has been a break-in."""


def set_up_logs(level: str) -> None:
    """Write events of a level and above, and those about access from `info` on."""
    levels = logging.getLevelNamesMapping()
    least = levels[level.upper()]

    def leave_out(_: Any, method: str, event: EventDict) -> EventDict:
        if levels.get(method.upper(), logging.ERROR) < least and not str(event["event"]).startswith(
            ALWAYS_TOLD
        ):
            raise structlog.DropEvent
        return event

    structlog.configure(
        processors=[
            leave_out,
            LogLimit(),
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_without_words),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(min(least, logging.INFO)),
        # Whatever stderr is when something is logged: it can be exchanged meanwhile.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    bridge_library_logs()


def _without_words(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Tell types and places only: an error's own text may hold a row, with a person's name and address."""
    return [_wordless(each) for each in _frames(exc_info)]


def _wordless(told: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in told.items() if key not in {"exc_value", "exc_notes"}}
    kept["exceptions"] = [[_wordless(each) for each in group] for group in told["exceptions"]]
    return kept
