"""The explanations in Gleanin's error responses, short and safe to show."""

import json
import re
from itertools import islice

from adapters.gleanin.wire import clean

_ADDRESS = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+")
_MAX_LENGTH = 300
_MAX_ITEMS = 20
"""Of one list or object: more would not fit into the line."""
_LISTS = ("errors", "error")
_SUMMARIES = ("detail", "title", "message", "code", "status")


def error_detail(body: bytes | bytearray) -> str:
    """Return an error's explanation in one short line, with e-mail addresses masked; empty if there is none.

    Reads `{"errors": [{"status", "code", "title", "detail", "source": {"pointer"}}]}`, every member optional,
    `{"errors": {field: [..]}}`, `{"error": "..."}` and plain text [guess].
    """
    text = body.decode("utf-8-sig", errors="replace")
    try:
        words = _words(json.loads(text))
    except (ValueError, RecursionError):
        words = "" if text.lstrip().startswith("<") else text
    line = " ".join((clean(words[: 4 * _MAX_LENGTH]) or "").split())
    line = _ADDRESS.sub("(address)", line)
    return line if len(line) <= _MAX_LENGTH else line[: _MAX_LENGTH - 1] + "…"


def _words(error: object) -> str:
    match error:
        case str() | int():
            return str(error)
        case list():
            return "; ".join(filter(None, map(_words, error[:_MAX_ITEMS])))
        case dict():
            for name in _LISTS:
                if words := _words(error.get(name)):
                    return words
            summaries = (error[name] for name in _SUMMARIES if isinstance(error.get(name), str | int))
            summary = next(summaries, None)
            if summary is None:
                return "; ".join(
                    f"{name}: {words}"
                    for name, inner in islice(error.items(), _MAX_ITEMS)
                    if name not in _LISTS and (words := _words(inner))
                )
            source = error.get("source")
            pointer = clean(source.get("pointer")) if isinstance(source, dict) else None
            return f"{pointer.rpartition('/')[2]}: {summary}" if pointer else str(summary)
        case _:
            return ""
