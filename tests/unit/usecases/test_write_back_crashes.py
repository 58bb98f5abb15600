"""Rules 32 and 38 across processes: after a kill at any point, each link is in the source once, and nothing else differs."""

from copy import deepcopy
from datetime import timedelta
from typing import Literal

import pytest

from adapters.memory.link_writer import CONTACTS, EXHIBITORS
from core.domain.ids import SourceId
from core.domain.links.link_outcomes import LinkOutcome
from core.domain.links.write_quota import WriteLimits
from core.domain.records.kinds import EXHIBITOR_CONTACT, SPEAKER
from core.domain.records.synced_records import ShareLink
from core.domain.runs.run import RunState
from tests.support.harness import LEASE, Harness
from tests.support.kill_switch import Killed, KillSwitch
from tests.support.linked_event import COMPANY_FIELD, FIELD, LinkedEvent, linked_event

Point = Literal["write", "store", "link"]
BY_HAND = "https://bob.example.org"
NEW = "https://invt.io/new"


async def the_event() -> LinkedEvent:
    """Return an event that writes its links back in two batches, where Bob's value was entered by hand."""
    event = await linked_event(Harness())
    event.source.limits = WriteLimits(2, 100, timedelta(minutes=15), 10_000)
    event.source.edit(CONTACTS, "bob", FIELD, BY_HAND)
    event.source.edit(CONTACTS, "ada", "other", "kept")
    await event.choose(company_field=COMPANY_FIELD)
    return event


async def kill(event: LinkedEvent, point: Point, number: int, *, taken_place: bool) -> bool:
    """Kill a sync at its n-th commit, write to the destination, or write of links; return whether it got that far."""
    kill_switch, source = KillSwitch(event.harness), event.source
    if point == "link":

        async def gate() -> None:
            if len(source.requests) == number - 1:
                if not taken_place:
                    kill_switch.is_off = True
                    raise Killed
                source.before_next = [die_after]

        def die_after() -> None:
            kill_switch.is_off = True
            source.errors_after = [Killed()]

        source.requests.clear()
        source.gate = gate
    else:
        kill_switch.fail_at(**{point: number}, taken_place=taken_place)
    try:
        await event.harness.sync(event.mapping)
    except Killed:
        return True
    finally:
        source.before_next.clear()
        source.errors_after.clear()
        source.gate = _nothing
        kill_switch.restart(after=LEASE)
    return False


async def _nothing() -> None:
    pass


async def assert_that_all_is_well(event: LinkedEvent, ada: str) -> None:
    run = await event.harness.sync(event.mapping)
    assert run.state is RunState.COMPLETED
    assert not run.links[LinkOutcome.FAILED]
    assert event.field("ada") == ada
    assert event.field("eve") == event.link(EXHIBITOR_CONTACT, "eve")
    assert event.field("max") == event.link(EXHIBITOR_CONTACT, "max")
    assert event.field("acme", EXHIBITORS) == event.link(EXHIBITOR_CONTACT, "eve")
    assert event.field("bob") == BY_HAND, "what was entered by hand survives"
    others = deepcopy(event.source.holders)
    for holder, name in ((CONTACTS, FIELD), (EXHIBITORS, COMPANY_FIELD)):
        for record in others[holder].values():
            record.values.pop(name, None)
    assert {record.id: record.values for record in others[CONTACTS].values() if record.values} == {
        SourceId("ada"): {"other": "kept"}
    }, "only our field differs from before"
    event.forget_requests()
    again = await event.harness.sync(event.mapping)
    assert event.source.writes == 0
    assert set(again.links.numbers) == {LinkOutcome.UNCHANGED, LinkOutcome.KEPT}
    assert event.harness.gleanin.duplicates == 0


@pytest.mark.parametrize("taken_place", [True, False], ids=["taken place", "not taken place"])
@pytest.mark.parametrize("point", ["store", "link"])
async def test_rule_38_killed_at_any_point_of_the_first_write_back(point: Point, taken_place: bool) -> None:
    struck = 0
    while True:
        event = await the_event()
        if not await kill(event, point, struck + 1, taken_place=taken_place):
            break
        struck += 1
        await assert_that_all_is_well(event, event.link(SPEAKER, "ada"))
    assert struck >= {"link": 3, "store": 9}[point]


@pytest.mark.parametrize("taken_place", [True, False], ids=["taken place", "not taken place"])
@pytest.mark.parametrize("point", ["store", "link"])
async def test_rule_38_killed_at_any_point_while_a_link_changes(point: Point, taken_place: bool) -> None:
    """A link that changes again after the kill replaces whatever the killed process had written."""
    struck = 0
    while True:
        event = await the_event()
        await event.sync()
        event.give(SPEAKER, "ada", ShareLink("Speaker campaign", NEW))
        if not await kill(event, point, struck + 1, taken_place=taken_place):
            break
        struck += 1
        event.give(SPEAKER, "ada", ShareLink("Speaker campaign", f"{NEW}er"))
        await assert_that_all_is_well(event, f"{NEW}er")
    assert struck >= {"link": 1, "store": 5}[point]
