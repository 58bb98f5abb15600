"""How a mapping's health changes at the end of a run."""

from enum import StrEnum

from core.domain.runs.schedule import Schedule


class HealthChange(StrEnum):
    FAILING = "failing"
    HALTED = "halted"
    """A token was refused: nothing of the connection goes on by itself."""
    RECOVERED = "recovered"
    TRIAL = "trial"
    """None at all: somebody tries whether notices arrive."""


def health_change_between(before: Schedule, after: Schedule) -> HealthChange | None:
    """Tell what has changed; None for what is as it was, however often it failed again."""
    if after.is_halted and not before.is_halted:
        return HealthChange.HALTED
    if after.is_failing and not before.is_failing:
        return HealthChange.FAILING
    if before.is_failing and not after.is_failing:
        return HealthChange.RECOVERED
    return None
