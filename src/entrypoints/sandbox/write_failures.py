"""What happens on purpose to the update of one record: a failure, or an edit by hand just before it."""

from collections.abc import Callable

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass as checked_dataclass

Intervention = Callable[[], None]
"""An edit by hand that comes just before the next update of a record."""


@checked_dataclass(slots=True, config=ConfigDict(extra="forbid"))
class ItemFailure:
    """How updates of one record fail."""

    code: str
    times: int | None = None
    """None: always."""
