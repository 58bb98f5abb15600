"""Rule 23: one sync per mapping at a time, and no request is lost or doubled."""

import asyncio
from datetime import timedelta

import pytest

from core.domain.errors import NotFound
from core.domain.ids import RunId
from core.domain.records.kinds import SESSION, Scope
from core.domain.runs.run import RunState, Trigger
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.run_sync import RunSync
from tests.limits import WITHIN, happens
from tests.present import present
from tests.unit.domain.builders import on, person, session
from tests.unit.usecases.power import killed
from tests.unit.usecases.stage import ELSEWHERE, FAR, LEASE, Stage


class Hold:
    """Holds the first write that comes by until it is told to go on."""

    def __init__(self, stage: Stage) -> None:
        self.reached = asyncio.Event()
        self.go_on = asyncio.Event()
        stage.gate.pass_by = self.pass_by

    async def pass_by(self) -> None:
        if not self.reached.is_set():
            self.reached.set()
            await self.go_on.wait()


async def test_rule_23_requests_before_a_run_has_begun_are_one_run(stage: Stage) -> None:
    mapping = await stage.mapping()
    booked = [await stage.request_sync(mapping.id) for _ in range(3)]
    assert len({run.id for run in booked}) == 1


async def test_rule_23_simultaneous_requests_are_one_run(stage: Stage, mapping: EventMapping) -> None:
    booked = await asyncio.gather(*(stage.request_sync(mapping.id) for _ in range(5)))
    assert len({run.id for run in booked}) == 1


async def test_rule_23_asking_during_a_run_books_exactly_one_more(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("opening"))
    hold = Hold(stage)
    first = asyncio.create_task(stage.sync(mapping))
    await happens(hold.reached)
    booked = [await stage.request_sync(mapping.id) for _ in range(3)]
    assert len({run.id for run in booked}) == 1
    stage.offer(session("opening"), session("closing"))
    hold.go_on.set()
    second = await stage.run_sync(booked[0].id)
    assert (await first).counts.of(SESSION).succeeded == 1
    assert second.counts.of(SESSION).succeeded == 2, "it began after the first had ended"
    assert [run.state for run in await stage.list_runs(mapping.id)] == [RunState.COMPLETED] * 2
    assert stage.gleanin.duplicates == 0


async def test_rule_23_the_run_that_waits_serves_the_scopes_of_all_who_asked(stage: Stage) -> None:
    mapping = await stage.mapping()
    await stage.request_sync(mapping.id, Scope.AGENDA, Trigger.CONTINUOUS)
    same = await stage.request_sync(mapping.id, Scope.AGENDA, Trigger.CONTINUOUS)
    assert (same.scope, same.trigger) == (Scope.AGENDA, Trigger.CONTINUOUS)
    both = await stage.request_sync(mapping.id, Scope.EXHIBITORS)
    assert (both.scope, both.trigger) == (Scope.ALL, Trigger.MANUAL)


async def test_rule_23_two_who_carry_out_the_same_run_do_it_once(stage: Stage, mapping: EventMapping) -> None:
    stage.offer(session("opening", on(person("ada"))))
    booked = await stage.request_sync(mapping.id)
    one, other = await asyncio.gather(stage.run_sync(booked.id), stage.run_sync(booked.id))
    assert one == other
    assert one.state is RunState.COMPLETED
    assert len(stage.gleanin.writes) == 2


async def test_rule_23_a_run_that_has_ended_is_not_carried_out_again(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("opening"))
    run = await stage.sync(mapping)
    stage.offer(session("opening"), session("closing"))
    assert await stage.run_sync(run.id) == run
    assert len(stage.gleanin.writes) == 1


async def test_rule_23_other_mappings_sync_meanwhile(stage: Stage) -> None:
    one = await stage.mapping()
    other = await stage.map(one.organization_id, ELSEWHERE, FAR)
    stage.offer(session("opening"))
    stage.offer(session("keynote"), event=ELSEWHERE)
    hold = Hold(stage)
    waiting = asyncio.create_task(stage.sync(one))
    await happens(hold.reached)
    assert (await stage.sync(other)).state is RunState.COMPLETED
    hold.go_on.set()
    assert (await waiting).state is RunState.COMPLETED


