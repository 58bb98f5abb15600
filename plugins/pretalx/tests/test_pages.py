"""Lists are read page by page, and what does not add up is said."""

import pytest

from gleanin_sync_pretalx import pages
from gleanin_sync_pretalx.client import NotFound
from gleanin_sync_testkit.wire import Answer, Request
from plugins.pretalx.tests.in_memory import client_of, page
from ports.plugins import SourceIncomplete, SourceUnreadable


class Pages:
    """Answers requests for pages; each reading of a list may get others."""

    def __init__(self, *readings: dict[int, Answer]) -> None:
        self.readings = readings
        self.started = 0
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> Answer:
        self.requests.append(request)
        number = int(request.query["page"])
        self.started += number == 1
        answers = self.readings[min(self.started, len(self.readings)) - 1]
        return answers.get(number, Answer({"detail": "Invalid page."}, status=404))

    async def read(self) -> tuple[list[str], str]:
        """Return the codes of the rows, and why they are not all."""
        rows: list[str] = []
        async with client_of(self) as client:
            try:
                async for found in pages.read_list(client, "list/", {"o": "created"}, "talks", "code"):
                    rows += [row["code"] if isinstance(row, dict) else repr(row) for row in found]
            except SourceIncomplete as incomplete:
                return rows, str(incomplete)
        return rows, ""


def rows(*codes: str) -> list[object]:
    return [{"code": code} for code in codes]


TWO = {
    1: page(*rows("A", "B"), count=3, next_link="http://wrong.example.org/?page=2"),
    2: page(*rows("C"), count=3),
}


async def test_all_pages_are_read_wherever_the_links_lead() -> None:
    server = Pages(TWO)
    assert await server.read() == (["A", "B", "C"], "")
    assert [dict(request.query) for request in server.requests] == [
        {"o": "created", "page_size": "50", "page": "1"},
        {"o": "created", "page_size": "50", "page": "2"},
    ]


async def test_a_list_that_does_not_add_up_is_read_once_more() -> None:
    moved = {1: TWO[1], 2: page(*rows("B"), count=3)}
    server = Pages(moved, TWO)
    assert await server.read() == (["A", "B", "C"], "")
    assert server.started == 2


@pytest.mark.parametrize(
    ("second", "problem"),
    [
        ({}, "pretalx announced a page of talks that has none."),
        ({2: page(count=3)}, "pretalx announced a page of talks that has none."),
        ({2: page(*rows("A", "B"), count=3)}, "pretalx returned the same page of talks twice."),
        ({2: page(*rows("B", "C"), count=4)}, "pretalx reports 4 talks but returned 3."),
    ],
)
async def test_a_list_that_never_adds_up_is_incomplete(second: dict[int, Answer], problem: str) -> None:
    server = Pages({1: TWO[1], **second})
    codes, why = await server.read()
    assert why == problem
    assert codes[:2] == ["A", "B"]
    assert server.started == pages.MAX_READS


async def test_a_row_that_was_removed_while_others_moved_up_is_noticed() -> None:
    server = Pages({1: TWO[1], 2: page(count=2)}, {1: page(*rows("B", "C"))})
    assert await server.read() == (["A", "B", "C"], "")


async def test_equal_rows_without_a_code_are_all_counted() -> None:
    assert await Pages({1: page(None, None, {"code": 7}, count=3)}).read() == (["None", "None", 7], "")


async def test_an_endless_list_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "MAX_PAGES", 3)
    endless = {number: page(*rows(f"C{number}"), count=1, next_link="x") for number in range(1, 9)}
    server = Pages(endless)
    assert await server.read() == (["C1", "C2", "C3"], "pretalx has more than 3 pages of talks.")


async def test_a_list_that_does_not_exist_is_no_empty_one() -> None:
    async with client_of(Pages({})) as client:
        with pytest.raises(NotFound):
            await anext(pages.read_list(client, "list/", {}, "talks", "code"))


@pytest.mark.parametrize(
    "document",
    [None, [], 7, {}, {"results": None, "count": 0}, {"results": []}, {"results": [], "count": True}],
)
async def test_another_shape_is_no_page(document: object) -> None:
    async with client_of(lambda _: Answer(document)) as client:
        with pytest.raises(SourceUnreadable):
            await anext(pages.read_list(client, "list/", {}, "talks", "code"))
