"""Repairs invalid values where no guess is needed, and describes rows that cannot be read."""

import hashlib
import json
import re
from typing import Any

from core.domain.ids import MAX_EXTERNAL_ID_LENGTH, SourceId
from core.domain.records.source_records import Unreadable, id_from_content
from core.domain.text import normalize_line

UNSAFE = re.compile("[\x00\ud800-\udfff]")
TIMES = frozenset({"starts_at", "ends_at"})
NAME_FIELDS = ("first_name", "last_name", "full_name", "email")
MAX_LABEL_LENGTH = 1000
"""The title of an unreadable row can be as long as the row."""
NESTED_FIELDS = ("participants", "speakers", "chairpersons", "moderators", "contacts", "tags", "subsessions")
MAX_NESTED = 2000
"""People, tags and subsessions of a row: allows a session with a thousand speakers who are in two lists each."""
_MAX_DEPTH = 50


def repair_value(row: Any, path: tuple[int | str, ...]) -> None:
    """Repair one invalid value in place: clean its text, or else remove it."""
    *parents, key = path
    outer, holder = None, row
    for step in parents:
        outer, holder = holder, holder[step]
        if holder is None:
            return
    value = holder.get(key) if isinstance(holder, dict) else holder[key]
    clean = UNSAFE.sub("\ufffd", value) if isinstance(value, str) else value
    if clean != value:
        holder[key] = clean
    elif key == "id" and outer is not None:
        if any(content for name, content in holder.items() if name != "participant_role"):
            holder["id"] = _person_id(holder)
        else:
            outer[parents[-1]] = None
    elif key in TIMES and value:
        holder[key] = json.dumps(value)[:80]
    else:
        holder[key] = None


def _person_id(nested: dict[str, Any]) -> str:
    """Return an id derived from name and e-mail, so that a person without an id is the same on every session."""
    person = {key: nested[key] for key in NAME_FIELDS if nested.get(key)}
    return no_id(person or nested)


def no_id(content: object) -> SourceId:
    """Return an id derived from the content, so that the same content gets the same id."""
    try:
        text = json.dumps(content, sort_keys=True, default=str)
    except RecursionError:
        text = "nested too deeply"
    return id_from_content(hashlib.sha256(text.encode()).hexdigest()[:12])


def unreadable(row: object, problem: str) -> Unreadable:
    fields = row if isinstance(row, dict) else {}
    value = fields.get("id")
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    row_id = UNSAFE.sub("\ufffd", str(value)) if 0 < len(text) <= MAX_EXTERNAL_ID_LENGTH else no_id(row)
    names = (fields.get(key) for key in ("title", "name"))
    label = next((name for name in names if isinstance(name, str) and normalize_line(name)), row_id)
    return Unreadable(SourceId(row_id), UNSAFE.sub("\ufffd", label[:MAX_LABEL_LENGTH]), problem)


def nested_in(row: object, depth: int = 0) -> int:
    """Count the people, tags and subsessions of a row, including those of its subsessions."""
    if not isinstance(row, dict) or depth > _MAX_DEPTH:
        return 0
    count = 0
    for key in NESTED_FIELDS:
        nested = row.get(key)
        if nested and isinstance(nested, list):
            count += len(nested)
            if key == "subsessions":
                count += sum(nested_in(subsession, depth + 1) for subsession in nested)
    return count


def json_type_of(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", type(None): "null"}
    return names.get(type(value), "a number")
