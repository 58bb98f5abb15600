"""Carrying out booked runs, while whoever booked them goes on."""

from typing import Protocol

from core.domain.identifiers import RunId


class Jobs(Protocol):
    def start(self, run_id: RunId) -> None:
        """See that a booked run is carried out soon; one that is on its way already is not started twice."""
        ...
