"""What selection needs to know about the destination."""

from collections.abc import Mapping
from typing import Protocol

from core.domain.ids import DestinationId, SourceId
from core.domain.records.kinds import RecordKind


class DestinationView(Protocol):
    def emails_in_use(self, kind: RecordKind) -> Mapping[SourceId, str]:
        """Return the e-mail that each person we sent has there, normalized."""
        ...

    def all_created_here(self, kind: RecordKind) -> Mapping[SourceId, DestinationId]:
        """Return the destination's id of each record that this connection sent."""
        ...
