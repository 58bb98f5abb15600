"""Where people reach the product UI, for what is read outside of it."""

from typing import Protocol

from core.domain.ids import RunId


class Links(Protocol):
    def home(self) -> str: ...

    def run(self, run_id: RunId) -> str:
        """Give the address at which a run's results are shown."""
        ...
