"""Forms that values have in Gleanin's JSON, each with the words that describe it."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from adapters.gleanin.time_zones import iana_name
from core.domain.tenancy.time_zones import zone_named

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class Form:
    words: str
    fits: Callable[[Any], bool]


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _links(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(link, dict) and _text(link.get("url")) and _text(link.get("title")) for link in value
    )


TEXT = Form("a text", _text)
INTEGER = Form("an integer", _integer)
TEXTS = Form("a list of texts", lambda value: isinstance(value, list) and all(map(_text, value)))
INTEGERS = Form("a list of integers", lambda value: isinstance(value, list) and all(map(_integer, value)))
INSTANT = Form(
    "ISO 8601 with milliseconds and Z", lambda value: _text(value) and _INSTANT.fullmatch(value) is not None
)
TIME_ZONE = Form(
    "a time zone's name by IANA or by Rails",
    lambda value: _text(value) and zone_named(iana_name(value)) is not None,
)
LINKS = Form("a list of {campaign_id, title, url}", _links)


def one_of(words: str, *values: str) -> Form:
    return Form(words, lambda value: value in values)
