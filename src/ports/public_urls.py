"""Addresses of the product UI, for texts that are read outside of it."""

from typing import Protocol

from core.domain.ids import RunId


class PublicUrls(Protocol):
    def home(self) -> str: ...

    def run(self, run_id: RunId) -> str:
        """Return the address of a run's results."""
        ...
