"""Values in pretalx's JSON, with a sentence for each that has another type than it should."""

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
MAX_CODE_LENGTH = 200
"""pretalx's own are much shorter; there must be room for the number of a session."""
_TYPES = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}


class WrongValue(Exception):
    """A value that is not what pretalx documents; the text is a sentence for people."""


def json_type_of(value: object) -> str:
    return _TYPES.get(type(value), "a number")


def text_or_none(row: Row, key: str) -> str | None:
    """Return the text under a key; None if there is none, and for a value of another type."""
    value = row.get(key)
    return value if isinstance(value, str) else None


def text(row: Row, key: str, what: str) -> str | None:
    """Return the text under a key that decides what becomes of the row; None if it is null or absent.

    Raises:
        WrongValue: it is neither text nor null.
    """
    value = row.get(key)
    if value is None or isinstance(value, str):
        return value
    raise WrongValue(f"{_start(what)} is {json_type_of(value)} instead of text.")


def code_or_none(row: Row) -> str | None:
    """Return the code by which pretalx knows a submission or a speaker; None if there is none that can be an id."""
    code = (text_or_none(row, "code") or "").strip()
    return code if 0 < len(code) <= MAX_CODE_LENGTH and code.isprintable() else None


def objects(row: Row, key: str, what: str) -> Sequence[Row]:
    """Return the objects in the list under a key; none if it is null or absent.

    Raises:
        WrongValue: it is no list, or something in it is no object, such as the id of an object that was not expanded.
    """
    value = row.get(key)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise WrongValue(f"{_start(what)} are {json_type_of(value)} instead of a list.")
    for item in value:
        if not isinstance(item, dict):
            raise WrongValue(f"One of {what} is {json_type_of(item)} instead of an object.")
    return value


def object_or_none(row: Row, key: str, what: str) -> Row | None:
    """Return the object under a key; None if it is null or absent.

    Raises:
        WrongValue: it is something else, such as the id of an object that was not expanded.
    """
    value = row.get(key)
    if value is None or isinstance(value, dict):
        return value
    raise WrongValue(f"{_start(what)} is {json_type_of(value)} instead of an object.")


def _start(words: str) -> str:
    return words[0].upper() + words[1:]


def localized(value: object, language: str | None) -> str | None:
    """Return a multi-language string in a language, in one of its variants, or else in the first one that it has."""
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        return None
    texts = {key: text for key, text in value.items() if isinstance(text, str) and text.strip()}
    related = (text for key, text in texts.items() if _base(key) == _base(language or ""))
    return texts.get(language or "") or next(related, None) or next(iter(texts.values()), None)


def _base(language: str) -> str:
    """Return the language of which this may be a variant: of `de-formal`, it is `de`."""
    return language.replace("_", "-").partition("-")[0].lower()
