"""Pages of long lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of a long list."""

    items: Sequence[T]
    next: int | None = None
    """Where the next page begins; None on the last page."""
