"""Rules 21 and 32: a change that was sent but not recorded is not taken for the state before it."""

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
from tests.support.builders import on, person, session
from tests.support.harness import LEASE, Harness
from tests.support.kill_switch import kill


async def edited(harness: Harness) -> EventMapping:
    """Sync a session, and then edit it."""
    mapping = await harness.mapping()
    harness.offer(session("s", title="First"))
    await harness.sync(mapping)
    harness.offer(session("s", title="Second"))
    return mapping


async def test_rule_32_reverted_change_that_was_written_but_not_recorded_is_corrected(
    harness: Harness,
) -> None:
    mapping = await edited(harness)
    assert await kill(harness, mapping, "write", 1, taken_place=True)
    assert harness.the(mapping, SESSION, "s").fields["title"] == "Second"
    harness.offer(session("s", title="First"))
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert harness.the(mapping, SESSION, "s").fields["title"] == "First"
    assert outcomes["s"].reason.code == "unconfirmed"
    before = len(harness.gleanin.writes)
    await harness.sync(mapping)
    assert len(harness.gleanin.writes) == before


async def test_rule_32_reverted_change_with_a_lost_response_is_corrected(
    harness: Harness,
) -> None:
    mapping = await edited(harness)
    harness.gleanin.faults.lost_answers = 1_000
    run = await harness.sync(mapping)
    assert (await harness.outcomes(run))["s"].outcome is Outcome.FAILED
    harness.gleanin.faults.lost_answers = 0
    harness.offer(session("s", title="First"))
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert harness.the(mapping, SESSION, "s").fields["title"] == "First"


async def test_rule_21_preview_and_stopped_run_mark_nothing_unconfirmed(harness: Harness) -> None:
    mapping = await edited(harness)
    await harness.preview(mapping.id)
    harness.gleanin.faults.refuses_tokens = True
    await harness.sync(mapping)
    harness.gleanin.faults.refuses_tokens = False
    harness.offer(session("s", title="First"))
    before = len(harness.gleanin.writes)
    await harness.sync(mapping)
    assert len(harness.gleanin.writes) == before


class BusyStore:
    """A unit of work factory with one failing commit, as when another process blocks the database."""

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
async def test_rule_26_failed_commit_loses_no_outcome(harness: Harness, fails_at: int) -> None:
    harness.gleanin.max_in_flight = 1
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(6)))
    well = harness.units
    run = await harness.request_sync(mapping.id)
    harness.units = BusyStore(well, fails_at)
    with suppress(DatabaseUnavailable):
        await harness.run_sync(run.id)
    harness.units = well
    ended = await harness.get_run(run.id)
    if not ended.is_open:  # otherwise not even its end could be stored, and the recovery counts
        assert len(await harness.outcomes(ended)) == ended.counts.read
    assert len(await harness.outcomes(ended)) == len(harness.gleanin.writes)
    harness.clock.advance(LEASE)
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert harness.gleanin.duplicates == 0


@dataclass
class UnavailableStore:
    """A unit of work factory that becomes unavailable for some seconds after some writes."""

    harness: Harness
    units: UnitOfWorkFactory
    seconds: float

    def check(self) -> None:
        clock = self.harness.clock
        if len(self.harness.gleanin.writes) >= 2 and not hasattr(self, "back_at"):
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
async def test_rule_32_end_of_a_run_is_stored_when_the_database_is_back(
    harness: Harness, is_back_in_time: bool
) -> None:
    harness.gleanin.max_in_flight = 1
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(3)))
    run, well = await harness.request_sync(mapping.id), harness.units
    lease = LEASE.total_seconds()
    harness.units = UnavailableStore(
        harness, well, lease / 2 if is_back_in_time else lease + 2 * END_AGAIN_AFTER
    )
    with suppress(DatabaseUnavailable):
        await harness.run_sync(run.id)
    harness.units = well
    ended = await harness.get_run(run.id)
    if not is_back_in_time:
        assert ended.is_open, "another worker may have recovered it by then"
        return
    assert ended.stop == DATABASE_UNAVAILABLE
    before = harness.clock.now()
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert harness.clock.now() - before < harness.resend_after, "a request that was not sent needs no wait"
    assert (len(harness.gleanin.writes), harness.gleanin.duplicates) == (6, 0)
