"""A row of which something is odd: cleaned where nothing is guessed, else named, so that it can be reported."""

import hashlib
import json
import re
from typing import Any

from adapters.sessionboard.wire import LONGEST_ID
from core.domain.ids import SourceId
from core.domain.records.source_records import Unreadable, id_from_content
from core.domain.text import normalize_line

UNSAFE = re.compile("[\x00\ud800-\udfff]")
TIMES = frozenset({"starts_at", "ends_at"})
WHO = ("first_name", "last_name", "full_name", "email")
LONGEST_LABEL = 1000
"""A row that cannot be read may be nothing but its title."""
IN_ROWS = ("participants", "speakers", "chairpersons", "moderators", "contacts", "tags", "subsessions")
MOST_IN_A_ROW = 2000
"""People, tags and subsessions: a session with a thousand speakers, each of them in both lists, may have them."""
_MOST_DEEP = 50


def mend(row: Any, place: tuple[int | str, ...]) -> None:
    """Replace one value that did not pass: cleaned, or left out where nothing can be made of it."""
    *way, last = place
    outer, holder = None, row
    for step in way:
        outer, holder = holder, holder[step]
        if holder is None:
            return
    value = holder.get(last) if isinstance(holder, dict) else holder[last]
    clean = UNSAFE.sub("\ufffd", value) if isinstance(value, str) else value
    if clean != value:
        holder[last] = clean
    elif last == "id" and outer is not None:
        if any(given for key, given in holder.items() if key != "participant_role"):
            holder["id"] = _made_up_id(holder)
        else:
            outer[way[-1]] = None
    elif last in TIMES and value:
        holder[last] = json.dumps(value)[:80]
    else:
        holder[last] = None


def _made_up_id(nested: dict[str, Any]) -> str:
    """Return an id made of name and e-mail, so that a person without one is the same on every session."""
    who = {key: nested[key] for key in WHO if nested.get(key)}
    return no_id(who or nested)


def no_id(content: object) -> SourceId:
    """Make an id from what there is, so that the same content gets the same."""
    try:
        text = json.dumps(content, sort_keys=True, default=str)
    except RecursionError:
        text = "nested too deeply"
    return id_from_content(hashlib.sha256(text.encode()).hexdigest()[:12])


def unreadable(row: object, problem: str) -> Unreadable:
    found = row if isinstance(row, dict) else {}
    given = found.get("id")
    text = str(given).strip() if isinstance(given, str | int) and not isinstance(given, bool) else ""
    row_id = UNSAFE.sub("\ufffd", str(given)) if 0 < len(text) <= LONGEST_ID else no_id(row)
    names = (found.get(key) for key in ("title", "name"))
    label = next((name for name in names if isinstance(name, str) and normalize_line(name)), row_id)
    return Unreadable(SourceId(row_id), UNSAFE.sub("\ufffd", label[:LONGEST_LABEL]), problem)


def nested_in(row: object, depth: int = 0) -> int:
    """Count the people, tags and subsessions of a row, those of its subsessions included."""
    if not isinstance(row, dict) or depth > _MOST_DEEP:
        return 0
    count = 0
    for key in IN_ROWS:
        nested = row.get(key)
        if nested and isinstance(nested, list):
            count += len(nested)
            if key == "subsessions":
                count += sum(nested_in(each, depth + 1) for each in nested)
    return count


def kind_of(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
