"""Writes in progress when a process is interrupted: they are completed and recorded."""

import asyncio
from dataclasses import replace

import pytest

from core.domain.ids import ExternalId
from core.domain.records.kinds import SPEAKER
from core.domain.tenancy.secrets import Token
from ports.destination import Destination, DestinationUnavailable, WriteOutcomeUnknown
from tests.contract.gleanin.conftest import EVENT, QUICK, Reachable
from tests.contract.gleanin.fake_server import TOKEN, Misstep, too_many
from tests.support.timeouts import happens, until

ID = ExternalId("sessionboard:c1:42")
ANN = {"first_name": "Ann", "last_name": "Lee", "name": "Ann Lee", "email": "ann@example.org"}


class Writer:
    """Writes, records the result, and tries to write once more, without another await in between."""

    def __init__(self, gleanin: Destination) -> None:
        self.recorded: list[object] = []
        self._gleanin = gleanin
        self.task = asyncio.create_task(self._write())

    async def _write(self) -> None:
        for _ in range(2):
            try:
                self.recorded.append(await self._gleanin.create(EVENT, SPEAKER, ID, ANN))
            except WriteOutcomeUnknown as lost:
                self.recorded.append(type(lost))


@pytest.mark.parametrize("times", [1, 3])
async def test_sent_write_is_recorded_before_the_cancellation(fake: Reachable, times: int) -> None:
    fake.may_answer.clear()
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        writer = Writer(gleanin)
        await until(lambda: fake.at_once == 1)
        for _ in range(times):
            writer.task.cancel()
            await asyncio.sleep(0)
        fake.may_answer.set()
        with pytest.raises(asyncio.CancelledError):
            await writer.task
    assert (len(writer.recorded), writer.recorded) == (1, list(fake.resources))
    assert len(fake.requests) == 1, "the next write was not started"
    assert writer.task.cancelling() == times


@pytest.mark.parametrize(
    ("misstep", "recorded"),
    [
        pytest.param(Misstep(None), [WriteOutcomeUnknown], id="without a response, which is reported first"),
        pytest.param(too_many(), [], id="not executed"),
    ],
)
async def test_cancelled_write_is_not_retried(
    fake: Reachable, misstep: Misstep, recorded: list[type[Exception]]
) -> None:
    fake.may_answer.clear()
    fake.misstep(misstep)
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        writer = Writer(gleanin)
        await until(lambda: fake.at_once == 1)
        writer.task.cancel()
        fake.may_answer.set()
        with pytest.raises(asyncio.CancelledError):
            await writer.task
    assert writer.recorded == recorded
    assert len(fake.requests) == 1


async def test_deadline_during_a_write_still_raises_a_timeout(fake: Reachable) -> None:
    fake.may_answer.clear()
    created: list[str] = []
    deadline = asyncio.timeout(None)
    async with fake.destinations.open(Token(TOKEN)) as gleanin:

        async def create_in_time() -> None:
            async with deadline:
                created.append(await gleanin.create(EVENT, SPEAKER, ID, ANN))
                await asyncio.sleep(3600)

        creating = asyncio.create_task(create_in_time())
        await until(lambda: fake.at_once == 1)
        deadline.reschedule(asyncio.get_running_loop().time())
        await until(creating.cancelling)
        fake.may_answer.set()
        with pytest.raises(TimeoutError):
            await creating
    assert (len(created), created) == (1, list(fake.resources))


async def test_write_waiting_for_a_slot_can_be_cancelled_before_it_is_sent(fake: Reachable) -> None:
    fake.destinations.ceiling = 1
    fake.may_answer.clear()
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        under_way = asyncio.create_task(gleanin.events())
        await until(lambda: fake.at_once == 1)
        writer = Writer(gleanin)
        await asyncio.sleep(0)
        writer.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writer.task
        assert not under_way.done()
        fake.may_answer.set()
        await under_way
    assert [method for method, _ in fake.requests] == ["GET"]


async def test_write_waiting_for_before_write_can_be_cancelled_before_it_is_sent(fake: Reachable) -> None:
    requested = asyncio.Event()

    async def before_write() -> None:
        requested.set()
        await asyncio.sleep(3600)

    async with fake.destinations.open(Token(TOKEN), before_write) as gleanin:
        writer = Writer(gleanin)
        await happens(requested)
        writer.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writer.task
    assert fake.requests == []


async def test_cancelled_read_releases_its_slot(fake: Reachable) -> None:
    fake.destinations.ceiling = 1
    fake.lingers = 3600
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        under_way = asyncio.create_task(gleanin.events())
        waiting = asyncio.create_task(gleanin.events())
        await until(lambda: fake.at_once == 1)
        fake.lingers = 0
        under_way.cancel()
        assert len(await waiting) == 1
        with pytest.raises(asyncio.CancelledError):
            await under_way


async def test_write_may_take_longer_than_the_idle_timeout_of_a_read(fake: Reachable) -> None:
    fake.lingers = 0.2
    fake.destinations.policy = replace(QUICK, idle_timeout=0.05, write_timeout=10)
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        assert await gleanin.create(EVENT, SPEAKER, ID, ANN) in fake.resources
        with pytest.raises(DestinationUnavailable, match="did not answer in time"):
            await gleanin.events()


async def test_write_that_times_out_has_an_unknown_outcome(fake: Reachable) -> None:
    fake.lingers = 3600
    fake.destinations.policy = replace(QUICK, write_timeout=0.5)
    async with fake.destinations.open(Token(TOKEN)) as gleanin:
        with pytest.raises(WriteOutcomeUnknown, match="did not answer in time"):
            await gleanin.create(EVENT, SPEAKER, ID, ANN)
