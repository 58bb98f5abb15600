"""What the queue's libraries warn of, as events like all others: their own lines may hold anything."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from ports.log import EventLog

_LOGGERS = ("procrastinate", "psycopg.pool")


class _AsEvents(logging.Handler):
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
    handler = _AsEvents(log)
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    for each in loggers:
        each.addHandler(handler)
        each.propagate = False
    try:
        yield
    finally:
        for each in loggers:
            each.removeHandler(handler)
