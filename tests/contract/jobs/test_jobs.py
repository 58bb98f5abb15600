"""Booked runs are carried out while whoever booked them goes on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from adapters.jobs.in_process import InProcessJobs
from adapters.memory.log import KeptEvents
from core.domain.identifiers import RunId
from ports.jobs import Jobs

ONE, TWO = RunId("r1"), RunId("r2")


@dataclass(slots=True)
class Work:
    """What is carried out: it notes its beginning and its end, and waits to be let go on."""

    begun: list[RunId] = field(default_factory=list)
    ended: list[RunId] = field(default_factory=list)
    asked_again: list[RunId] = field(default_factory=list)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    fails: set[RunId] = field(default_factory=set)
    log: KeptEvents = field(default_factory=KeptEvents)

    async def carry_out(self, run_id: RunId) -> None:
        self.begun.append(run_id)
        try:
            await self.go_on.wait()
            if run_id in self.fails:
                message = "a row with grace@example.org"
                raise RuntimeError(message)
        finally:
            await asyncio.sleep(0.01)  # what has been sent is seen through
            self.ended.append(run_id)

    async def ask_again(self, run_id: RunId) -> None:
        assert run_id in self.ended, "only when the run has noted its end"
        self.asked_again.append(run_id)
        if run_id in self.fails:
            raise OSError


@pytest.fixture
def work() -> Work:
    return Work()


def _in_process(work: Work) -> tuple[Jobs, Callable[[], Awaitable[None]]]:
    jobs = InProcessJobs(work.carry_out, work.ask_again, work.log)
    return jobs, jobs.stop


@pytest.fixture(params=[_in_process], ids=["in process"])
async def jobs(request: pytest.FixtureRequest, work: Work) -> AsyncIterator[Jobs]:
    made, stop = request.param(work)
    yield made
    await stop()


@pytest.fixture
async def in_process(work: Work) -> InProcessJobs:
    return InProcessJobs(work.carry_out, work.ask_again, work.log, at_once=2)


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what it waits for raises no event
            await asyncio.sleep(0.001)


async def test_a_run_is_carried_out_and_nobody_waits_for_it(jobs: Jobs, work: Work) -> None:
    jobs.start(ONE)
    assert not work.ended
    work.go_on.set()
    await until(lambda: work.ended == [ONE])


async def test_rule_23_a_run_that_is_on_its_way_is_not_started_again(jobs: Jobs, work: Work) -> None:
    jobs.start(ONE)
    await until(lambda: work.begun)
    for _ in range(5):
        jobs.start(ONE)
    jobs.start(TWO)
    jobs.start(TWO)
    work.go_on.set()
    await until(lambda: len(work.ended) == 2)
    assert work.begun == [ONE, TWO]


async def test_a_run_that_has_ended_can_be_started_again(jobs: Jobs, work: Work) -> None:
    work.go_on.set()
    jobs.start(ONE)
    await until(lambda: work.ended == [ONE])
    await asyncio.sleep(0.01)
    jobs.start(ONE)
    await until(lambda: work.ended == [ONE, ONE])
    assert work.begun == [ONE, ONE]


async def test_a_run_that_fails_is_told_of_and_stops_no_other(jobs: Jobs, work: Work) -> None:
    work.fails.add(ONE)
    jobs.start(ONE)
    jobs.start(TWO)
    work.go_on.set()
    await until(lambda: len(work.ended) == 2)
    await until(lambda: work.log.kept)
    assert work.log.kept == [("jobs.run_failed", {"run": "r1", "error": "RuntimeError"})]
    jobs.start(RunId("r3"))
    await until(lambda: len(work.ended) == 3)


async def test_so_many_are_carried_out_at_once_and_the_others_in_their_turn(
    in_process: InProcessJobs, work: Work
) -> None:
    runs = [RunId(f"r{number}") for number in range(6)]
    for run in runs:
        in_process.start(run)
    await asyncio.sleep(0.02)
    assert work.begun == runs[:2]
    work.go_on.set()
    await until(lambda: len(work.ended) == 6)
    assert work.begun == runs


async def test_stopping_sees_runs_through_and_asks_for_the_interrupted_ones_again(
    in_process: InProcessJobs, work: Work
) -> None:
    for run in (ONE, TWO, RunId("waits")):
        in_process.start(run)
    await until(lambda: len(work.begun) == 2)
    await in_process.stop()
    assert work.ended == work.asked_again == [ONE, TWO]
    assert work.begun == [ONE, TWO], "what has not begun yet waits for the next start"


async def test_stopping_asks_for_nothing_that_has_ended(in_process: InProcessJobs, work: Work) -> None:
    work.go_on.set()
    in_process.start(ONE)
    await until(lambda: work.ended)
    await asyncio.sleep(0.01)
    await in_process.stop()
    await in_process.stop()
    assert work.asked_again == []


async def test_a_run_that_cannot_be_asked_for_again_is_told_of(in_process: InProcessJobs, work: Work) -> None:
    work.fails.add(ONE)
    in_process.start(ONE)
    in_process.start(TWO)
    await until(lambda: len(work.begun) == 2)
    with suppress(asyncio.CancelledError):
        await in_process.stop()
    assert work.log.kept == [("jobs.run_failed", {"run": "r1", "error": "OSError"})]
    assert work.asked_again == [ONE, TWO]
