"""Use cases built from the attributes of a test harness."""

from collections.abc import Callable
from inspect import signature
from typing import Generic, TypeVar

T = TypeVar("T")


class Wired(Generic[T]):
    """A use case, built on each access from the attributes of its owner, or of the owner's harness, by parameter name."""

    def __init__(self, use_case: Callable[..., T]) -> None:
        self.use_case = use_case

    def __get__(self, owner: object, _: type) -> T:
        sources = (getattr(owner, "harness", owner), owner)
        arguments = {
            name: getattr(source, name)
            for name in signature(self.use_case).parameters
            for source in sources
            if hasattr(source, name)
        }
        return self.use_case(**arguments)
