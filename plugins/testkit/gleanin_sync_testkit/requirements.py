"""What a suite requires of a plug-in: a sentence, the rule behind it, and the capabilities that it needs."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import pytest

F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTE = "gleanin_sync_requirement"


@dataclass(frozen=True, slots=True)
class Requirement:
    sentence: str
    """What the plug-in does, in the present tense and without a full stop."""
    rule: int | None = None
    """The number of the product's rule."""
    needs: tuple[str, ...] = ()
    """Names of capabilities; without one of them the test is skipped."""

    def missing(self, capabilities: object) -> tuple[str, ...]:
        """Return the needed capabilities that are not declared."""
        known = {field.name for field in fields(capabilities)}  # type: ignore[arg-type]
        assert known.issuperset(self.needs), f"{set(self.needs) - known} are no capabilities"
        return tuple(name for name in self.needs if not getattr(capabilities, name))


def requirement(sentence: str, *, rule: int | None = None, needs: tuple[str, ...] = ()) -> Callable[[F], F]:
    """Return a decorator for the tests of a suite; coroutine functions are run by pytest-asyncio in any mode."""

    def decorated(test: F) -> F:
        setattr(test, _ATTRIBUTE, Requirement(sentence, rule, needs))
        return pytest.mark.asyncio(test) if inspect.iscoroutinefunction(test) else test

    return decorated


def requirement_of(test: object) -> Requirement | None:
    """Return what a test of a suite requires; None for any other test."""
    return getattr(test, _ATTRIBUTE, None)
