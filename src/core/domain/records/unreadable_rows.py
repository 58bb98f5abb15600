"""Rows of a list that cannot be read as records: each is reported under an id that stays the same (rule 34)."""

import hashlib
import json
from collections.abc import Mapping

from core.domain.ids import MAX_EXTERNAL_ID_LENGTH, SourceId
from core.domain.records.source_records import Unreadable, id_from_content, is_id

MAX_LABEL_LENGTH = 200


def unreadable_row(row: object, problem: str, *, id_key: str = "id") -> Unreadable:
    """Return the record of a row, which may be any JSON, that cannot be read.

    Its id is the row's own, which stands at `id_key`, or one that follows from its content if it has none.
    """
    row_id = _id_of(row, id_key)
    return Unreadable(row_id, _label_of(row) or row_id, problem)


def _id_of(row: object, key: str) -> SourceId:
    value = row.get(key) if isinstance(row, Mapping) else None
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if 0 < len(text) <= MAX_EXTERNAL_ID_LENGTH and text.isprintable() and is_id(SourceId(text)):
        return SourceId(text)
    content = json.dumps(row, sort_keys=True, default=repr)
    return id_from_content(hashlib.sha256(content.encode()).hexdigest()[:12])


def _label_of(row: object) -> str:
    names = (row.get(key) for key in ("title", "name")) if isinstance(row, Mapping) else ()
    label = next((name for name in names if isinstance(name, str) and name.strip()), "")
    return "".join(filter(str.isprintable, label))[:MAX_LABEL_LENGTH]
