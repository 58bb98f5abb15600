"""Rows of feeds that plug-ins parse: what a plug-in raises concerns one row."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.domain.ids import MAX_EXTERNAL_ID_LENGTH, SourceId
from core.domain.records.feeds import SourceRow
from core.domain.records.source_records import Unreadable, id_from_content, is_id
from ports.plugins import FeedReader

MAX_LABEL_LENGTH = 200


@dataclass(frozen=True, slots=True)
class _RowByRow:
    reader: FeedReader

    def __call__(self, row: Mapping[str, Any]) -> Iterable[SourceRow]:
        try:
            return [*self.reader.parse(row)]
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises, the other rows are read
            row_id = _id_of(row)
            return [Unreadable(row_id, _label_of(row) or row_id, f"{error}.")]


def row_by_row(readers: Mapping[str, FeedReader]) -> dict[str, FeedReader]:
    """Return readers that never raise: a row that cannot be parsed is an unreadable one."""
    return {feed: replace(reader, parse=_RowByRow(reader)) for feed, reader in readers.items()}


def _id_of(row: object) -> SourceId:
    value = row.get("id") if isinstance(row, Mapping) else None
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if 0 < len(text) <= MAX_EXTERNAL_ID_LENGTH and text.isprintable() and is_id(SourceId(text)):
        return SourceId(text)
    content = json.dumps(row, sort_keys=True, default=repr)
    return id_from_content(hashlib.sha256(content.encode()).hexdigest()[:12])


def _label_of(row: object) -> str:
    names = (row.get(key) for key in ("title", "name")) if isinstance(row, Mapping) else ()
    label = next((name for name in names if isinstance(name, str) and name.strip()), "")
    return "".join(filter(str.isprintable, label))[:MAX_LABEL_LENGTH]
