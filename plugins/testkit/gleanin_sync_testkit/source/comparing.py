"""Compares what was put into a stand-in with what a plug-in returned."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from core.domain.records.source_records import Unreadable
from gleanin_sync_testkit.source.reading import Reading
from gleanin_sync_testkit.source.record_checks import differences

UNDER_ITS_ID = (
    "Return such a row under its own id, as Unreadable if nothing else is possible. `unreadable_row` looks for the id at "
    "`id`; if it stands elsewhere, name its key: `id_key=`."
)
"""What to do with a row that was left out."""
_MAX = 5


def check_same(reading: Reading, put: Sequence[Any]) -> None:
    """Check that a complete reading has the rows that were put, each once, and equal in each field."""
    assert reading.error is None, f"{reading.words} ended with {reading.error!r}, although nothing was wrong."
    check_each_once(reading)
    check_contains(reading, put)
    unknown = set(reading.ids) - {row.id for row in put}
    assert not unknown, (
        f"{reading.words} returned rows with ids that the stand-in does not have: {listed(unknown)}."
    )


def check_contains(reading: Reading, put: Iterable[Any]) -> None:
    """Check that a reading has these rows, among others, and equal in each field."""
    read = {row.id: row for row in reading.rows}
    missing = [row.id for row in put if row.id not in read]
    assert not missing, (
        f"{reading.words} did not return {len(missing)} rows: {listed(missing)}. "
        f"It returned {len(read)} rows{': ' if read else ''}{listed(read)}."
    )
    for row in put:
        found = read[row.id]
        assert not isinstance(found, Unreadable), (
            f"{reading.words} says about the row {row.id!r}, which is in order: {found.problem}"
        )
        differing = [*differences(row, found)]
        assert not differing, f"{reading.words}: row {row.id!r}: {'; '.join(differing[:_MAX])}."


def check_each_once(reading: Reading) -> None:
    twice = [row_id for row_id, number in Counter(reading.ids).items() if number > 1]
    assert not twice, f"{reading.words} returned some rows more than once: {listed(twice)}."


def listed(ids: Iterable[str]) -> str:
    found = [*map(repr, ids)]
    more = f" and {len(found) - _MAX} more" if len(found) > _MAX else ""
    return ", ".join(found[:_MAX]) + more
