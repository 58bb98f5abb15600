"""Cached reads: shared by concurrent requests, separate for each organization, and limited in number."""

import asyncio
import gc
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from core.domain.errors import NotFound, Overloaded
from core.domain.ids import ConnectionId, DestinationEventId, MappingId, OrganizationId, SourceEventId
from core.domain.records.kinds import AGENDA, ALL, Scope
from core.domain.records.outcomes import Counts
from core.domain.records.source_records import SourceEvent
from core.domain.tenancy.event_mappings import EventMapping, EventPair
from core.usecases.sync.get_event import EventView
from core.usecases.sync.preview import Plan, Preview
from entrypoints.container import Container
from entrypoints.http.capacity import (
    MAX_CONCURRENT,
    MAX_CONCURRENT_PER_OWNER,
    MAX_PENDING_PER_OWNER,
    RequestCapacity,
)
from entrypoints.http.single_flight import MAX_CACHED_PER_OWNER, SingleFlight
from entrypoints.http.snapshots import MAX_AGE, EventViews, Previews
from tests.support.systems import SYSTEMS
from tests.support.timeouts import WITHIN

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PLAN = Plan([], Counts())
ORGANIZATION, EVENT = OrganizationId("acme"), SourceEventId("77")


def mapped(number: int = 1, organization: str = ORGANIZATION) -> EventMapping:
    pair = EventPair("https://api.example.org", EVENT, DestinationEventId(f"g{number}"))
    ids = MappingId(f"{organization}-{number}"), OrganizationId(organization), ConnectionId("c1")
    return EventMapping(*ids, pair, SYSTEMS, "Here", "There", BEGAN)


@dataclass
class CountingReader:
    """A fake container that counts reads, which take as long as the test lets them."""

    now_: datetime = BEGAN
    read: int = 0
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    fails: bool = False
    stuck: tuple[str, ...] = ()
    """The organizations whose previews never end."""

    def clock(self) -> "CountingReader":
        return self

    def now(self) -> datetime:
        return self.now_

    def ids(self) -> "CountingReader":
        return self

    def new(self) -> str:
        return f"reading-{self.read}"

    def resolve(self, use_case: type[object]) -> Callable[..., Awaitable[Any]]:
        return self._preview() if use_case is Preview else self._show_event()

    def _show_event(self) -> Callable[..., Awaitable[EventView]]:
        async def shown(_: OrganizationId, event_id: SourceEventId) -> EventView:
            self.read += 1
            await self.may_end.wait()
            if self.fails:
                raise NotFound("Sessionboard event", event_id)
            return EventView(SourceEvent(event_id, f"Reading {self.read}", None), self.now_, {})

        return shown

    def _preview(self) -> Callable[..., Awaitable[Any]]:
        async def planned(mapping_id: MappingId, _: Scope) -> Plan:
            self.read += 1
            if mapping_id.startswith(self.stuck):
                await asyncio.Event().wait()
            return PLAN

        return planned

    @property
    def container(self) -> Container:
        return cast("Container", self)


@pytest.fixture
def reader() -> CountingReader:
    reader = CountingReader()
    reader.may_end.set()
    return reader


@pytest.fixture
def views() -> EventViews:
    return EventViews()


async def look(
    views: EventViews, reader: CountingReader, organization: OrganizationId = ORGANIZATION
) -> EventView | None:
    timeout = WITHIN if reader.may_end.is_set() else 0.01
    return await views.get(reader.container, organization, EVENT, wait_seconds=timeout)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_many_looks_at_once_read_once(reader: CountingReader, views: EventViews) -> None:
    responses = await asyncio.gather(*(look(views, reader) for _ in range(20)))
    assert (reader.read, len({id(response) for response in responses})) == (1, 1)


async def test_while_it_is_read_for_the_first_time_there_is_nothing_to_show(reader: CountingReader) -> None:
    views = EventViews()
    reader.may_end.clear()
    assert await look(views, reader) is None
    reader.may_end.set()
    assert await look(views, reader) is not None
    assert reader.read == 1


async def test_what_is_stale_is_shown_while_it_is_read_anew(
    reader: CountingReader, views: EventViews
) -> None:
    first = await look(views, reader)
    reader.now_ += MAX_AGE + timedelta(seconds=1)
    reader.may_end.clear()
    assert await look(views, reader) is first
    reader.may_end.set()
    await settle()
    second = await look(views, reader)
    assert second is not first
    assert reader.read == 2


