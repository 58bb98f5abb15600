"""What of the history may be forgotten, once it is old enough."""

from dataclasses import dataclass

from core.domain.ids import RunId


@dataclass(frozen=True, slots=True)
class EndedRun:
    run_id: RunId
    is_latest: bool
    """Of its mapping and scope: health is judged by it."""
    has_checkpoint: bool
    """Its outcomes hold as long as nothing changes."""

    @property
    def may_be_forgotten(self) -> bool:
        return not self.is_latest and not self.has_checkpoint
