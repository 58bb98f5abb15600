"""Exponential backoff: the delay after consecutive failures of any kind."""

from datetime import timedelta
from typing import TypeVar

Delay = TypeVar("Delay", float, timedelta)
_MAX_DOUBLINGS = 16
"""Enough to exceed every maximum in use; more would eventually overflow."""


def backoff(first: Delay, failures: int, maximum: Delay) -> Delay:
    """Return the delay after consecutive failures: the first delay, doubled for each further failure."""
    return min(first * 2.0 ** min(max(failures - 1, 0), _MAX_DOUBLINGS), maximum)


def spread(minimum: Delay, maximum: Delay, fraction: float) -> Delay:
    """Return the delay at a fraction (0 to 1) between two delays, so that retries after a shared failure spread out.

    The fraction is random, or derived from stored data if all processes must compute the same delay.
    """
    return minimum + (maximum - minimum) * fraction
