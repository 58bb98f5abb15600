"""How long to wait after failures in a row, whatever it was that failed."""

from datetime import timedelta
from typing import TypeVar

Delay = TypeVar("Delay", float, timedelta)
_MAX_DOUBLINGS = 16
"""Beyond every maximum there is; further ones would overflow in the end."""


def backoff(first: Delay, failures: int, maximum: Delay) -> Delay:
    """Return the delay after so many failures in a row: the first one, doubled by each further failure."""
    return min(first * 2.0 ** min(max(failures - 1, 0), _MAX_DOUBLINGS), maximum)


def spread(shortest: Delay, longest: Delay, share: float) -> Delay:
    """Return the delay at a share from 0 to 1 of the way, so that those who failed together do not return together.

    The share is random, or follows from what is stored where all processes have to find the same delay.
    """
    return shortest + (longest - shortest) * share