async def test_what_was_changed_is_read_anew(reader: CountingReader, views: EventViews) -> None:
    await look(views, reader)
    views.forget(ORGANIZATION, EVENT)
    await look(views, reader)
    assert reader.read == 2


async def test_no_organization_is_shown_what_another_read(reader: CountingReader, views: EventViews) -> None:
    mine, theirs = await look(views, reader), await look(views, reader, OrganizationId("stranger"))
    assert mine is not theirs
    assert reader.read == 2


async def test_a_failure_is_told_and_the_next_look_tries_again(reader: CountingReader) -> None:
    views, reader.fails = EventViews(), True
    for _ in range(2):
        with pytest.raises(NotFound):
            await look(views, reader)
    assert reader.read == 2


async def test_a_failure_that_nobody_waits_for_is_printed_nowhere(
    reader: CountingReader, caplog: pytest.LogCaptureFixture
) -> None:
    views, reader.fails = EventViews(), True
    reader.may_end.clear()
    await look(views, reader)
    reader.may_end.set()
    await settle()
    del views
    gc.collect()
    await asyncio.sleep(0)
    assert not caplog.records


async def test_a_reading_goes_on_for_its_own_mapping_and_scope_only(reader: CountingReader) -> None:
    previews, mapping = Previews(), mapped()
    taken = await previews.get(reader.container, mapping, ALL, None)
    assert await previews.get(reader.container, mapping, ALL, taken.id) is taken
    for other, scope in ((mapped(2), ALL), (mapping, AGENDA)):
        with pytest.raises(NotFound):
            await previews.get(reader.container, other, scope, taken.id)


async def test_who_asks_during_a_preview_gets_that_one(reader: CountingReader) -> None:
    previews, mapping = Previews(), mapped()
    taken = await asyncio.gather(*(previews.get(reader.container, mapping, ALL, None) for _ in range(40)))
    assert len({each.id for each in taken}) == 1
    assert reader.read == 1


async def test_a_failure_that_nobody_waited_for_is_told_to_the_next_who_looks(reader: CountingReader) -> None:
    views, reader.fails = EventViews(), True
    reader.may_end.clear()
    assert await look(views, reader) is None
    reader.may_end.set()
    await settle()
    with pytest.raises(NotFound):
        await look(views, reader)
    assert reader.read == 1


async def test_what_is_read_again_while_it_is_read_is_that_reading(
    reader: CountingReader, views: EventViews
) -> None:
    reader.may_end.clear()
    for _ in range(5):
        views.forget(ORGANIZATION, EVENT)
        assert await look(views, reader) is None
    assert reader.read == 1


async def test_a_stuck_organization_holds_up_no_preview_of_another_however_many_mappings_it_has(
    reader: CountingReader,
) -> None:
    places, reader.stuck = RequestCapacity(), ("stuck",)
    previews = Previews(SingleFlight(places))
    waiting = [
        asyncio.ensure_future(previews.get(reader.container, mapped(number, "stuck"), ALL, None))
        for number in range(3 * MAX_CONCURRENT)
    ]
    await settle()
    taken = await asyncio.wait_for(previews.get(reader.container, mapped(), ALL, None), WITHIN)
    assert taken.plan is PLAN
    async with asyncio.timeout(WITHIN), places.slot(ORGANIZATION):
        pass
    refused = [each for each in waiting if each.done()]
    assert len(refused) == 3 * MAX_CONCURRENT - MAX_PENDING_PER_OWNER
    assert all(isinstance(each.exception(), Overloaded) for each in refused)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_where_there_is_no_place_in_time_that_is_told(reader: CountingReader) -> None:
    reader.stuck = ("stuck",)
    previews = Previews(SingleFlight(RequestCapacity(max_wait_seconds=0.01)))
    waiting = [
        asyncio.ensure_future(previews.get(reader.container, mapped(number, "stuck"), ALL, None))
        for number in range(MAX_CONCURRENT_PER_OWNER)
    ]
    await settle()
    with pytest.raises(Overloaded):
        await asyncio.wait_for(previews.get(reader.container, mapped(99, "stuck"), ALL, None), WITHIN)
    for each in waiting:
        each.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)


async def test_the_previews_of_an_organization_take_its_own_share_of_what_is_kept(
    reader: CountingReader,
) -> None:
    previews = Previews()
    first = await previews.get(reader.container, mapped(0), ALL, None)
    for number in range(MAX_CACHED_PER_OWNER):
        await previews.get(reader.container, mapped(number + 1), ALL, None)
    with pytest.raises(NotFound):
        await previews.get(reader.container, mapped(0), ALL, first.id)
