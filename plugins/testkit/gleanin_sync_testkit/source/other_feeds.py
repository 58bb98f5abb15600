"""Feeds of kinds that other plug-ins bring: the source reads them by what is in its access."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from adapters.plugins.rows import row_by_row
from core.domain.ids import SourceId
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.source_records import Exhibitor, Unreadable
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.comparing import check_contains, check_same
from gleanin_sync_testkit.source.reading import Reading, read_records
from gleanin_sync_testkit.source.system import System
from ports.plugins import FeedReader

NAME = "kit_rows"
"""Of the feed, of the list in the stand-in, and of its path below that of the event."""
FEED = Feed(NAME, Exhibitor)
ODD_ROWS: tuple[Any, ...] = (None, 7, "row", [], {}, {"id": "3"})
OTHER = ("reads_other_feeds", "is_http")


def parse(row: Mapping[str, Any]) -> Iterable[SourceRow]:
    """Return a row; raises KeyError where the name is missing."""
    return [Exhibitor(SourceId(str(row["id"])), row["name"])]


READER = FeedReader(NAME, parse)


class OtherFeedTests(SourceTests):
    @requirement("Reads the feeds of other plug-ins' kinds by their readers, all pages", rule=43, needs=OTHER)
    async def test_rows_of_another_feed(self, system: System) -> None:
        rows = [
            {"id": str(number), "name": f"Row {number}"}
            for number in range(2 * system.stand_in.page_size + 1)
        ]
        system.stand_in.put_raw(system.event.id, NAME, rows)
        put = [Exhibitor(SourceId(row["id"]), row["name"]) for row in rows]
        check_same(await self._read(system), put)

    @requirement(
        "Returns what a reader makes of odd rows, and loses none of the others", rule=29, needs=OTHER
    )
    async def test_odd_rows_of_another_feed(self, system: System) -> None:
        good = [{"id": "1", "name": "Row 1"}, {"id": "2", "name": "Row 2"}]
        for odd in ODD_ROWS:
            system.stand_in.put_raw(system.event.id, NAME, [good[0], odd, good[1]])
            reading = await self._read(system)
            check_contains(reading, [Exhibitor(SourceId(row["id"]), row["name"]) for row in good])
            others = [row for row in reading.complete if row.id not in ("1", "2")]
            assert [type(row) for row in others] == [Unreadable], (
                f"{reading.words} returned {others!r:.200} for {odd!r} in the list. Return one Unreadable."
            )

    async def _read(self, system: System) -> Reading:
        access = system.stand_in.access()
        access = replace(access, readers=row_by_row({NAME: READER}))
        async with self.plugin.open(access, system.wire.open_http()) as source:
            return await read_records(source, system.event.id, FEED)
