"""Logs: one JSON object per line on stderr, including those of libraries; never a token or an e-mail."""

import logging
import sys
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, ExcInfo

from entrypoints.library_logs import bridge_library_logs
from entrypoints.log_limits import LogLimit

# Without local variables, which may contain a token or personal data.
_frames = ExceptionDictTransformer(show_locals=False)


ALWAYS_LOGGED = "access."
"""The prefix of events about access: operators need them to investigate a break-in."""


def set_up_logs(level: str) -> None:
    """Log events at the level and above, and events about access from `info` on."""
    levels = logging.getLevelNamesMapping()
    min_level = levels[level.upper()]

    def drop_below_level(_: Any, method: str, event: EventDict) -> EventDict:
        is_below = levels.get(method.upper(), logging.ERROR) < min_level
        if is_below and not str(event["event"]).startswith(ALWAYS_LOGGED):
            raise structlog.DropEvent
        return event

    structlog.configure(
        processors=[
            drop_below_level,
            LogLimit(),
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(_without_messages),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(min(min_level, logging.INFO)),
        # Look stderr up at each event, because it can be replaced.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    bridge_library_logs()


def _without_messages(exc_info: ExcInfo) -> list[dict[str, Any]]:
    """Return types and locations only: an error's message may contain a person's name and e-mail."""
    return [_without_message(error) for error in _frames(exc_info)]


def _without_message(error: dict[str, Any]) -> dict[str, Any]:
    reduced = {key: value for key, value in error.items() if key not in {"exc_value", "exc_notes"}}
    reduced["exceptions"] = [[_without_message(nested) for nested in group] for group in error["exceptions"]]
    return reduced
