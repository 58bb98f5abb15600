"""Rule 29: one bad record does not stop the others."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import pytest

from core.domain.ids import DestinationEventId
from core.domain.records.destination_records import DestinationEvent
from core.domain.records.kinds import SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState, Trigger
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import SystemCredentials
from core.usecases.sync.writing import MAX_CONSECUTIVE_FORBIDDEN
from ports.destination import (
    BeforeWrite,
    Destination,
    DestinationError,
    DestinationOpener,
    DestinationRefused,
    DestinationUnavailable,
)
from tests.support.assertions import present
from tests.support.builders import on, person, session
from tests.support.delegating_destination import DelegatingDestination
from tests.support.delegating_opener import DelegatingOpener
from tests.support.harness import Harness

INJECTION = "Robert'); DROP TABLE talks; --' OR 1=1"
TALKS = tuple(session(f"s{number}", on(person(f"p{number}"))) for number in range(4))


async def test_rule_29_write_refused_by_a_firewall_fails_alone(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(*TALKS, session("injection", on(person("eve")), description=INJECTION))
    harness.gleanin.faults.forbidden_words = frozenset({"' OR 1=1"})
    run = await harness.run_sync((await harness.request_sync(mapping.id, trigger=Trigger.CONTINUOUS)).id)
    outcomes = await harness.outcomes(run)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert (outcomes["injection"].outcome, outcomes["injection"].reason.code) == (Outcome.FAILED, "forbidden")
    others = {key: each.outcome for key, each in outcomes.items() if key != "injection"}
    assert set(others.values()) == {Outcome.CREATED}
    assert len(others) == 9
    schedule = await harness.schedule_of(mapping.id)
    assert not schedule.is_halted
    assert not schedule.is_failing


async def test_rule_29_refused_update_is_not_unconfirmed_and_is_resent_once_corrected(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(*TALKS)
    await harness.sync(mapping)
    harness.offer(replace(TALKS[0], description=INJECTION), *TALKS[1:])
    harness.gleanin.faults.forbidden_words = frozenset({"' OR 1=1"})
    await harness.sync(mapping)
    before = len(harness.gleanin.writes)
    harness.offer(*TALKS)
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["s0"].outcome is Outcome.UNCHANGED
    assert len(harness.gleanin.writes) == before, "rule 21"
    harness.offer(replace(TALKS[0], description="Robert"), *TALKS[1:])
    outcomes = await harness.outcomes(await harness.sync(mapping))
    assert outcomes["s0"].reason.code == "changed"
    assert harness.gleanin.writes[before].sent == (("description", "Robert"),)


@dataclass(frozen=True, slots=True)
class Unreadable(DelegatingDestination):
    """A destination that raises an error when an event is read during writes."""

    trouble: DestinationError

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        if self.destination._gleanin.writes:  # type: ignore[attr-defined]  # the in-memory one
            raise self.trouble
        return await self.destination.event(event_id)


@dataclass(frozen=True, slots=True)
class UnreadableDestinations(DelegatingOpener):
    harness: Harness
    trouble: DestinationError

    @property
    def delegate(self) -> DestinationOpener:
        return self.harness.gate

    def named(self, _identifier: str) -> "UnreadableDestinations":
        return self

    @asynccontextmanager
    async def open(
        self, credentials: SystemCredentials, before_write: BeforeWrite | None = None
    ) -> AsyncIterator[Destination]:
        async with self.harness.gate.open(credentials, before_write) as destination:
            yield Unreadable(destination, self.trouble)


@pytest.mark.parametrize(
    ("trouble", "code", "is_halted"),
    [
        (DestinationRefused("Invalid token"), "token_refused", True),
        (DestinationUnavailable("A web page."), "unreachable", False),
    ],
)
async def test_rule_29_403_stops_the_run_if_a_read_is_refused_too(
    harness: Harness, trouble: DestinationError, code: str, is_halted: bool, mapping: EventMapping
) -> None:
    harness.gleanin.max_in_flight = 1
    harness.offer(*TALKS[:2], session("injection", description=INJECTION), *TALKS[2:])
    harness.gleanin.faults.forbidden_words = frozenset({"' OR 1=1"})
    harness.destinations = UnreadableDestinations(harness, trouble)
    run = await harness.sync(mapping)
    assert present(run.stop).code == code
    assert (await harness.schedule_of(mapping.id)).is_halted is is_halted
    outcomes = await harness.outcomes(run)
    assert outcomes["injection"].reason.code == "run_stopped"
    assert run.counts.read == len(outcomes) == 9


@pytest.mark.parametrize(
    "sessions", [MAX_CONSECUTIVE_FORBIDDEN - 1, MAX_CONSECUTIVE_FORBIDDEN, 5 * MAX_CONSECUTIVE_FORBIDDEN]
)
async def test_rule_29_run_stops_if_every_write_is_refused(harness: Harness, sessions: int) -> None:
    mapping = await harness.mapping()
    harness.offer(*(session(f"s{number}") for number in range(sessions)))
    harness.gleanin.faults.forbidden_words = frozenset({"Talk"})
    run = await harness.sync(mapping)
    outcomes = await harness.outcomes(run)
    assert len(outcomes) == sessions
    assert {outcome.outcome for outcome in outcomes.values()} == {Outcome.FAILED}
    if sessions < MAX_CONSECUTIVE_FORBIDDEN:
        assert run.state is RunState.COMPLETED_WITH_PROBLEMS
        return
    assert present(run.stop).code == "writes_refused"
    assert not (await harness.schedule_of(mapping.id)).is_halted
    forbidden = [outcome for outcome in outcomes.values() if outcome.reason.code == "forbidden"]
    assert (
        MAX_CONSECUTIVE_FORBIDDEN
        <= len(forbidden)
        < MAX_CONSECUTIVE_FORBIDDEN + harness.gleanin.max_in_flight
    )


async def test_rule_29_run_continues_if_some_writes_succeed(harness: Harness) -> None:
    mapping = await harness.mapping()
    titles = ["Talk" if number % 3 else "Panel" for number in range(5 * MAX_CONSECUTIVE_FORBIDDEN)]
    harness.offer(*(session(f"s{number}", title=title) for number, title in enumerate(titles)))
    harness.gleanin.faults.forbidden_words = frozenset({"Talk"})
    run = await harness.sync(mapping)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert run.counts.of(SESSION)[Outcome.CREATED] == titles.count("Panel")
    assert not run.counts.of(SPEAKER).read
