"""Use cases that are built out of what stands on a stage."""

from collections.abc import Callable
from inspect import signature
from typing import Generic, TypeVar

T = TypeVar("T")


class Wired(Generic[T]):
    """A use case, built anew whenever it is asked for: of what its owner or the owner's stage has under the same names."""

    def __init__(self, use_case: Callable[..., T]) -> None:
        self.use_case = use_case

    def __get__(self, owner: object, _: type) -> T:
        places = (getattr(owner, "harness", owner), owner)
        wanted = signature(self.use_case).parameters
        parts = {name: getattr(place, name) for name in wanted for place in places if hasattr(place, name)}
        return self.use_case(**parts)
