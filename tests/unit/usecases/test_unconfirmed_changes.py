"""Rules 21 and 32: a change that was sent and never noted does not pass for the state before it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest

from core.domain.records.kinds import SESSION
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState
from core.domain.runs.stop_reasons import DATABASE_UNAVAILABLE
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.run_sync import END_AGAIN_AFTER
from ports.store.errors import DatabaseUnavailable
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.unit.domain.builders import on, person, session
from tests.unit.usecases.stage import LEASE, Stage
from tests.unit.usecases.test_crashes import kill


async def edited(stage: Stage) -> EventMapping:
    """Sync a session, and edit it then."""
    mapping = await stage.mapping()
    stage.offer(session("s", title="First"))
    await stage.sync(mapping)
    stage.offer(session("s", title="Second"))
    return mapping


async def test_rule_32_a_change_that_landed_unrecorded_and_is_taken_back_is_put_right(stage: Stage) -> None:
    mapping = await edited(stage)
    assert await kill(stage, mapping, "write", 1, taken_place=True)
    assert stage.the(mapping, SESSION, "s").fields["title"] == "Second"
    stage.offer(session("s", title="First"))
    outcomes = await stage.outcomes(await stage.sync(mapping))
    assert stage.the(mapping, SESSION, "s").fields["title"] == "First"
    assert outcomes["s"].reason.code == "unconfirmed"
    before = len(stage.gleanin.writes)
    await stage.sync(mapping)
    assert len(stage.gleanin.writes) == before


async def test_rule_32_a_change_that_was_never_answered_and_is_taken_back_is_put_right(stage: Stage) -> None:
    mapping = await edited(stage)
    stage.gleanin.trouble.lost_answers = 1_000
    run = await stage.sync(mapping)
    assert (await stage.outcomes(run))["s"].outcome is Outcome.FAILED
    stage.gleanin.trouble.lost_answers = 0
    stage.offer(session("s", title="First"))
    assert (await stage.sync(mapping)).state is RunState.COMPLETED
    assert stage.the(mapping, SESSION, "s").fields["title"] == "First"


async def test_rule_21_a_preview_and_a_stopped_run_put_nothing_in_doubt(stage: Stage) -> None:
    mapping = await edited(stage)
    await stage.preview(mapping.id)
    stage.gleanin.trouble.refuses_tokens = True
    await stage.sync(mapping)
    stage.gleanin.trouble.refuses_tokens = False
    stage.offer(session("s", title="First"))
    before = len(stage.gleanin.writes)
    await stage.sync(mapping)
    assert len(stage.gleanin.writes) == before


class BusyStore:
    """Units of which one cannot be committed, as when another process keeps the database busy."""

    def __init__(self, units: UnitOfWorkFactory, fails_at: int) -> None:
        self._units = units
        self._left = fails_at
        self.read = units.read

    @asynccontextmanager
    async def write(self) -> AsyncIterator[UnitOfWork]:
        self._left -= 1
        if self._left == 0:
            raise DatabaseUnavailable("Another process keeps the database busy.")
        async with self._units.write() as unit:
            yield unit


@pytest.mark.parametrize("fails_at", range(3, 12))
async def test_rule_26_a_store_that_fails_once_loses_no_outcome(stage: Stage, fails_at: int) -> None:
    stage.gleanin.most_in_flight = 1
    mapping = await stage.mapping()
    stage.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(6)))
    well = stage.units
    run = await stage.request_sync(mapping.id)
    stage.units = BusyStore(well, fails_at)
    with suppress(DatabaseUnavailable):
        await stage.run_sync(run.id)
    stage.units = well
    ended = await stage.get_run(run.id)
    if not ended.is_open:  # else not even its end could be stored: whoever takes over counts
        assert len(await stage.outcomes(ended)) == ended.counts.read
    assert len(await stage.outcomes(ended)) == len(stage.gleanin.writes)
    stage.clock.advance(LEASE)
    assert (await stage.sync(mapping)).state is RunState.COMPLETED
    assert stage.gleanin.duplicates == 0


@dataclass
class StoreThatGoes:
    """Units that cannot be had for some seconds, from the first one on after some writes."""

    stage: Stage
    units: UnitOfWorkFactory
    seconds: float

    def check(self) -> None:
        clock = self.stage.clock
        if len(self.stage.gleanin.writes) >= 2 and not hasattr(self, "back_at"):
            self.back_at = clock.now() + timedelta(seconds=self.seconds)
        if hasattr(self, "back_at") and clock.now() < self.back_at:
            raise DatabaseUnavailable("It is being restarted.")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[UnitOfWork]:
        self.check()
        async with self.units.read() as unit:
            yield unit

    @asynccontextmanager
    async def write(self) -> AsyncIterator[UnitOfWork]:
        self.check()
        async with self.units.write() as unit:
            yield unit


@pytest.mark.parametrize("is_back_in_time", [True, False])
async def test_rule_32_the_end_of_a_run_is_stored_when_the_database_is_back(
    stage: Stage, is_back_in_time: bool
) -> None:
    stage.gleanin.most_in_flight = 1
    mapping = await stage.mapping()
    stage.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(3)))
    run, well = await stage.request_sync(mapping.id), stage.units
    lease = LEASE.total_seconds()
    stage.units = StoreThatGoes(stage, well, lease / 2 if is_back_in_time else lease + 2 * END_AGAIN_AFTER)
    with suppress(DatabaseUnavailable):
        await stage.run_sync(run.id)
    stage.units = well
    ended = await stage.get_run(run.id)
    if not is_back_in_time:
        assert ended.is_open, "others may have taken over by then: it is left to them"
        return
    assert ended.stop == DATABASE_UNAVAILABLE
    before = stage.clock.now()
    assert (await stage.sync(mapping)).state is RunState.COMPLETED
    assert stage.clock.now() - before < stage.resend_after, "what had not left waits for nothing"
    assert (len(stage.gleanin.writes), stage.gleanin.duplicates) == (6, 0)
