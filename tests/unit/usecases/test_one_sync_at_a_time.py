"""Rule 23: one sync per mapping at a time, and no request is lost or duplicated."""

import asyncio
from datetime import timedelta

import pytest

from core.domain.errors import NotFound
from core.domain.ids import RunId
from core.domain.records.kinds import AGENDA, ALL, EXHIBITORS, SESSION
from core.domain.runs.run import RunState, Trigger
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.run_sync import RunSync
from tests.support.assertions import present
from tests.support.builders import on, person, session
from tests.support.harness import ELSEWHERE, FAR, LEASE, Harness
from tests.support.kill_switch import killed
from tests.support.timeouts import WITHIN, happens


class Hold:
    """A hook that blocks the first write until it is released."""

    def __init__(self, harness: Harness) -> None:
        self.reached = asyncio.Event()
        self.released = asyncio.Event()
        harness.gate.before_write = self.block_first

    async def block_first(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            await self.released.wait()


async def test_rule_23_requests_before_a_run_starts_share_it(harness: Harness) -> None:
    mapping = await harness.mapping()
    queued = [await harness.request_sync(mapping.id) for _ in range(3)]
    assert len({run.id for run in queued}) == 1


async def test_rule_23_concurrent_requests_share_one_run(harness: Harness, mapping: EventMapping) -> None:
    queued = await asyncio.gather(*(harness.request_sync(mapping.id) for _ in range(5)))
    assert len({run.id for run in queued}) == 1


async def test_rule_23_requests_during_a_run_queue_exactly_one_more(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    hold = Hold(harness)
    first = asyncio.create_task(harness.sync(mapping))
    await happens(hold.reached)
    queued = [await harness.request_sync(mapping.id) for _ in range(3)]
    assert len({run.id for run in queued}) == 1
    harness.offer(session("opening"), session("closing"))
    hold.released.set()
    second = await harness.run_sync(queued[0].id)
    assert (await first).counts.of(SESSION).succeeded == 1
    assert second.counts.of(SESSION).succeeded == 2, "it started after the first had ended"
    assert [run.state for run in await harness.list_runs(mapping.id)] == [RunState.COMPLETED] * 2
    assert harness.gleanin.duplicates == 0


async def test_rule_23_queued_run_covers_the_scopes_of_all_requests(harness: Harness) -> None:
    mapping = await harness.mapping()
    await harness.request_sync(mapping.id, AGENDA, Trigger.CONTINUOUS)
    same = await harness.request_sync(mapping.id, AGENDA, Trigger.CONTINUOUS)
    assert (same.scope, same.trigger) == (AGENDA, Trigger.CONTINUOUS)
    both = await harness.request_sync(mapping.id, EXHIBITORS)
    assert (both.scope, both.trigger) == (ALL, Trigger.MANUAL)


async def test_rule_23_run_started_twice_is_executed_once(harness: Harness, mapping: EventMapping) -> None:
    harness.offer(session("opening", on(person("ada"))))
    queued = await harness.request_sync(mapping.id)
    one, other = await asyncio.gather(harness.run_sync(queued.id), harness.run_sync(queued.id))
    assert one == other
    assert one.state is RunState.COMPLETED
    assert len(harness.gleanin.writes) == 2


async def test_rule_23_ended_run_is_not_executed_again(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    run = await harness.sync(mapping)
    harness.offer(session("opening"), session("closing"))
    assert await harness.run_sync(run.id) == run
    assert len(harness.gleanin.writes) == 1


async def test_rule_23_other_mappings_sync_concurrently(harness: Harness) -> None:
    one = await harness.mapping()
    other = await harness.map(one.organization_id, ELSEWHERE, FAR)
    harness.offer(session("opening"))
    harness.offer(session("keynote"), event=ELSEWHERE)
    hold = Hold(harness)
    waiting = asyncio.create_task(harness.sync(one))
    await happens(hold.reached)
    assert (await harness.sync(other)).state is RunState.COMPLETED
    hold.released.set()
    assert (await waiting).state is RunState.COMPLETED


async def test_rule_23_run_with_an_expired_lease_is_recovered(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(*(session(f"s{number}") for number in range(10)))
    with killed(harness, write=3):
        await harness.sync(mapping)
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED
    (_, dead) = await harness.list_runs(mapping.id)
    assert (dead.state, present(dead.stop).code) == (RunState.STOPPED, "taken_over")
    assert dead.counts.read == len(await harness.outcomes(dead)), "rule 26"
    events = [data for name, data in harness.log.entries if name == "sync.run_taken_over"]
    assert events == [{"run": dead.id, "by": run.id, "mapping": mapping.id}]


async def test_rule_23_run_waits_until_the_other_lease_expires(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    with killed(harness, write=1, taken_place=False):
        await harness.sync(mapping)
    harness.clock.advance(-LEASE)
    died = harness.clock.now()
    assert (await harness.sync(mapping)).state is RunState.COMPLETED
    assert harness.clock.now() >= died + LEASE


@pytest.mark.parametrize("in_flight", [1, 4])
async def test_rule_23_owner_without_its_lease_writes_nothing_more(
    harness: Harness, in_flight: int, mapping: EventMapping
) -> None:
    harness.gleanin.max_in_flight = in_flight
    harness.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(10)))
    hold = Hold(harness)
    old = asyncio.create_task(harness.sync(mapping))
    await happens(hold.reached)
    harness.clock.advance(LEASE)
    new = await harness.sync(mapping)
    assert new.state is RunState.COMPLETED
    written = len(harness.gleanin.writes)
    hold.released.set()
    ended = await old
    # The blocked write had already passed the fence; no later write may.
    assert len(harness.gleanin.writes) - written <= in_flight
    assert present(ended.stop).code == "taken_over"


async def test_rule_23_run_keeps_its_lease_while_it_waits_for_gleanin(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    run = await harness.request_sync(mapping.id)
    hold = Hold(harness)
    syncing = asyncio.create_task(
        RunSync(
            harness.access,
            harness.ids,
            harness.clock,
            harness.log,
            timedelta(milliseconds=40),
            harness.run_ends,
            harness.patient_links,
        )(run.id)
    )
    await happens(hold.reached)
    harness.clock.advance(LEASE)
    async with asyncio.timeout(WITHIN):
        while True:
            async with harness.units.read() as unit:
                lease_status = present(await unit.runs.lease_status(run.id))
            if present(lease_status.lease_until) > harness.clock.now():
                break
            await asyncio.sleep(0.005)
    hold.released.set()
    assert (await syncing).state is RunState.COMPLETED


async def test_rule_23_expired_lease_is_renewed_before_the_next_write(
    harness: Harness,
) -> None:
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}") for number in range(10)))

    async def dawdle() -> None:
        harness.clock.advance(2 * LEASE)

    harness.gate.before_write = dawdle
    assert (await harness.sync(mapping)).state is RunState.COMPLETED


async def test_cancelled_run_reports_its_outcomes_and_releases_its_lease(
    harness: Harness,
) -> None:
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}") for number in range(10)))
    hold = Hold(harness)
    harness.gleanin.max_in_flight = 1
    syncing = asyncio.create_task(harness.sync(mapping))
    await happens(hold.reached)
    syncing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await syncing
    (run,) = await harness.list_runs(mapping.id)
    assert present(run.stop).code == "interrupted"
    before = harness.clock.now()
    assert (await harness.sync(mapping)).counts.of(SESSION).succeeded == 10
    assert harness.clock.now() - before < LEASE


async def test_unknown_run_cannot_be_executed(harness: Harness) -> None:
    with pytest.raises(NotFound, match="run 'none'"):
        await harness.run_sync(RunId("none"))
