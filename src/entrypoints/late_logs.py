"""Logs that are set up at the first event, because importing structlog is slow and most commands log nothing."""

import logging


class LateLogs(logging.Handler):
    """A placeholder handler that sets up the logs when a library logs something, or on request."""

    def __init__(self, level: str) -> None:
        super().__init__(logging.WARNING)
        self._level = level

    def set_up(self) -> None:
        from entrypoints.logs import set_up_logs

        logging.getLogger().removeHandler(self)
        set_up_logs(self._level)

    def emit(self, record: logging.LogRecord) -> None:
        self.set_up()
        logging.getLogger().handle(record)


def announce_logs(level: str) -> None:
    """Set up the logs at the first event at the level or above."""
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, LateLogs):
            root.removeHandler(handler)
    root.addHandler(LateLogs(level))
    logging.captureWarnings(capture=True)


def set_up_announced_logs() -> None:
    """Set up the logs that were announced, if any were."""
    for handler in logging.getLogger().handlers[:]:
        if isinstance(handler, LateLogs):
            handler.set_up()
