"""JSON that is changed at every place."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

LONG = "x" * 10_000
NASTY: tuple[Any, ...] = (
    None,
    {},
    [],
    0,
    -1,
    10**30,
    1.5e300,
    True,
    "",
    " \t",
    "\u200b\u2060",
    "\x00",
    "\ud800",
    "\u202eevil\u202c",
    LONG,
    [None],
    {"id": None},
    [[[[[[]]]]]],
)
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Damaged:
    """A row that was changed at one place."""

    row: Any
    path: Path
    former: Any
    value: Any

    def __str__(self) -> str:
        place = "".join(f"[{key!r}]" for key in self.path)
        return f"the sample with {self.value!r:.60} at {place}"


def places(row: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield each place in some JSON, with its value."""
    keyed = row.items() if isinstance(row, dict) else enumerate(row) if isinstance(row, list) else ()
    for key, value in keyed:
        yield (*path, key), value
        yield from places(value, (*path, key))


def damaged(row: Any) -> Iterator[Damaged]:
    """Yield the row with each nasty value at each place, and without each of its keys."""
    for path, former in places(row):
        for value in NASTY:
            yield Damaged(_replaced(row, path, value), path, former, value)
        if isinstance(path[-1], str):
            yield Damaged(_without(row, path), path, former, "nothing")


def texts_changed(row: Any, before: str, after: str) -> Iterator[Damaged]:
    """Yield the row with each of its texts between two others."""
    for path, former in places(row):
        if isinstance(former, str):
            value = f"{before}{former}{after}"
            yield Damaged(_replaced(row, path, value), path, former, value)


def _replaced(row: Any, path: Path, value: Any) -> Any:
    changed, parent = _copied(row, path)
    parent[path[-1]] = deepcopy(value)
    return changed


def _without(row: Any, path: Path) -> Any:
    changed, parent = _copied(row, path)
    del parent[path[-1]]
    return changed


def _copied(row: Any, path: Path) -> tuple[Any, Any]:
    """Return a copy of some JSON, and what stands around a place in it."""
    copy = deepcopy(row)
    parent = copy
    for key in path[:-1]:
        parent = parent[key]
    return copy, parent
