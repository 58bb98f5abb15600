"""Reads the values of a row; one of the wrong type is odd, and never a guess."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from ports.plugins import SourceId, Unreadable, unreadable_row

T = TypeVar("T")
MAX_ID_LENGTH = 255


class Odd(Exception):
    """A value that cannot be read; the text says which one."""


def read_row(row: object, read: Callable[["Row"], T], id_key: str = "id") -> T | Unreadable:
    """Return what `read` makes of a row, whose id is at `id_key`, or an unreadable row that says why it cannot."""
    try:
        return read(Row.of(row))
    except Odd as odd:
        return unreadable_row(row, f"{odd}.", id_key=id_key)


@dataclass(frozen=True, slots=True)
class Row:
    """An object in a list."""

    values: Mapping[str, Any]

    @classmethod
    def of(cls, value: object) -> "Row":
        if not isinstance(value, Mapping):
            raise Odd("It is not an object")
        return cls(value)

    def id(self, key: str = "id") -> SourceId:
        """Return an id, which may be a number."""
        value = self.values.get(key)
        text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not text.strip() or not text.isprintable() or len(text) > MAX_ID_LENGTH:
            raise Odd(f"It has no valid {key}")
        return SourceId(text)

    def text(self, key: str) -> str | None:
        """Return a text as it is: the product normalizes it."""
        value = self.values.get(key)
        if not isinstance(value, str | None):
            raise Odd(f"Its {key} is not text")
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if not isinstance(value, bool | None):
            raise Odd(f"Its {key} is neither true nor false")
        return bool(value)

    def time(self, key: str) -> datetime | None:
        """Return a time with its offset; without one, it would be a guess."""
        text = self.text(key)
        if not text or not text.strip():
            return None
        try:
            time = datetime.fromisoformat(text.strip())
            if time.tzinfo is None:
                raise Odd(f"Its {key} has no time zone: {text[:40]}")
            return time.astimezone(UTC)
        except (ValueError, OverflowError) as error:
            raise Odd(f"Its {key} is not a time: {text[:40]}") from error

    def rows(self, key: str) -> Iterator["Row"]:
        """Yield the objects of a list; null is an empty list."""
        values = self.values.get(key)
        if not isinstance(values, list | None):
            raise Odd(f"Its {key} are not a list")
        yield from map(Row.of, values or ())

    def texts(self, key: str) -> Iterator[str]:
        values = self.values.get(key)
        if not isinstance(values, list | None) or any(not isinstance(value, str) for value in values or ()):
            raise Odd(f"Its {key} are not a list of texts")
        yield from values or ()
