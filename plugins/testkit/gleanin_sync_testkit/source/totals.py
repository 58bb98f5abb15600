"""Totals: what is missing is said, and nothing is left out because of them (rule 34)."""

from functools import partial

from core.domain.records.feeds import SESSIONS
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.comparing import check_contains, check_each_once, check_same
from gleanin_sync_testkit.source.json_places import has_place, value_at
from gleanin_sync_testkit.source.pages import pages_of_sessions, with_value
from gleanin_sync_testkit.source.system import System, key_of
from gleanin_sync_testkit.wire import Answer, Request
from ports.source import SourceError, SourceIncomplete

ODD_TOTALS: tuple[object, ...] = (None, "many", [], {}, -1)


class TotalTests(SourceTests):
    @requirement("Does not take an empty page for the last one", rule=34, needs=("is_paged", "tells_totals"))
    async def test_empty_page_in_the_middle(self, system: System) -> None:
        pages, _, put = await pages_of_sessions(system)
        middle = key_of(pages[1])
        system.rewrites = [
            lambda request, answer: (
                with_value(answer, system.stand_in.rows_at, []) if key_of(request) == middle else answer
            )
        ]
        reading = await system.read()
        check_contains(reading, put[: system.stand_in.page_size])
        reading.failed(
            SourceError, why="a page came without its rows, so that fewer came than were announced"
        )

    @requirement(
        "Notices a page with fewer rows than it should have", rule=34, needs=("is_paged", "tells_totals")
    )
    async def test_short_page(self, system: System) -> None:
        pages, _, _ = await pages_of_sessions(system)
        for page in pages[:2]:
            key = key_of(page)

            def shorten(request: Request, answer: Answer, key: object = key) -> Answer:
                if key_of(request) != key:
                    return answer
                return with_value(answer, system.stand_in.rows_at, _rows(system, answer)[1:])

            system.rewrites = [shorten]
            reading = await system.read()
            reading.failed(SourceIncomplete, why="one row fewer came than the total says there are")

    @requirement("Says so if fewer rows came than there are in all", rule=34, needs=("tells_totals",))
    async def test_total_is_higher(self, system: System) -> None:
        for count in (0, 1, system.stand_in.page_size, system.stand_in.page_size + 1):
            put = system.put_sessions(count)
            system.rewrites = [partial(add_to_total, system, 1)]
            reading = await system.read()
            check_contains(reading, put)
            reading.failed(SourceIncomplete, why="the source says that there is one row more than came")
            system.heal()

    @requirement("Trusts no total: there may be more rows", rule=34, needs=("tells_totals",))
    async def test_total_is_lower(self, system: System) -> None:
        for count in (2, system.stand_in.page_size + 1, 2 * system.stand_in.page_size):
            put = system.put_sessions(count)
            system.rewrites = [partial(add_to_total, system, 1 - count)]
            reading = await system.read()
            if reading.error is None:
                check_same(reading, put)
            system.heal()

    @requirement("Reads a list whose total is no number", needs=("tells_totals",))
    async def test_total_is_odd(self, system: System) -> None:
        put = system.put_sessions(system.stand_in.page_size + 1)
        for odd in ODD_TOTALS:
            system.rewrites = [partial(_replace, system.stand_in.total_at, odd)]
            reading = await system.read()
            if reading.error is None:
                check_same(reading, put)

    @requirement(
        "Loses no row that moves to an earlier page while it reads",
        rule=34,
        needs=("is_paged", "tells_totals"),
    )
    async def test_rows_that_move_forward(self, system: System) -> None:
        pages, _, put = await pages_of_sessions(system)
        first, second = put[0].id, key_of(pages[1])

        def remove_first(request: Request) -> None:
            if (
                key_of(request) == second
                and (SESSIONS.name, first) in system.stand_in.events[system.event.id].known
            ):
                system.stand_in.remove_row(system.event.id, SESSIONS.name, first)

        system.hooks = [remove_first]
        reading = await system.read()
        check_each_once(reading)
        if reading.error is None:
            check_contains(reading, put[1:])


def _rows(system: System, answer: Answer) -> list[object]:
    rows: list[object] = value_at(answer.json, system.stand_in.rows_at)
    return rows


def _replace(path: tuple[str, ...], value: object, _request: Request, answer: Answer) -> Answer:
    return with_value(answer, path, value)


def add_to_total(system: System, more: int, _request: Request, answer: Answer) -> Answer:
    """Return an answer that announces more rows."""
    path = system.stand_in.total_at
    return (
        with_value(answer, path, value_at(answer.json, path) + more)
        if has_place(answer.json, path)
        else answer
    )
