"""The event log, over structlog; the entrypoint chooses its output."""

from typing import Any

import structlog

from ports.log import Datum


class StructlogEvents:
    def __init__(self, logger: Any = None) -> None:
        self._logger = structlog.get_logger() if logger is None else logger

    def bound(self, **ids: Datum) -> "StructlogEvents":
        return StructlogEvents(self._logger.bind(**ids))

    def event(self, name: str, **data: Datum) -> None:
        self._logger.info(name, **data)

    def warning(self, name: str, **data: Datum) -> None:
        self._logger.warning(name, **data)

    def fault(self, name: str, error: BaseException, **data: Datum) -> None:
        self._logger.error(name, exc_info=error, **data)
