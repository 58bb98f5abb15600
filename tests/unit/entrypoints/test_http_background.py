"""What runs beside the requests goes on, whatever one look meets (rules 23 and 24)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

from core.domain.identifiers import MappingId, RunId
from core.domain.refusals import NotMapped
from core.domain.runs import Trigger
from core.usecases.request_sync import SyncRequest
from entrypoints.container import Container
from entrypoints.http.background import keep_going
from ports.persistence import StoreUnusable


@dataclass
class Surroundings:
    """Stands in for the container: what is due, what waits, and what became of it."""

    due: list[MappingId] = field(default_factory=list)
    waiting: list[RunId] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)
    removed: set[MappingId] = field(default_factory=set)
    requested: list[SyncRequest] = field(default_factory=list)
    started: list[RunId] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)

    def find_due_mappings(self) -> Callable[[], Awaitable[Sequence[MappingId]]]:
        async def found() -> Sequence[MappingId]:
            if self.troubles:
                raise self.troubles.pop(0)
            return self.due

        return found

    def find_waiting_runs(self) -> Callable[[], Awaitable[Sequence[RunId]]]:
        async def found() -> Sequence[RunId]:
            return self.waiting

        return found

    def request_sync(self) -> Callable[[SyncRequest], Awaitable[None]]:
        async def requested(request: SyncRequest) -> None:
            if request.mapping_id in self.removed:
                raise NotMapped(request.mapping_id)
            self.requested.append(request)

        return requested

    def jobs(self) -> "Surroundings":
        return self

    def start(self, run_id: RunId) -> None:
        self.started.append(run_id)

    def log(self) -> "Surroundings":
        return self

    def warning(self, event: str, **_: object) -> None:
        self.logged.append(event)

    def fault(self, event: str, _: Exception) -> None:
        self.logged.append(event)


async def kept_going(surroundings: Surroundings) -> None:
    going = asyncio.create_task(keep_going(cast("Container", surroundings), every=0.001))
    await asyncio.sleep(0.05)
    going.cancel()
    with suppress(asyncio.CancelledError):
        await going


async def test_rule_24_what_is_due_is_booked_as_continuous() -> None:
    surroundings = Surroundings(due=[MappingId("m1")])
    await kept_going(surroundings)
    first = surroundings.requested[0]
    assert (first.mapping_id, first.trigger, first.by) == ("m1", Trigger.CONTINUOUS, "continuous sync")


async def test_rule_23_what_another_process_left_behind_is_started() -> None:
    surroundings = Surroundings(waiting=[RunId("r1"), RunId("r2")])
    await kept_going(surroundings)
    assert surroundings.started[:2] == ["r1", "r2"]


async def test_a_mapping_that_was_removed_in_this_moment_stops_no_other() -> None:
    surroundings = Surroundings(due=[MappingId("gone"), MappingId("m1")], removed={MappingId("gone")})
    await kept_going(surroundings)
    assert {each.mapping_id for each in surroundings.requested} == {"m1"}


async def test_no_trouble_of_one_look_is_the_last_look() -> None:
    troubles = [StoreUnusable("down"), ValueError("a fault"), StoreUnusable("down")]
    surroundings = Surroundings(waiting=[RunId("r1")], troubles=list(troubles))
    await kept_going(surroundings)
    assert surroundings.logged == [
        "background.store_unusable",
        "background.look_failed",
        "background.store_unusable",
    ]
    assert surroundings.started
