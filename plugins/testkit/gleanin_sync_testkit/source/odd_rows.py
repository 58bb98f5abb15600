"""Rows that are not in order: each is reported, and no other is lost."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from core.domain.records.feeds import EXHIBITORS, SESSIONS, Feed
from core.domain.records.source_records import Unreadable
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.comparing import UNDER_ITS_ID, check_contains, check_each_once, listed
from gleanin_sync_testkit.source.json_places import MISSING, ODD_VALUES, Path, changed, places, words
from gleanin_sync_testkit.source.system import System

FEEDS = pytest.mark.parametrize("name", ["sessions", "exhibitors"])
ODD_ROWS: tuple[Any, ...] = (None, 7, True, "row", [], ["row"], {}, {"odd": 1}, 10**400, "A\ud800")
FIRST_ODD = 10_000


@dataclass(frozen=True, slots=True)
class OddRow:
    id: str
    json: Any
    words: str


class OddRowTests(SourceTests):
    @FEEDS
    @requirement(
        "Returns a row for each that has an odd value anywhere, and loses no other",
        rule=29,
        needs=("reads_json",),
    )
    async def test_odd_values(self, system: System, name: str) -> None:
        feed = _feed(system, name)
        good = _rows(system, feed, range(1, 4))
        odd = [*_odd_rows(system, feed, good)]
        expected = [system.stand_in.expected(row) for row in good]
        rows = system.stand_in.events[system.event.id].rows(feed.name)[: len(good)]
        system.stand_in.put_raw(system.event.id, feed.name, [*rows, *(row.json for row in odd)])
        reading = await system.read(feed)
        assert reading.error is None, (
            f"{reading.words} ended with {reading.error!r} because of odd values in some rows. "
            "Return such a row as Unreadable, so that the others continue."
        )
        check_contains(reading, expected)
        check_each_once(reading)
        missing = [row for row in odd if not is_there(system, reading.ids, row.id)]
        assert not missing, (
            f"{reading.words} left out {len(missing)} of {len(odd)} rows with odd values, for example with "
            f"{missing[0].words}. {UNDER_ITS_ID}"
        )

    @FEEDS
    @requirement("Returns a row for each whose id is odd", rule=29, needs=("reads_json",))
    async def test_odd_ids(self, system: System, name: str) -> None:
        feed = _feed(system, name)
        expected = system.put(feed, _rows(system, feed, range(1, 3)))
        rows = system.stand_in.events[system.event.id].rows(feed.name)
        template = _rows(system, feed, [FIRST_ODD])[0]
        json = _written(system, template)
        paths = [path for path, value in places(json) if _is_id(value, template.id)]
        assert paths, "The id of a row is nowhere in what the stand-in wrote for it."
        for value, odd in ODD_VALUES.items():
            row = json
            for path in paths:
                row = changed(row, path, odd) if odd is not MISSING else _without(row, path)
            system.stand_in.put_raw(system.event.id, feed.name, [rows[0], row, rows[1]])
            reading = await system.read(feed)
            why = f"a row whose id is {value}"
            assert reading.error is None, f"{reading.words} ended with {reading.error!r} because of {why}."
            check_contains(reading, expected)
            assert len(reading.rows) == 3, f"{reading.words} left out {why}. Return it as Unreadable."

    @FEEDS
    @requirement("Returns a row that is no object as unreadable", rule=29, needs=("reads_json",))
    async def test_rows_that_are_none(self, system: System, name: str) -> None:
        feed = _feed(system, name)
        expected = system.put(feed, _rows(system, feed, range(1, 3)))
        rows = system.stand_in.events[system.event.id].rows(feed.name)
        for odd in ODD_ROWS:
            system.stand_in.put_raw(system.event.id, feed.name, [rows[0], odd, rows[1]])
            reading = await system.read(feed)
            assert reading.error is None, (
                f"{reading.words} ended with {reading.error!r} because of {odd!r:.40}."
            )
            check_contains(reading, expected)
            others = [row for row in reading.rows if row.id not in {row.id for row in expected}]
            assert [type(row) for row in others] == [Unreadable], (
                f"{reading.words} returned {others!r:.200} for {odd!r:.40} in the list. Return one Unreadable."
            )

    @FEEDS
    @requirement("Has the same id for an unreadable row at each reading", rule=34, needs=("reads_json",))
    async def test_ids_of_unreadable_rows_are_stable(self, system: System, name: str) -> None:
        feed = _feed(system, name)
        system.put(feed, _rows(system, feed, range(1, 3)))
        rows = system.stand_in.events[system.event.id].rows(feed.name)
        odd = [{"odd": 1}, {"odd": 2}, "row"]
        system.stand_in.put_raw(system.event.id, feed.name, [rows[0], *odd, rows[1]])
        first = (await system.read(feed)).ids
        assert len(set(first)) == len(rows) + len(odd), (
            f"{len(rows) + len(odd)} rows have the ids {listed(first)}."
        )
        assert (await system.read(feed)).ids == first
        system.stand_in.put_raw(system.event.id, feed.name, [*reversed(odd), *rows])
        moved = (await system.read(feed)).ids
        assert set(moved) == set(first), (
            f"The unreadable rows have other ids after they were moved: {listed(set(first) ^ set(moved))}. "
            "Derive the id of a row without one from its content: id_from_content."
        )


def _feed(system: System, name: str) -> Feed[Any]:
    if name == "exhibitors" and not system.capabilities.has_exhibitors:
        pytest.skip("not declared: has_exhibitors")
    return SESSIONS if name == "sessions" else EXHIBITORS


def _rows(system: System, feed: Feed[Any], numbers: Sequence[int] | range) -> list[Any]:
    build = system.examples.session if feed is SESSIONS else system.examples.exhibitor
    return [build(number, system.examples.person(number)) for number in numbers]


def _written(system: System, row: Any) -> Any:
    """Return a row as the stand-in writes it, with its people in their list."""
    system.stand_in.put_row(system.event.id, "sessions" if _is_session(row) else "exhibitors", row)
    return system.stand_in.events[system.event.id].rows("sessions" if _is_session(row) else "exhibitors")[-1]


def _is_session(row: Any) -> bool:
    return hasattr(row, "people")


def _odd_rows(system: System, feed: Feed[Any], good: Sequence[Any]) -> Iterator[OddRow]:
    """Put good rows, and yield a row for each odd value at each place but that of the row's id.

    Each has an id of its own. All are put at once, so that their people are where the source has them.
    """
    template = _written(system, _rows(system, feed, [FIRST_ODD])[0])
    cases = [(path, value) for path, _ in places(template) for value in ODD_VALUES]
    records = _rows(system, feed, range(FIRST_ODD + 1, FIRST_ODD + 1 + len(cases)))
    system.stand_in.put_rows(system.event.id, feed.name, [*good, *records])
    written = system.stand_in.events[system.event.id].rows(feed.name)[len(good) :]
    for (path, value), record, json in zip(cases, records, written, strict=True):
        here = dict(places(json)).get(path, MISSING)
        if here is MISSING or any(_is_id(inner, record.id) for _, inner in [((), here), *places(here)]):
            continue
        yield OddRow(record.id, changed(json, path, ODD_VALUES[value]), f"{value} at {words(path)}")


def _is_id(value: Any, row_id: str) -> bool:
    return (
        isinstance(value, (str, int))
        and not isinstance(value, bool)
        and bool(str(value))
        and str(value) in row_id
    )


def _without(row: Any, path: Path) -> Any:
    return changed(row, path, MISSING)


def is_there(system: System, ids: Sequence[str], put_id: str) -> bool:
    """Check whether a row that was put is among those that were read."""
    return put_id in ids or any(system.stand_in.belongs_to(row_id, put_id) for row_id in ids)
