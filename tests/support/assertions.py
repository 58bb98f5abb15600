"""Assertions that also narrow a type."""

from typing import TypeVar

T = TypeVar("T")


def present(value: T | None) -> T:
    """Return the value, and fail if it is None."""
    assert value is not None
    return value
