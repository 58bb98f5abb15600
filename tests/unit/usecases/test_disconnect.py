"""Disconnecting (rule 8), also during a running sync."""

import asyncio

import pytest

from core.domain.errors import NotConfirmed, NotConnected, NotMapped
from core.domain.records.kinds import SESSION
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.assertions import present
from tests.support.builders import on, person, session
from tests.support.harness import ELSEWHERE, FAR, Harness
from tests.support.timeouts import happens


async def test_rule_08_disconnecting_needs_a_confirmation(harness: Harness, mapping: EventMapping) -> None:
    with pytest.raises(NotConfirmed, match="Confirm it explicitly"):
        await harness.disconnect(mapping.organization_id, None)
    harness.offer(session("opening"))
    assert (await harness.sync(mapping)).state is RunState.COMPLETED


async def test_rule_08_confirmation_must_match_the_name(harness: Harness, mapping: EventMapping) -> None:
    with pytest.raises(NotConfirmed):
        await harness.disconnect(mapping.organization_id, "acme inc")


async def test_rule_08_disconnecting_ends_every_mapping(harness: Harness) -> None:
    one = await harness.mapping()
    other = await harness.map(one.organization_id, ELSEWHERE, FAR)
    await harness.disconnect(one.organization_id, "Acme")
    assert not await harness.list_mappings(one.organization_id)
    for mapping in (one, other):
        with pytest.raises(NotMapped):
            await harness.request_sync(mapping.id)


async def test_rule_08_disconnecting_erases_the_token(harness: Harness) -> None:
    connection = await harness.connection()
    ended = await harness.disconnect(connection.organization_id, "Acme")
    async with harness.units.read() as unit:
        assert await unit.connections.get(connection.id) == ended
    assert (ended.token, ended.token_hint) == (None, "")


async def test_rule_08_disconnecting_needs_a_connection(harness: Harness) -> None:
    connection = await harness.connection()
    await harness.disconnect(connection.organization_id, "Acme")
    with pytest.raises(NotConnected):
        await harness.disconnect(connection.organization_id, "Acme")


async def test_rule_08_queued_run_is_stopped(harness: Harness, mapping: EventMapping) -> None:
    harness.offer(session("opening"))
    booked = await harness.request_sync(mapping.id)
    await harness.disconnect(mapping.organization_id, "Acme")
    run = await harness.run_sync(booked.id)
    assert run.state is RunState.STOPPED
    assert "disconnected" in run.message
    assert not harness.gleanin.writes


class Turnstile:
    """A hook that lets some writes pass, then blocks every write until it is opened."""

    def __init__(self, passing: int) -> None:
        self.passing = passing
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self) -> None:
        self.passing -= 1
        if self.passing < 0:
            self.reached.set()
            await self.opened.wait()


@pytest.mark.parametrize("passing", [0, 1, 5])
@pytest.mark.parametrize("in_flight", [1, 4])
async def test_rule_08_running_sync_stops_before_its_next_write(
    harness: Harness, passing: int, in_flight: int, mapping: EventMapping
) -> None:
    harness.gleanin.max_in_flight = in_flight
    harness.offer(*(session(f"s{number}", on(person(f"p{number}"))) for number in range(20)))
    harness.gate.before_write = turnstile = Turnstile(passing)
    syncing = asyncio.create_task(harness.sync(mapping))
    await happens(turnstile.reached)

    disconnecting = asyncio.create_task(harness.disconnect(mapping.organization_id, "Acme"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not disconnecting.done(), "disconnecting waits for writes in flight"
    turnstile.opened.set()
    await disconnecting
    written = len(harness.gleanin.writes)
    run = await syncing

    assert len(harness.gleanin.writes) == written <= passing + in_flight
    assert run.state is RunState.STOPPED
    assert present(run.stop).code == "disconnected"
    assert run.counts.of(SESSION).succeeded == written, "what was written is reported"


async def test_rule_05_running_sync_stops_when_its_mapping_is_removed(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}") for number in range(20)))
    harness.gate.before_write = turnstile = Turnstile(3)
    syncing = asyncio.create_task(harness.sync(mapping))
    await happens(turnstile.reached)
    await harness.remove_mapping(mapping.id)
    turnstile.opened.set()
    run = await syncing
    assert present(run.stop).code == "mapping_removed"
    assert 0 < len(harness.gleanin.writes) <= 3 + harness.gleanin.max_in_flight


async def test_rule_08_waiting_for_an_unresponsive_sync_ends_with_its_lease(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    harness.gate.before_write = turnstile = Turnstile(0)
    syncing = asyncio.create_task(harness.sync(mapping))
    await happens(turnstile.reached)
    ended = await harness.disconnect(mapping.organization_id, "Acme")
    assert not ended.is_open
    turnstile.opened.set()
    await syncing
