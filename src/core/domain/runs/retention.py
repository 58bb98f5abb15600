"""Which old runs may be deleted from the history."""

from dataclasses import dataclass

from core.domain.ids import RunId


@dataclass(frozen=True, slots=True)
class EndedRun:
    run_id: RunId
    is_latest: bool
    """The latest of its mapping and scope: health depends on it."""
    has_unchanged_marker: bool
    """Its outcomes stay valid as long as nothing changes."""

    @property
    def may_be_deleted(self) -> bool:
        return not self.is_latest and not self.has_unchanged_marker
