"""Rows of feeds that plug-ins parse: what a plug-in raises concerns one row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.domain.records.feeds import SourceRow
from core.domain.records.unreadable_rows import unreadable_row
from ports.plugins import FeedReader


@dataclass(frozen=True, slots=True)
class _RowByRow:
    reader: FeedReader

    def __call__(self, row: Mapping[str, Any]) -> Iterable[SourceRow]:
        try:
            return [*self.reader.parse(row)]
        except Exception as error:  # noqa: BLE001 - whatever a plug-in raises, the other rows are read
            return [unreadable_row(row, f"{error}.")]


def row_by_row(readers: Mapping[str, FeedReader]) -> dict[str, FeedReader]:
    """Return readers that never raise: a row that cannot be parsed is an unreadable one."""
    return {feed: replace(reader, parse=_RowByRow(reader)) for feed, reader in readers.items()}
