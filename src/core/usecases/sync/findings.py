"""What a sync finds out about the run as a whole, besides the outcomes of its records."""

from dataclasses import dataclass

from core.domain.runs.messages import NO_REMARKS, Remarks
from core.domain.runs.unchanged_marker import UnchangedMarker


@dataclass(frozen=True, slots=True)
class SyncFindings:
    remarks: Remarks = NO_REMARKS
    marker: UnchangedMarker | None = None
    """What the run has proved, if it has: both systems agree."""


NOTHING_FOUND = SyncFindings()
