"""Requirements: a list of records is complete, or it is an error."""

import json
from dataclasses import replace

import pytest

from gleanin_sync_testkit.destination.base import DestinationSuiteBase, new_event, read_all
from gleanin_sync_testkit.destination.expectations import raises
from gleanin_sync_testkit.destination.mutations import broken_lists, broken_rows
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.destination.samples import sample
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.wire import Answer
from ports.plugins import (
    DestinationError,
    DestinationEventId,
    DestinationRecord,
    DestinationUnavailable,
    DestinationUnreadable,
    ExternalId,
    RecordKind,
    RecordsNotReported,
)

UNREADABLE = (DestinationUnreadable, DestinationUnavailable)
NUMBER = 8
NO_DOCUMENTS: tuple[object, ...] = (None, 3, "text", True, [3], [None], [[]])
PAGE_SIZE = 3
PAGES = 3


class ReadingTests(DestinationSuiteBase):
    @requirement("An event without records has none")
    async def test_empty(self, rig: Rig) -> None:
        event = new_event(rig)
        async with self.opened(rig) as destination:
            for kind, _ in self.schemas(rig):
                try:
                    listed = await read_all(destination, event, kind)
                except RecordsNotReported:
                    continue
                assert listed == [], f"An event without {kind.plural} is listed with {listed}"

    @requirement("Only records of the event and of the kind are listed")
    async def test_kinds_apart(self, rig: Rig) -> None:
        event = new_event(rig)
        events = [event, new_event(rig, "another")] if self.capabilities.has_several_events else [event]
        made: dict[tuple[str, str], list[str]] = {}
        async with self.opened(rig) as destination:
            for at in events:
                for kind, schema in self.schemas(rig):
                    record = await destination.create(at, kind, ExternalId(f"{at}-{kind.name}"), sample(kind))
                    made.setdefault((at, schema.type), []).append(record)
            for at in events:
                for kind, schema in self.schemas(rig):
                    listed = [record.id for record in await read_all(destination, at, kind)]
                    assert sorted(listed) == sorted(made[at, schema.type]), (
                        f"The event {at} has the {kind.plural} {made[at, schema.type]}, but {listed} are listed"
                    )

    @requirement("All pages are read, and each record is listed once", rule=32)
    @pytest.mark.parametrize("number", [1, 2, 3, 4, 6, 7])
    async def test_pages(self, rig: Rig, number: int) -> None:
        event, kind, ids = self._filled(rig, number)
        async with self.opened(rig) as destination:
            listed = [record.id for record in await read_all(destination, event, kind)]
        assert sorted(listed) == sorted(ids), (
            f"There are {number} {kind.plural} in pages of {PAGE_SIZE}, {ids}, but {listed} are listed"
        )

    @requirement("The stand-in has pages", needs=("is_paged",))
    async def test_stand_in_has_pages(self, rig: Rig) -> None:
        event, kind, _ = self._filled(rig)
        number = len(await self._answers(rig, event, kind))
        assert number >= PAGES, (
            f"{NUMBER} records were read by {number} requests although a page has {PAGE_SIZE}: "
            "use `self.page` in the stand-in, or declare is_paged=False"
        )

    @requirement("A page that lacks rows makes the list unreadable", rule=32, needs=("tells_totals",))
    async def test_short_page(self, rig: Rig) -> None:
        event, kind, _ = self._filled(rig)
        rig.stand_in.lost_rows = 1
        async with self.opened(rig) as destination:
            with raises(
                *UNREADABLE,
                but_not=(RecordsNotReported,),
                when="When an answer has fewer records than it announces",
            ):
                await read_all(destination, event, kind)

    @requirement(
        "A page that is repeated in the place of another is no complete list", rule=32, needs=("is_paged",)
    )
    @pytest.mark.parametrize("at", [1, 2])
    async def test_repeated_page(self, rig: Rig, at: int) -> None:
        event, kind, ids = self._filled(rig)
        answers = await self._answers(rig, event, kind)
        first = len(answers) - PAGES
        rig.fail(writes=False, answer=answers[first + at - 1], after=first + at)
        when = f"page {at} is answered in the place of page {at + 1}"
        await self._check_complete_or_error(rig, event, kind, ids, when)

    @requirement("A page that fails makes the list an error", rule=32, needs=("is_paged", "is_http"))
    @pytest.mark.parametrize(
        "answer",
        [None, Answer({"error": "oops"}, 500), Answer({"error": "Not found"}, 404), Answer(None, body=b"")],
        ids=["cut", "500", "404", "empty"],
    )
    async def test_missing_page(self, rig: Rig, answer: Answer | None) -> None:
        event, kind, ids = self._filled(rig)
        answers = await self._answers(rig, event, kind)
        rig.fail(writes=False, answer=answer, after=len(answers) - PAGES + 1, times=None)
        await self._check_complete_or_error(rig, event, kind, ids, "the second page fails")

    @requirement("A link to another host is not followed", rule=2, needs=("has_next_links", "is_paged"))
    @pytest.mark.parametrize(
        "link",
        ["https://elsewhere.example.net/list?page=2", "//elsewhere.example.net/list?page=2",
         "http://{host}/list?page=2", "https://{host}:444/list?page=2", "https://a:b@{host}/list?page=2",
         "https://["],
    )  # fmt: skip
    async def test_link_to_another_host(self, rig: Rig, link: str) -> None:
        event, kind, ids = self._filled(rig)
        host = rig.stand_in.url.split("/")[2]
        rig.stand_in.next_link = link.replace("{host}", host)
        await self._check_complete_or_error(rig, event, kind, ids, f"the next page is said to be {link}")
        origin = "/".join(rig.stand_in.url.split("/")[:3]) + "/"
        elsewhere = [request.url for request in rig.wire.requests if not request.url.startswith(origin)]
        assert not elsewhere, f"The token was sent to {elsewhere}"

    @requirement("A link to the same page does not go on for ever", needs=("has_next_links", "is_paged"))
    async def test_link_to_itself(self, rig: Rig) -> None:
        event, kind, ids = self._filled(rig)
        await self._answers(rig, event, kind)
        rig.stand_in.next_link = rig.wire.requests[-PAGES].url
        when = "each page is said to be followed by the first one"
        await self._check_complete_or_error(rig, event, kind, ids, when)

    @requirement(
        "An answer that breaks off or is something else makes the list an error", rule=32, needs=("is_http",)
    )
    async def test_unreadable_answers(self, rig: Rig) -> None:
        event, kind, ids = self._filled(rig)
        for position, genuine in enumerate(await self._answers(rig, event, kind)):
            body = json.dumps(genuine.json).encode() if genuine.body is None else genuine.body
            broken = {
                "the first half of it": replace(genuine, body=body[: len(body) // 2]),
                "all but its last character": replace(genuine, body=body[:-1]),
                "nothing": replace(genuine, body=b""),
                **{f"{value!r}": Answer(value) for value in NO_DOCUMENTS},
                **({} if isinstance(genuine.json, list) else {"[]": Answer([])}),
                **({} if isinstance(genuine.json, dict) else {"{}": Answer({})}),
            }
            for name, answer in broken.items():
                rig.wire.faults.clear()
                rig.fail(writes=False, answer=answer, after=position, times=None)
                await self._check_complete_or_error(
                    rig,
                    event,
                    kind,
                    ids,
                    f"the answer to request {position + 1} of the list is {name}",
                    but_not=(RecordsNotReported,),
                )

    @requirement("An answer without its list of records makes the list an error", rule=32, needs=("is_http",))
    async def test_missing_lists(self, rig: Rig) -> None:
        event, kind, ids = self._filled(rig)
        for position, genuine in enumerate(await self._answers(rig, event, kind)):
            for name, document in broken_lists(genuine.json, {*ids}):
                rig.wire.faults.clear()
                rig.fail(writes=False, answer=Answer(document), after=position, times=None)
                await self._check_complete_or_error(
                    rig, event, kind, ids, f"{name} in the answer to request {position + 1} of the list"
                )

    @requirement(
        "A row with odd values is listed all the same, or makes the list an error",
        rule=32,
        needs=("is_http",),
    )
    async def test_odd_rows(self, rig: Rig) -> None:
        event, kind, ids = self._filled(rig)
        for position, genuine in enumerate(await self._answers(rig, event, kind)):
            for name, document in broken_rows(genuine.json, {*ids}):
                rig.wire.faults.clear()
                rig.fail(writes=False, answer=Answer(document), after=position)
                await self._check_complete_or_error(rig, event, kind, ids, f"in a row, {name}")

    def _filled(self, rig: Rig, number: int = NUMBER) -> tuple[DestinationEventId, RecordKind, list[str]]:
        """Add an event with records, in pages of `PAGE_SIZE`."""
        rig.stand_in.page_size = PAGE_SIZE
        event = new_event(rig)
        kind, schema = self.any_kind(rig)
        for position in range(number):
            attributes = rig.stand_in.expected(schema, sample(kind, position))
            rig.stand_in.create_record(event, schema.type, f"memory:c1:{position}", attributes)
        return event, kind, [record.id for record in rig.stored(event, schema)]

    async def _answers(self, rig: Rig, event: DestinationEventId, kind: RecordKind) -> list[Answer]:
        """Read the list, and return the answer to each request."""
        rig.answers.clear()
        async with self.opened(rig) as destination:
            await read_all(destination, event, kind)
        return [answer for _, answer in rig.answers]

    async def _check_complete_or_error(
        self,
        rig: Rig,
        event: DestinationEventId,
        kind: RecordKind,
        ids: list[str],
        when: str,
        *,
        but_not: tuple[type[Exception], ...] = (),
    ) -> None:
        rig.wire.requests.clear()
        async with self.opened(rig) as destination:
            try:
                records = await read_all(destination, event, kind)
                listed = [record.id for record in records]
            except DestinationError as error:
                if isinstance(error, but_not):
                    pytest.fail(f"When {when}, records() must not raise {error!r}")
            except Exception as error:
                raise AssertionError(
                    f"When {when}, records() must raise DestinationUnreadable, but it raised "
                    f"{type(error).__name__}, which is no error of the port: {error}"
                ) from error
            else:
                assert sorted(listed) == sorted(ids), (
                    f"When {when}, records() must raise DestinationUnreadable or list all of {ids}, but it listed "
                    f"{listed}: what is missing would be created a second time (rule 32)"
                )
                for record in records:
                    _check_types(record, when)


def _check_types(record: DestinationRecord, when: str) -> None:
    """Check that what came over the wire is what the type of a record promises."""
    links = [text for link in record.links or () for text in (link.title, link.url)]
    texts = [record.id, *record.sessions, *links]
    may_be_none = [record.external_id, record.email]
    is_right = all(
        isinstance(text, str) for text in texts + [text for text in may_be_none if text is not None]
    )
    assert is_right, f"When {when}, a record is listed with values of the wrong type: {record}"
