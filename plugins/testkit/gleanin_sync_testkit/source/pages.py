"""Pages: all of them are read, and what does not add up is said (rule 34)."""

from dataclasses import replace
from typing import Any

import pytest

from core.domain.records.feeds import EXHIBITORS, SESSIONS
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.comparing import check_contains, check_each_once, check_same
from gleanin_sync_testkit.source.json_places import changed, has_place
from gleanin_sync_testkit.source.reading import Reading, read_records
from gleanin_sync_testkit.source.system import System, key_of
from gleanin_sync_testkit.wire import Answer, Request
from ports.source import SourceError, SourceEventGone

UNPAGED_ROWS = 250
PAGES = 3
"""How many pages of sessions most tests put."""


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

    @requirement("Has pages, links and totals where it claims to, and only there", needs=("is_http",))
    async def test_claims_are_true(self, system: System) -> None:
        stand_in, claims = system.stand_in, system.capabilities
        assert claims.has_linked_pages == bool(stand_in.next_at), (
            "Declare has_linked_pages exactly if next_at is set."
        )
        assert claims.tells_totals == bool(stand_in.total_at), (
            "Declare tells_totals exactly if total_at is set."
        )
        if not claims.is_paged:
            put = system.put_sessions(UNPAGED_ROWS)
            check_same(await system.read(), put)
            asked = [len(requests) for requests in system.pages_of(system.wire.requests)]
            assert max(asked) <= 2, f"The plug-in asked {max(asked)} times for one list. Declare is_paged."

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
        if not system.capabilities.tells_totals and not system.capabilities.has_linked_pages:
            pytest.skip("nothing announces a page")
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
    # One more request is fine: where nothing announces the end, an empty page does.
    assert len(pages) in (PAGES, PAGES + 1), (
        f"{len(put)} sessions were read by {len(pages)} requests instead of {PAGES}, since page_size is "
        f"{system.stand_in.page_size}. Correct page_size, list_of or is_paged, or the plug-in."
    )
    return pages[:PAGES], answers, put


def with_value(answer: Answer, path: tuple[str, ...], value: object) -> Answer:
    """Return an answer with another value at one place; unchanged if it has no such place."""
    if not has_place(answer.json, path):
        return answer
    return replace(answer, json=changed(answer.json, path, value))
