"""Every place of a JSON value, what can be wrong there, and copies with one place changed."""

import copy
from collections.abc import Iterator, Sequence
from typing import Any

Json = Any
Path = tuple[str | int, ...]
MISSING = object()
"""Instead of a value: the key is not there."""


def _nested(depth: int) -> Json:
    value: Json = []
    for _ in range(depth):
        value = [value]
    return value


ODD_VALUES: dict[str, Json] = {
    "missing": MISSING,
    "null": None,
    "{}": {},
    "[]": [],
    "empty text": "",
    "blank text": " \t\n",
    "true": True,
    "a number": 7,
    "a fraction": 0.5,
    "a negative number": -1,
    "a huge number": 10**400,
    "a text": "odd",
    "a list": ["odd"],
    "a list with null": [None],
    "an object": {"odd": {"odd": 1}},
    "a list of objects": [{"odd": 1}],
    "10,000 characters": "x" * 10_000,
    "invisible characters": "\u200b\u2060A\u00ad\u202eda\ufeff",
    "NUL": "A\x00da",
    "a lone surrogate": "A\ud800da",
    "nested deeply": _nested(150),
}
"""By a name for messages."""


def places(value: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Yield every place below a value, with what is there."""
    inner: Iterator[tuple[str | int, Json]] = iter(())
    if isinstance(value, dict):
        inner = iter(value.items())
    elif isinstance(value, list):
        inner = iter(enumerate(value))
    for key, below in inner:
        yield (*path, key), below
        yield from places(below, (*path, key))


def changed(value: Json, path: Path, odd: Json) -> Json:
    """Return a copy with another value at one place."""
    if not path:
        return odd
    result = copy.deepcopy(value)
    holder = result
    for step in path[:-1]:
        holder = holder[step]
    if odd is MISSING:
        del holder[path[-1]]
    else:
        holder[path[-1]] = odd
    return result


def value_at(value: Json, path: Sequence[str | int]) -> Json:
    """Return what is at a place.

    Raises:
        AssertionError: there is no such place.
    """
    for step in path:
        is_there = step in value if isinstance(value, dict) else isinstance(value, list)
        assert is_there, f"The stand-in's answer has nothing at {path!r}: it is {value!r:.200}"
        value = value[step]
    return value


def has_place(value: Json, path: Sequence[str | int]) -> bool:
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


def words(path: Path) -> str:
    return ".".join(map(str, path)) or "the row"