async def test_rule_23_a_run_whose_lease_ran_out_is_taken_over(stage: Stage, mapping: EventMapping) -> None:
    stage.offer(*(session(f"s{number}") for number in range(10)))
    with killed(stage, write=3):
        await stage.sync(mapping)
    run = await stage.sync(mapping)
    assert run.state is RunState.COMPLETED
    (_, dead) = await stage.list_runs(mapping.id)
    assert (dead.state, present(dead.stop).code) == (RunState.STOPPED, "taken_over")
    assert dead.counts.read == len(await stage.outcomes(dead)), "rule 26"
    assert ("sync.run_taken_over", dead.id) in [(name, data.get("run")) for name, data in stage.log.kept]


async def test_rule_23_a_run_is_waited_for_until_its_lease_has_run_out(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("opening"))
    with killed(stage, write=1, taken_place=False):
        await stage.sync(mapping)
    stage.clock.advance(-LEASE)
    died = stage.clock.now()
    assert (await stage.sync(mapping)).state is RunState.COMPLETED
    assert stage.clock.now() >= died + LEASE


@pytest.mark.parametrize("in_flight", [1, 4])
async def test_rule_23_an_owner_whose_lease_was_taken_over_writes_no_more(
    stage: Stage, in_flight: int, mapping: EventMapping
) -> None:
    stage.gleanin.most_in_flight = in_flight
    stage.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(10)))
    hold = Hold(stage)
    old = asyncio.create_task(stage.sync(mapping))
    await happens(hold.reached)
    stage.clock.advance(LEASE)
    new = await stage.sync(mapping)
    assert new.state is RunState.COMPLETED
    written = len(stage.gleanin.writes)
    hold.go_on.set()
    ended = await old
    # What was held back had passed the fence already; nothing after it may.
    assert len(stage.gleanin.writes) - written <= in_flight
    assert present(ended.stop).code == "taken_over"


async def test_rule_23_a_run_keeps_its_lease_while_it_waits_for_gleanin(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("opening"))
    run = await stage.request_sync(mapping.id)
    hold = Hold(stage)
    syncing = asyncio.create_task(
        RunSync(
            stage.access, stage.names, stage.clock, stage.log, timedelta(milliseconds=40), stage.run_ends
        )(run.id)
    )
    await happens(hold.reached)
    stage.clock.advance(LEASE)
    async with asyncio.timeout(WITHIN):
        while True:
            async with stage.units.read() as unit:
                lease_status = present(await unit.runs.lease_status(run.id))
            if present(lease_status.lease_until) > stage.clock.now():
                break
            await asyncio.sleep(0.005)
    hold.go_on.set()
    assert (await syncing).state is RunState.COMPLETED


async def test_rule_23_a_lease_that_ran_out_unnoticed_is_renewed_before_the_next_write(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(*(session(f"s{number}") for number in range(10)))

    async def dawdle() -> None:
        stage.clock.advance(2 * LEASE)

    stage.gate.pass_by = dawdle
    assert (await stage.sync(mapping)).state is RunState.COMPLETED


async def test_a_run_that_is_cancelled_tells_what_it_did_and_can_be_followed_at_once(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(*(session(f"s{number}") for number in range(10)))
    hold = Hold(stage)
    stage.gleanin.most_in_flight = 1
    syncing = asyncio.create_task(stage.sync(mapping))
    await happens(hold.reached)
    syncing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await syncing
    (run,) = await stage.list_runs(mapping.id)
    assert present(run.stop).code == "interrupted"
    before = stage.clock.now()
    assert (await stage.sync(mapping)).counts.of(SESSION).succeeded == 10
    assert stage.clock.now() - before < LEASE


async def test_an_unknown_run_cannot_be_carried_out(stage: Stage) -> None:
    with pytest.raises(NotFound, match="run 'none'"):
        await stage.run_sync(RunId("none"))
