"""Creates in Gleanin that are answered before they are executed: with a gateway timeout, or as accepted."""

from typing import Any

import pytest

from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import SandboxState
from tests.e2e.sandbox.conftest import GLEANIN_EVENT, LINK_DELAY, Clock, Gleanin, errors

EACH = pytest.mark.parametrize(
    ("fault", "status"), [({"late_commit_s": 30}, 504), ({"accepted_s": 30}, 202)], ids=["504", "202"]
)


@EACH
async def test_a_create_is_answered_at_once_and_carried_out_when_it_is_due(
    gleanin: Gleanin, state: SandboxState, clock: Clock, fault: dict[str, Any], status: int
) -> None:
    state.inject_faults(Fault(**fault))
    assert (await gleanin.create("speakers")).status_code == status
    clock.at += 29
    assert await gleanin.ids() == []
    assert not state.writes
    assert state.summary()["late_creates"] == 1
    clock.at += 1
    assert len(await gleanin.ids()) == 1
    assert state.writes == {"POST /speakers": 1}
    assert state.summary()["late_creates"] == 0


async def test_a_gateway_answers_with_a_page_and_an_accepted_create_with_nothing(
    gleanin: Gleanin, state: SandboxState
) -> None:
    state.inject_faults(Fault(late_commit_s=30, last=1), Fault(accepted_s=30, first=2))
    gateway, accepted = await gleanin.create("speakers"), await gleanin.create("speakers")
    assert gateway.headers["Content-Type"].startswith("text/html")
    assert "504 Gateway Timeout" in gateway.text
    assert (accepted.status_code, accepted.content) == (202, b"")


@EACH
async def test_a_late_create_outlives_the_trouble_and_is_as_old_as_it_was_due(
    gleanin: Gleanin, state: SandboxState, clock: Clock, fault: dict[str, Any], status: int
) -> None:
    state.inject_faults(Fault(**fault))
    assert (await gleanin.create("speakers")).status_code == status
    state.inject_faults()
    clock.at += 30 + LINK_DELAY + 1
    (record,) = (await gleanin.read("speakers"))["included"]
    assert record["attributes"]["created_at"] == "2027-03-01T12:00:30.000Z"
    assert record["attributes"]["campaign_links"], "they came in the meantime"


async def test_a_create_that_is_sent_again_before_the_first_is_carried_out_is_a_duplicate(
    gleanin: Gleanin, state: SandboxState, clock: Clock
) -> None:
    state.inject_faults(Fault(late_commit_s=30, last=1))
    assert (await gleanin.create("speakers")).status_code == 504
    again = await gleanin.created()
    clock.at += 60
    assert len(await gleanin.ids()) == 2
    assert state.summary()["duplicates"][str(GLEANIN_EVENT)]["speakers"] == 1
    assert (await gleanin.ids())[0] == again


async def test_late_creates_take_place_in_the_order_in_which_they_are_due(
    gleanin: Gleanin, state: SandboxState, clock: Clock
) -> None:
    state.inject_faults(Fault(late_commit_s=30, last=1), Fault(accepted_s=10, first=2))
    await gleanin.create("speakers", external_idx="first")
    await gleanin.create("speakers", external_idx="second")
    clock.at += 60
    records = (await gleanin.read("speakers"))["included"]
    assert [one["attributes"]["external_idx"] for one in records] == ["second", "first"]


@EACH
async def test_a_create_that_is_not_right_is_refused_as_ever(
    gleanin: Gleanin, state: SandboxState, clock: Clock, fault: dict[str, Any], status: int
) -> None:
    state.inject_faults(Fault(**fault))
    answer = await gleanin.create("speakers", email=None)
    assert answer.status_code == 422
    assert errors(answer)
    clock.at += 60
    assert await gleanin.ids() == []


@EACH
async def test_updates_are_carried_out_at_once(
    gleanin: Gleanin, state: SandboxState, fault: dict[str, Any], status: int
) -> None:
    record_id = await gleanin.created()
    state.inject_faults(Fault(**fault))
    assert (await gleanin.update("speakers", record_id, name="Ada King")).status_code == 200


async def test_a_share_of_creates_is_late(gleanin: Gleanin, state: SandboxState, clock: Clock) -> None:
    state.inject_faults(Fault(late_commit_s=30, late_creates=0.5, seed=3))
    met = [
        (await gleanin.create("speakers", external_idx=f"person-{number}")).status_code
        for number in range(30)
    ]
    assert set(met) == {201, 504}
    assert len(await gleanin.ids()) == met.count(201)
    clock.at += 30
    assert len(await gleanin.ids()) == 30


async def test_a_late_create_comes_to_nothing_where_its_event_has_gone(
    gleanin: Gleanin, state: SandboxState, clock: Clock
) -> None:
    state.inject_faults(Fault(late_commit_s=30))
    await gleanin.create("speakers")
    state.gleanin.delete_event(GLEANIN_EVENT)
    clock.at += 60
    summary = state.summary()
    assert (summary["late_creates"], summary["records"], summary["writes"]) == (0, {}, {})
