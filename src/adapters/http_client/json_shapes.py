"""The shape of a JSON value, told by names, types and numbers: never content that people wrote."""

import re
from typing import Any

SAMPLE = 50
"""Items of a list that are looked at."""
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,60}")


def member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def list_of(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def identifier(name: Any) -> str:
    """Return a name that looks like an identifier; anything else could be content, and is not shown."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) else "(not a name)"


def shape_of(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{identifier(name)}: {type_of(inner)}" for name, inner in value.items()) + "}"
    return type_of(value)


def type_of(value: Any) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case str():
            return "text"
        case int() | float():
            return "number"
        case list():
            inner = " or ".join(sorted({type_of(item) for item in value[:SAMPLE]}))
            return f"list of {len(value)}" + (f" ({inner})" if inner else "")
        case _:
            return "object"
