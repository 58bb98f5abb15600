"""The types of values in Gleanin's JSON, each with a description."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.gleanin.time_zones import iana_name
from core.domain.tenancy.time_zones import zone_named

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class ValueType:
    words: str
    matches: Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_links(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(link, dict) and _is_text(link.get("url")) and _is_text(link.get("title")) for link in value
    )


TEXT = ValueType("text", _is_text)
INTEGER = ValueType("an integer", _is_integer)
TEXTS = ValueType("a list of texts", lambda value: isinstance(value, list) and all(map(_is_text, value)))
INTEGERS = ValueType(
    "a list of integers", lambda value: isinstance(value, list) and all(map(_is_integer, value))
)
INSTANT = ValueType(
    "ISO 8601 with milliseconds and Z",
    lambda value: _is_text(value) and _INSTANT.fullmatch(value) is not None,
)
TIME_ZONE = ValueType(
    "a time zone name of IANA or Rails",
    lambda value: _is_text(value) and zone_named(iana_name(value)) is not None,
)
LINKS = ValueType("a list of {campaign_id, title, url}", _are_links)


def one_of(words: str, *values: str) -> ValueType:
    return ValueType(words, lambda value: value in values)
