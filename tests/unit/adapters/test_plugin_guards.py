"""What a plug-in raises: errors of the port pass, and all else becomes one that names its package."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.plugins.destinations import InstalledDestinations
from adapters.plugins.guard import described
from adapters.plugins.rows import row_by_row
from adapters.plugins.sources import InstalledSources
from core.domain.errors import MAX_DESCRIPTION_LENGTH, InvalidInput
from core.domain.ids import DestinationEventId, DestinationId, ExternalId, SourceEventId, SourceId
from core.domain.records.destination_records import DestinationEvent, DestinationRecord
from core.domain.records.feeds import SESSIONS, Feed
from core.domain.records.kinds import SESSION
from core.domain.records.source_records import Person, Session, SourceEvent, Unreadable, is_id
from core.domain.tenancy.secrets import SystemCredentials, Token
from ports.destination import (
    BeforeWrite,
    Destination,
    DestinationEventGone,
    DestinationFailed,
    DestinationRefused,
    FailedBeforeWrite,
    FailedInWrite,
    RecordRejected,
    WriteOutcomeUnknown,
)
from ports.plugins import Access, DestinationPlugin, FeedReader, Http, OpenHttp, SourcePlugin
from ports.source import Source, SourceFailed, SourceIncomplete, SourceRefused

SENTENCE = "toy-package failed: KeyError: 'id'. Report this to its authors."
TOKEN = Token("secret")
EVENT = SourceEventId("summer")
PORT_ERRORS: list[Exception] = [SourceRefused("no"), SourceIncomplete("some"), InvalidInput("bad")]


class Stopped(Exception):
    """What a fence raises."""


@dataclass
class FakeSource:
    raised: Exception | None = None
    closed: list[type[BaseException] | None] = field(default_factory=list)

    def _do(self) -> None:
        if self.raised:
            raise self.raised

    async def events(self) -> Sequence[SourceEvent]:
        self._do()
        return [SourceEvent(EVENT, "Summer", None)]

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        return (await self.events())[0]

    async def records(self, event_id: SourceEventId, feed: Feed[Any]) -> AsyncIterator[Sequence[Any]]:
        yield [Session(SourceId("s1"))]
        self._do()
        yield [Session(SourceId("s2"))]

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        self._do()
        return True


def no_http(
    base_url: str, headers: Mapping[str, str], before_write: BeforeWrite | None = None
) -> AbstractAsyncContextManager[Http]:
    raise AssertionError("the plug-ins of these tests send nothing")


def opened_source(
    source: FakeSource, on_open: Exception | None = None
) -> AbstractAsyncContextManager[Source]:
    @asynccontextmanager
    async def open_source(access: Access, http: OpenHttp) -> AsyncIterator[FakeSource]:
        if on_open:
            raise on_open
        try:
            yield source
        except BaseException as error:
            source.closed.append(type(error))
            raise
        source.closed.append(None)

    plugin = SourcePlugin("toys", "Toy Box", open_source)
    sources = InstalledSources(lambda _: (plugin, "toy-package"), no_http, str, lambda _: {})
    return sources.named("toys").open(SystemCredentials("https://toys.example.org", TOKEN))


async def all_records(source: Source) -> list[Any]:
    return [row async for page in source.records(EVENT, SESSIONS) for row in page]


Call = Callable[[Source], Any]
CALLS: list[Call] = [
    lambda source: source.events(),
    lambda source: source.event(EVENT),
    lambda source: source.has_changed(EVENT, datetime.now(UTC)),
    all_records,
]


@pytest.mark.parametrize("call", CALLS)
async def test_what_a_source_raises_names_its_package(call: Call) -> None:
    async with opened_source(FakeSource(KeyError("id"))) as source:
        with pytest.raises(SourceFailed) as failed:
            await call(source)
    assert str(failed.value) == SENTENCE
    assert isinstance(failed.value.__cause__, KeyError)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("error", PORT_ERRORS, ids=lambda error: type(error).__name__)
async def test_errors_of_the_port_of_a_source_pass_unchanged(call: Call, error: Exception) -> None:
    async with opened_source(FakeSource(error)) as source:
        with pytest.raises(type(error)) as raised:
            await call(source)
    assert raised.value is error


async def test_a_source_is_passed_through_when_nothing_is_raised() -> None:
    inner = FakeSource()
    async with opened_source(inner) as source:
        assert [row.id for row in await all_records(source)] == ["s1", "s2"]
        assert [event.id for event in await source.events()] == [EVENT]
    assert inner.closed == [None]


async def test_a_raise_while_a_source_is_opened_names_its_package() -> None:
    with pytest.raises(SourceFailed, match=r"^toy-package failed: KeyError"):
        async with opened_source(FakeSource(), KeyError("id")):
            pass
    refused = SourceRefused("no")
    with pytest.raises(SourceRefused) as raised:
        async with opened_source(FakeSource(), refused):
            pass
    assert raised.value is refused


@pytest.mark.parametrize("error", [ValueError("ours"), asyncio.CancelledError()])
async def test_a_source_is_closed_with_what_its_user_raises(error: BaseException) -> None:
    inner = FakeSource()

    async def use() -> None:
        async with opened_source(inner):
            raise error

    with pytest.raises((type(error), SourceFailed)):
        await use()
    assert inner.closed == [type(error)]


async def test_what_its_user_raises_is_not_the_fault_of_the_source() -> None:
    async def use() -> None:
        async with opened_source(FakeSource()):
            raise ValueError("ours")

    with pytest.raises(ValueError, match=r"^ours$"):
        await use()


def test_a_description_is_one_short_line() -> None:
    assert described(ValueError("one\n  two.")) == "ValueError: one two"
    assert len(described(ValueError("x" * 10_000))) == MAX_DESCRIPTION_LENGTH


@dataclass
class FakeDestination:
    fence: BeforeWrite | None
    before: Exception | None = None
    """Raised before a write leaves."""
    after: Exception | None = None
    in_task: bool = False
    """Whether the write is sent by a task of its own."""
    max_in_flight: int = 1
    link_hosts: frozenset[str] = frozenset({"links.example.org"})
    seen: list[str] = field(default_factory=list)
    """Event ids, as the plug-in gets them."""

    def _do(self, event_id: str = "") -> None:
        self.seen.append(event_id)
        if self.before:
            raise self.before

    async def events(self) -> Sequence[DestinationEvent]:
        self._do()
        return [DestinationEvent(DestinationEventId("7"), "Shelf")]

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        self._do(event_id)
        return DestinationEvent(event_id, "Shelf")

    async def records(
        self, event_id: DestinationEventId, kind: object
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        self._do(event_id)
        yield [DestinationRecord(DestinationId("r1"))]

    async def create(self, event_id: DestinationEventId, *more: object) -> DestinationId:
        await self._write(event_id)
        return DestinationId("r1")

    async def update(self, event_id: DestinationEventId, *more: object) -> None:
        await self._write(event_id)

    async def _write(self, event_id: str) -> None:
        self._do(event_id)
        if self.fence:
            leaving: Any = self.fence()
            await (asyncio.create_task(leaving) if self.in_task else leaving)
        if self.after:
            raise self.after


async def pass_through() -> None:
    """Return at once, so that every write passes."""


@asynccontextmanager
async def opened_destination(
    fence: BeforeWrite | None = pass_through, own: str = "gleanin", **faults: Any
) -> AsyncIterator[tuple[Destination, FakeDestination]]:
    made: list[FakeDestination] = []

    @asynccontextmanager
    async def open_destination(
        access: Access, http: OpenHttp, before_write: BeforeWrite | None
    ) -> AsyncIterator[Any]:
        made.append(FakeDestination(before_write, **faults))
        yield made[0]

    plugin = DestinationPlugin("toy-shelf", "Toy Shelf", open_destination, url="https://shelf.example.org")
    destinations = InstalledDestinations(
        lambda _: (plugin, "toy-package"),
        lambda _: {},
        no_http,
        {},
        frozenset({"more.example.org"}),
        without_prefix=own,
    )
    async with destinations.named("toy-shelf").open(SystemCredentials("", TOKEN), fence) as destination:
        yield destination, made[0]


SHELF = DestinationEventId("toy-shelf:7")


async def create(destination: Destination) -> DestinationId:
    return await destination.create(SHELF, SESSION, ExternalId("toys:c:s1"), {"title": "Talk"})


async def update(destination: Destination) -> None:
    await destination.update(SHELF, SESSION, DestinationId("r1"), [])


async def read_records(destination: Destination) -> list[DestinationRecord]:
    return [record async for page in destination.records(SHELF, SESSION) for record in page]


DestinationCall = Callable[[Destination], Any]
READS: list[DestinationCall] = [
    lambda destination: destination.events(),
    lambda destination: destination.event(SHELF),
    read_records,
]
WRITES: list[DestinationCall] = [create, update]


@pytest.mark.parametrize("call", READS)
async def test_what_a_read_of_a_destination_raises_names_its_package(call: DestinationCall) -> None:
    async with opened_destination(before=KeyError("id")) as (destination, _):
        with pytest.raises(DestinationFailed) as failed:
            await call(destination)
    assert str(failed.value) == SENTENCE


@pytest.mark.parametrize("call", [*READS, *WRITES])
@pytest.mark.parametrize(
    "error",
    [DestinationRefused("no"), RecordRejected("no"), WriteOutcomeUnknown("late", 7), InvalidInput("bad")],
    ids=lambda error: type(error).__name__,
)
async def test_errors_of_the_port_of_a_destination_pass_unchanged(
    call: DestinationCall, error: Exception
) -> None:
    async with opened_destination(before=error) as (destination, _):
        with pytest.raises(type(error)) as raised:
            await call(destination)
    assert raised.value is error


@pytest.mark.parametrize("call", WRITES)
async def test_a_raise_before_a_write_has_left_rejects_the_record(call: DestinationCall) -> None:
    async with opened_destination(before=KeyError("id")) as (destination, _):
        with pytest.raises(FailedBeforeWrite) as rejected:
            await call(destination)
    assert str(rejected.value) == SENTENCE


@pytest.mark.parametrize("call", WRITES)
@pytest.mark.parametrize("in_task", [False, True])
async def test_after_a_raise_of_a_write_that_has_left_its_outcome_is_unknown(
    call: DestinationCall, *, in_task: bool
) -> None:
    async with opened_destination(after=KeyError("id"), in_task=in_task) as (destination, _):
        with pytest.raises(FailedInWrite) as lost:
            await call(destination)
    assert str(lost.value) == SENTENCE


async def test_without_a_fence_nobody_knows_whether_a_write_has_left() -> None:
    async with opened_destination(None, before=KeyError("id")) as (destination, inner):
        assert inner.fence is None
        with pytest.raises(FailedInWrite):
            await create(destination)


async def test_that_one_write_has_left_says_nothing_about_another() -> None:
    async with opened_destination() as (destination, inner):
        await create(destination)
        inner.before = KeyError("id")
        with pytest.raises(FailedBeforeWrite):
            await create(destination)


@pytest.mark.parametrize("call", WRITES)
@pytest.mark.parametrize("in_task", [False, True])
async def test_what_the_fence_raises_passes_unchanged(call: DestinationCall, *, in_task: bool) -> None:
    stopped = Stopped("another run has taken over")

    async def fence() -> None:
        raise stopped

    async with opened_destination(fence, in_task=in_task) as (destination, _):
        with pytest.raises(Stopped) as raised:
            await call(destination)
    assert raised.value is stopped


@pytest.mark.parametrize("call", [*READS, *WRITES])
async def test_a_cancelled_call_is_cancelled(call: DestinationCall) -> None:
    async with opened_destination(after=None) as (destination, inner):
        inner.before = asyncio.CancelledError()  # type: ignore[assignment]
        with pytest.raises(asyncio.CancelledError):
            await call(destination)


async def test_the_plugin_gets_its_own_event_ids_and_the_program_prefixed_ones() -> None:
    async with opened_destination() as (destination, inner):
        assert [event.id for event in await destination.events()] == ["toy-shelf:7"]
        assert (await destination.event(SHELF)).id == SHELF
        await read_records(destination)
        await create(destination)
        await update(destination)
        assert inner.seen == ["", "7", "7", "7", "7"]
        with pytest.raises(DestinationEventGone):
            await destination.event(DestinationEventId("7"))
        assert destination.link_hosts == {"links.example.org", "more.example.org"}


async def test_one_destination_keeps_its_ids() -> None:
    async with opened_destination(own="toy-shelf") as (destination, _):
        assert [event.id for event in await destination.events()] == ["7"]
        assert (await destination.event(DestinationEventId("7"))).id == "7"


def broken(row: Mapping[str, Any]) -> list[Person]:
    return [Person(row["id"], full_name=row["name"].strip())]


@pytest.mark.parametrize(
    ("row", "expected_id", "label"),
    [
        ({"id": "h1"}, "h1", "h1"),
        ({"id": 7, "title": " A title "}, "7", "A title"),
        ({"id": "h1", "name": 5, "title": ""}, "h1", "h1"),
    ],
)
def test_a_row_that_a_reader_cannot_parse_is_an_unreadable_one(
    row: dict[str, Any], expected_id: str, label: str
) -> None:
    (unreadable,) = row_by_row({"helpers": FeedReader("helpers", broken)})["helpers"].parse(row)
    assert isinstance(unreadable, Unreadable)
    assert (unreadable.id, unreadable.label) == (expected_id, label)
    assert unreadable.problem


@pytest.mark.parametrize(
    "row", [{}, {"id": None}, {"id": ""}, {"id": True}, {"id": "x" * 10_000}, {"id": "\n"}]
)
def test_an_unreadable_row_without_a_usable_id_gets_one_that_stays(row: dict[str, Any]) -> None:
    reader = row_by_row({"helpers": FeedReader("helpers", broken)})["helpers"]
    (one,), (other,) = reader.parse(row), reader.parse(row)
    assert one.id == other.id
    assert not is_id(one.id)


def test_rows_that_can_be_parsed_pass_unchanged() -> None:
    reader = FeedReader("helpers", broken, {"expand": "all"})
    guarded = row_by_row({"helpers": reader})["helpers"]
    assert (guarded.path, guarded.query) == (reader.path, reader.query)
    assert [*guarded.parse({"id": "h1", "name": "Hedy"})] == [Person(SourceId("h1"), full_name="Hedy")]
