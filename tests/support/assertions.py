"""What has to be there for a test to go on."""

from typing import TypeVar

T = TypeVar("T")


def present(value: T | None) -> T:
    """Return the value, which is not None."""
    assert value is not None
    return value
