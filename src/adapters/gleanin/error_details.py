"""Gleanin's errors in its own words, made short and safe to show."""

import json
import re
from itertools import islice

from adapters.gleanin.wire import clean

_ADDRESS = re.compile(r"[^\s@\"'<>]+@[^\s@\"'<>]+")
_LONGEST_COMPLAINT = 300
_MOST_COMPLAINTS = 20
"""Of one list or object: no more would fit into the line."""
_LISTS = ("errors", "error")
_SUMMARIES = ("detail", "title", "message", "code", "status")


def error_detail(body: bytes | bytearray) -> str:
    """Give an error's own words in one short line, without anybody's address; empty when there are none.

    Takes `{"errors": [{"status", "code", "title", "detail", "source": {"pointer"}}]}`, every member optional,
    `{"errors": {field: [..]}}`, `{"error": "..."}` and plain text [guess].
    """
    text = body.decode("utf-8-sig", errors="replace")
    try:
        words = _words(json.loads(text))
    except (ValueError, RecursionError):
        words = "" if text.lstrip().startswith("<") else text
    line = " ".join((clean(words[: 4 * _LONGEST_COMPLAINT]) or "").split())
    line = _ADDRESS.sub("(address)", line)
    return line if len(line) <= _LONGEST_COMPLAINT else line[: _LONGEST_COMPLAINT - 1] + "…"


def _words(said: object) -> str:
    match said:
        case str() | int():
            return str(said)
        case list():
            return "; ".join(filter(None, map(_words, said[:_MOST_COMPLAINTS])))
        case dict():
            for name in _LISTS:
                if words := _words(said.get(name)):
                    return words
            summary = next((said[name] for name in _SUMMARIES if isinstance(said.get(name), str | int)), None)
            if summary is None:
                return "; ".join(
                    f"{name}: {words}"
                    for name, inner in islice(said.items(), _MOST_COMPLAINTS)
                    if name not in _LISTS and (words := _words(inner))
                )
            source = said.get("source")
            pointer = clean(source.get("pointer")) if isinstance(source, dict) else None
            return f"{pointer.rpartition('/')[2]}: {summary}" if pointer else str(summary)
        case _:
            return ""
