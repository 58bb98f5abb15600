"""Logs that are set up when something is logged: structlog takes long to import, and most commands log nothing."""

import logging


class LateLogs(logging.Handler):
    """Stands in for the logs until a library logs something, or somebody wants them."""

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
    """Set the logs up as soon as there is something to log, at a level and above."""
    root = logging.getLogger()
    for each in root.handlers[:]:
        if isinstance(each, LateLogs):
            root.removeHandler(each)
    root.addHandler(LateLogs(level))
    logging.captureWarnings(capture=True)


def set_up_announced_logs() -> None:
    """Set up the logs that were announced, if any were."""
    for each in logging.getLogger().handlers[:]:
        if isinstance(each, LateLogs):
            each.set_up()
