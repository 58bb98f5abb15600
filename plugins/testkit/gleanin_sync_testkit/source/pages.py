"""Pages: all of them are read, and what does not add up is said (rule 34)."""

from dataclasses import replace
from functools import partial
from typing import Any

from core.domain.records.feeds import EXHIBITORS, SESSIONS
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.comparing import check_contains, check_each_once, check_same
from gleanin_sync_testkit.source.json_places import changed, has_place, value_at
from gleanin_sync_testkit.source.reading import Reading, read_records
from gleanin_sync_testkit.source.system import System, key_of
from gleanin_sync_testkit.wire import Answer, Request
from ports.source import SourceError, SourceEventGone, SourceIncomplete

ODD_TOTALS: tuple[object, ...] = (None, "many", [], {}, -1)


class PageTests(SourceTests):
    @requirement("Reads every page of sessions, whatever the number of rows", rule=34, needs=("is_paged",))
    async def test_all_pages_of_sessions(self, system: System) -> None:
        size = system.stand_in.page_size
        for count in (1, size - 1, size, size + 1, 2 * size, 2 * size + 1):
            put = system.put_sessions(count)
            check_same(await system.read(), put)

    @requirement("Reads every page of exhibitors", rule=34, needs=("is_paged", "has_exhibitors"))
    async def test_all_pages_of_exhibitors(self, system: System) -> None:
        put = system.put(EXHIBITORS, system.examples.exhibitors(2 * system.stand_in.page_size + 1))
        check_same(await system.read(EXHIBITORS), put)

    @requirement("Asks for pages of the declared size", needs=("is_paged",))
    async def test_pages_have_the_declared_size(self, system: System) -> None:
        await pages_of_sessions(system)

    @requirement(
        "Does not accept a page that repeats the one before it", rule=34, needs=("is_paged", "is_http")
    )
    async def test_repeated_page_is_not_accepted(self, system: System) -> None:
        pages, answers, put = await pages_of_sessions(system)
        for at in range(1, len(pages)):
            fault = system.fail(pages[at], answers[key_of(pages[at - 1])])
            reading = await system.read()
            assert fault.met, "The suite's own fault: the page was not asked for."
            check_each_once(reading)
            check_contains(reading, put[: system.stand_in.page_size])
            reading.failed(SourceError, why=f"page {at + 1} repeated the rows of page {at}")

    @requirement("Does not accept that an announced page is missing", rule=34, needs=("is_paged", "is_http"))
    async def test_missing_page_is_not_accepted(self, system: System) -> None:
        pages, _, _ = await pages_of_sessions(system)
        for at in range(1, len(pages)):
            for status in (404, 400):
                system.fail(pages[at], Answer({"error": "no such page"}, status=status))
                error = (await system.read()).failed(
                    SourceError, why=f"page {at + 1}, which was announced, was answered with {status}"
                )
                assert not isinstance(error, SourceEventGone), (
                    "The plug-in says that the event is gone because a page in the middle is missing. "
                    "Only the first answer can show that: raise SourceIncomplete or SourceUnreadable."
                )

    @requirement(
        "Returns the rows of the pages that came before an error", rule=29, needs=("is_paged", "is_http")
    )
    async def test_rows_before_an_error(self, system: System) -> None:
        pages, _, put = await pages_of_sessions(system)
        known = {row.id: row for row in put}
        for at in range(1, len(pages)):
            system.fail(pages[at], Answer({"error": "odd"}, status=418))
            reading = await system.read()
            check_each_once(reading)
            check_contains(Reading(reading.words, reading.rows), [known[row_id] for row_id in reading.ids])
            reading.failed(SourceError, why=f"page {at + 1} was answered with 418")

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
            system.rewrites = [partial(_add_to_total, system, 1)]
            reading = await system.read()
            check_contains(reading, put)
            reading.failed(SourceIncomplete, why="the source says that there is one row more than came")
            system.heal()

    @requirement("Trusts no total: there may be more rows", rule=34, needs=("tells_totals",))
    async def test_total_is_lower(self, system: System) -> None:
        for count in (2, system.stand_in.page_size + 1, 2 * system.stand_in.page_size):
            put = system.put_sessions(count)
            system.rewrites = [partial(_add_to_total, system, 1 - count)]
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

    @requirement(
        "Returns no row twice that moves to a later page while it reads", rule=34, needs=("is_paged",)
    )
    async def test_rows_that_move_backward(self, system: System) -> None:
        pages, _, put = await pages_of_sessions(system)
        second, inserted = key_of(pages[1]), list[str]()

        def insert_first(request: Request) -> None:
            if key_of(request) == second and not inserted:
                inserted.append("once")
                rows = system.examples.sessions(len(put))
                system.stand_in.put_rows(
                    system.event.id, SESSIONS.name, [*system.examples.sessions(1, start=5000), *rows]
                )

        system.hooks = [insert_first]
        reading = await system.read()
        check_each_once(reading)
        check_contains(reading, put)


async def pages_of_sessions(
    system: System,
) -> tuple[list[Request], dict[tuple[str, str, bytes], Answer], list[Any]]:
    """Put three pages of sessions; return the requests for them, the answers, and the rows."""
    put = system.put_sessions(2 * system.stand_in.page_size + 1)
    answers: dict[tuple[str, str, bytes], Answer] = {}

    def keep(request: Request, answer: Answer) -> Answer:
        answers[key_of(request)] = answer
        return answer

    system.rewrites = [keep]
    requests = await system.requests_of(lambda source: read_records(source, system.event.id, SESSIONS))
    system.rewrites = []
    pages = max(system.pages_of(requests), key=len)
    assert len(pages) == 3, (
        f"{len(put)} sessions were read by {len(pages)} requests instead of 3, since page_size is "
        f"{system.stand_in.page_size}. Correct page_size, list_of or is_paged, or the plug-in."
    )
    return pages, answers, put


def with_value(answer: Answer, path: tuple[str, ...], value: object) -> Answer:
    """Return an answer with another value at one place; unchanged if it has no such place."""
    if not has_place(answer.json, path):
        return answer
    return replace(answer, json=changed(answer.json, path, value))


def _rows(system: System, answer: Answer) -> list[object]:
    rows: list[object] = value_at(answer.json, system.stand_in.rows_at)
    return rows


def _replace(path: tuple[str, ...], value: object, _request: Request, answer: Answer) -> Answer:
    return with_value(answer, path, value)


def _add_to_total(system: System, more: int, _request: Request, answer: Answer) -> Answer:
    path = system.stand_in.total_at
    return (
        with_value(answer, path, value_at(answer.json, path) + more)
        if has_place(answer.json, path)
        else answer
    )
