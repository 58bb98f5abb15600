"""Answers with something wrong in them, made from right ones."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

NO_VALUES: tuple[object, ...] = (None, {}, [], [None])
ODD_VALUES: tuple[object, ...] = (*NO_VALUES, 3, True, "x" * 10_000, "\u200b")
NO_LISTS: tuple[object, ...] = (None, {}, 3, "text")
_Path = tuple[str | int, ...]


def broken_lists(document: Any, ids: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield copies of a document in which a list of records is something else, or not there."""
    for path, value in _walk(document):
        if isinstance(value, list) and any(_is_row(item, ids) for item in value):
            for odd in NO_LISTS:
                yield f"{_words(path)} is {odd!r}", _with(document, path, odd)
            if path and isinstance(path[-1], str):
                yield f"{_words(path)} is missing", _without(document, path)


def broken_rows(document: Any, ids: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield copies of a document in which one value of the first row of a list is odd, or not there.

    An id is not replaced by another id, and what is the same in all rows stays: it may be why they are read.
    """
    for path, value in _walk(document):
        rows = [item for item in value if _is_row(item, ids)] if isinstance(value, list) else []
        if len(rows) < 2:
            continue
        row = (*path, value.index(rows[0]))
        for inner, found in _walk(rows[0]):
            if not inner or isinstance(inner[-1], int) or _same(rows, inner, found):
                continue
            at = (*row, *inner)
            yield f"{_words(at)} is missing", _without(document, at)
            for odd in NO_VALUES if str(found) in ids else ODD_VALUES:
                yield f"{_words(at)} is {odd!r:.20}", _with(document, at, odd)
        for odd in (None, 3, "text", [], {}):
            yield f"{_words(row)} is {odd!r}", _with(document, row, odd)


def _same(rows: list[Any], path: _Path, value: object) -> bool:
    """Check whether all rows have the same value there."""
    return all((path, value) in list(_walk(row)) for row in rows)


def _is_row(item: object, ids: set[str]) -> bool:
    return isinstance(item, dict) and any(
        isinstance(value, str | int) and str(value) in ids for value in item.values()
    )


def _walk(value: Any, path: _Path = ()) -> Iterator[tuple[_Path, Any]]:
    yield path, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from _walk(item, (*path, key))


def _with(document: Any, path: _Path, value: object) -> Any:
    if not path:
        return value
    copy = deepcopy(document)
    _parent(copy, path)[path[-1]] = value
    return copy


def _without(document: Any, path: _Path) -> Any:
    copy = deepcopy(document)
    del _parent(copy, path)[path[-1]]
    return copy


def _parent(document: Any, path: _Path) -> Any:
    for key in path[:-1]:
        document = document[key]
    return document


def _words(path: _Path) -> str:
    return "/".join(map(str, path)) or "the document"
