"""Reads one of Sessionboard's lists completely, or says that it could not (rule 34)."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

from adapters.sessionboard.client import SessionboardClient
from adapters.sessionboard.pages import ListReader
from adapters.sessionboard.parsing import PageRead, RowSchema, WrongShape, cut_page, read_cut
from adapters.sessionboard.tally import SINGLE, RowPosition, RowTally
from core.domain.ids import SourceEventId, SourceId
from core.domain.records.source_records import Unreadable
from ports.source import SourceEventGone, SourceIncomplete

MAX_READS = 2
"""How often a list is read at most: it may be edited while it is read (rule 34)."""
PARALLEL = 5
"""Pages in flight or waiting to be consumed; this bounds the memory."""
# Sorted by creation: sorted by change, rows would move between pages while they are read.
OLDEST_FIRST = {"order": "createdAt", "sort": "asc"}

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class SessionboardLists:
    client: SessionboardClient
    parallel: int = PARALLEL

    async def read(
        self, schema: RowSchema[Any, R], words: str, method: str, path: str, body: object
    ) -> AsyncIterator[Sequence[R | Unreadable]]:
        """Read all pages, and once more if they do not add up, skipping rows that were already returned.

        Raises:
            SourceIncomplete: the second read does not add up either.
        """

        def request(position: RowPosition) -> asyncio.Task[PageRead[R]]:
            # The first page shows whether the event exists; a later page may vanish when rows are removed.
            is_first = position.rows_before == 0

            def read_whole(content: bytes) -> PageRead[R]:
                page = schema.read_page(content, position.size)
                if is_first and page.is_foreign:
                    raise WrongShape(_foreign(words, page))
                return page

            def read_beginning(content: bytearray, excess: str) -> PageRead[R] | None:
                row, totals = read_cut(content, position.size)
                if position.size > SINGLE:
                    return None
                return cut_page(row, totals, f"The row {excess}.", f"Row {position.number:,} of the {words}")

            params = {"page": position.number, "pageSize": position.size}
            reading = self.client.read(
                method, path, params, body, read_whole, announced=is_first, read_cut=read_beginning
            )
            return asyncio.create_task(reading)

        known: set[SourceId] = set()
        fault = ""
        for _ in range(MAX_READS):
            tally = RowTally(words)
            async with aclosing(ListReader(request, self.parallel, tally).pages()) as pages:
                async for page in pages:
                    if new := page.take_new(known):
                        yield new
            fault = tally.fault
            if not fault:
                return
        raise SourceIncomplete(fault)


def _foreign(words: str, page: PageRead[Any]) -> str:
    problem = next(record.problem for record in page.records if isinstance(record, Unreadable))
    return f"a list of {len(page.ids)} {words}, none of which can be read (the first: {problem[:-1]})"


def event_path(event_id: SourceEventId) -> str:
    segment = quote(event_id, safe="")
    if segment.strip(".") == "":
        raise SourceEventGone("An event's id cannot be empty.")
    return f"v1/event/{segment}"
