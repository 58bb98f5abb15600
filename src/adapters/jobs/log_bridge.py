"""Turns warnings of the queue's libraries into log events without their text, which may contain anything."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ports.log import EventLog

_LOGGERS = ("procrastinate", "psycopg.pool")


class _EventHandler(logging.Handler):
    def __init__(self, log: EventLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        self._log.warning(
            "jobs.queue_warned",
            by=record.name,
            action=getattr(record, "action", None),
            problem=error.__name__ if error else None,
        )


@contextmanager
def bridge_logs(log: EventLog) -> Iterator[None]:
    handler = _EventHandler(log)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)
            logger.propagate = True
