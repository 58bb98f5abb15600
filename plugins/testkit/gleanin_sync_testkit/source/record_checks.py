"""Checks whether a value is a record that the product can use."""

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from core.domain.ids import MAX_EXTERNAL_ID_LENGTH

_EMPTY = "is empty"
MIN_YEAR, MAX_YEAR = 2, 9999


def problems_of(record: object, where: str = "") -> Iterator[str]:
    """Yield what is wrong about a record, in words that follow "its"."""
    assert dataclasses.is_dataclass(record)
    hints = get_type_hints(type(record))
    for field in dataclasses.fields(record):
        value, name = getattr(record, field.name), f"{where}{field.name}"
        if not _fits(value, hints[field.name]):
            yield f"{name} is {value!r:.80} instead of {field.type}"
            continue
        if field.name == "id" and (problem := _problem_of_id(value)):
            yield f"{name} {problem}"
        yield from _inner_problems(value, name)


def differences(put: object, read: object, where: str = "") -> Iterator[str]:
    """Yield in which fields two records differ."""
    if type(put) is not type(read) or not dataclasses.is_dataclass(put):
        if put != read:
            yield f"{where or 'it'} is {read!r:.200} instead of {put!r:.200}"
        return
    for field in dataclasses.fields(put):
        one, other, name = getattr(put, field.name), getattr(read, field.name), f"{where}{field.name}"
        if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
            for at, (first, second) in enumerate(zip(one, other, strict=True)):
                yield from differences(first, second, f"{name}[{at}].")
        elif dataclasses.is_dataclass(one):
            yield from differences(one, other, f"{name}.")
        elif one != other:
            yield f"{name} is {other!r:.200} instead of {one!r:.200}"


def _inner_problems(value: object, name: str) -> Iterator[str]:
    if isinstance(value, str) and (problem := _unstorable(value)):
        yield f"{name} {problem}"
    elif isinstance(value, datetime) and value.tzinfo is None:
        yield f"{name} {value} has no UTC offset"
    elif isinstance(value, datetime) and not MIN_YEAR <= value.year < MAX_YEAR:
        yield f"{name} {value} is out of range: it is no time in every zone"
    elif isinstance(value, tuple):
        for at, item in enumerate(value):
            yield from _inner_problems(item, f"{name}[{at}]")
    elif dataclasses.is_dataclass(value):
        yield from problems_of(value, f"{name}.")


def _problem_of_id(value: str) -> str:
    if not value.strip():
        return _EMPTY
    return "is too long" if len(value) > MAX_EXTERNAL_ID_LENGTH else ""


def _unstorable(text: str) -> str:
    """Return why no database can store a text; empty if it can."""
    if "\x00" in text:
        return "contains NUL"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "contains a lone surrogate"
    return ""


def _fits(value: object, hint: Any) -> bool:
    if hint is Any:
        return True
    if supertype := getattr(hint, "__supertype__", None):
        return _fits(value, supertype)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):
        return any(_fits(value, argument) for argument in arguments)
    if origin is tuple:
        inner = (
            arguments[:1] * len(value) if isinstance(value, tuple) and arguments[1:] == (...,) else arguments
        )
        return (
            isinstance(value, tuple)
            and len(value) == len(inner)
            and all(_fits(item, each) for item, each in zip(value, inner, strict=True))
        )
    if hint is None or hint is type(None):
        return value is None
    return isinstance(value, origin or hint)
