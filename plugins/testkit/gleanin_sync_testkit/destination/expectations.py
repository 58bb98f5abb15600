"""Assertions that say in plain words what a plug-in did and what is required."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from ports.destination import DestinationError


@dataclass(slots=True)
class Raised:
    """What was raised within `raises`."""

    error: Exception | None = None

    @property
    def text(self) -> str:
        return str(self.error)


@contextmanager
def raises(
    *allowed: type[Exception], when: str, but_not: tuple[type[Exception], ...] = ()
) -> Iterator[Raised]:
    """Check that one of these errors is raised; `when` begins the sentence that says what happened."""
    names = " or ".join(error.__name__ for error in allowed)
    raised = Raised()
    try:
        yield raised
    except allowed as error:
        raised.error = error
        if isinstance(error, but_not):
            pytest.fail(f"{when}, the plug-in must not raise {_described(error)}")
    except Exception as error:
        kind = "" if isinstance(error, DestinationError) else ", which is no error of the port"
        raise AssertionError(
            f"{when}, the plug-in must raise {names}, but it raised {_described(error)}{kind}"
        ) from error
    else:
        raise AssertionError(f"{when}, the plug-in must raise {names}, but it raised nothing")


def _described(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
