"""Changes of a mapping's health at the end of a run."""

from enum import StrEnum

from core.domain.runs.schedule import Schedule


class HealthChange(StrEnum):
    FAILING = "failing"
    HALTED = "halted"
    """A token was refused: automatic syncs of the connection are paused."""
    RECOVERED = "recovered"
    TEST = "trial"
    """No change: an admin tests whether notifications arrive."""


def health_change_between(before: Schedule, after: Schedule) -> HealthChange | None:
    """Return the change between two schedules; None if nothing changed, also if a failing mapping failed again."""
    if after.is_halted and not before.is_halted:
        return HealthChange.HALTED
    if after.is_failing and not before.is_failing:
        return HealthChange.FAILING
    if before.is_failing and not after.is_failing:
        return HealthChange.RECOVERED
    return None
