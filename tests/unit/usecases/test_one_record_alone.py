"""Rule 29: one record does not decide for all."""

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
from core.domain.tenancy.secrets import Token
from core.usecases.sync.writing import MOST_FORBIDDEN
from ports.destination import (
    BeforeWrite,
    Destination,
    DestinationError,
    DestinationRefused,
    DestinationUnavailable,
)
from tests.passing_on import PassingOn
from tests.present import present
from tests.unit.domain.builders import on, person, session
from tests.unit.usecases.stage import Stage

INJECTION = "Robert'); DROP TABLE talks; --' OR 1=1"
TALKS = tuple(session(f"s{number}", on(person(f"p{number}"))) for number in range(4))


async def test_rule_29_a_write_that_a_firewall_refuses_fails_alone(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(*TALKS, session("injection", on(person("eve")), description=INJECTION))
    stage.gleanin.trouble.forbidden_words = frozenset({"' OR 1=1"})
    run = await stage.run_sync((await stage.request_sync(mapping.id, trigger=Trigger.CONTINUOUS)).id)
    told = await stage.outcomes(run)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert (told["injection"].outcome, told["injection"].reason.code) == (Outcome.FAILED, "forbidden")
    others = {key: each.outcome for key, each in told.items() if key != "injection"}
    assert set(others.values()) == {Outcome.CREATED}
    assert len(others) == 9
    schedule = await stage.schedule_of(mapping.id)
    assert not schedule.is_halted
    assert not schedule.is_failing


async def test_rule_29_a_refused_change_leaves_no_doubt_and_is_sent_once_it_is_put_right(
    stage: Stage, mapping: EventMapping
) -> None:
    stage.offer(*TALKS)
    await stage.sync(mapping)
    stage.offer(replace(TALKS[0], description=INJECTION), *TALKS[1:])
    stage.gleanin.trouble.forbidden_words = frozenset({"' OR 1=1"})
    await stage.sync(mapping)
    before = len(stage.gleanin.writes)
    stage.offer(*TALKS)
    told = await stage.outcomes(await stage.sync(mapping))
    assert told["s0"].outcome is Outcome.UNCHANGED
    assert len(stage.gleanin.writes) == before, "rule 21"
    stage.offer(replace(TALKS[0], description="Robert"), *TALKS[1:])
    told = await stage.outcomes(await stage.sync(mapping))
    assert told["s0"].reason.code == "changed"
    assert stage.gleanin.writes[before].sent == (("description", "Robert"),)


@dataclass(frozen=True, slots=True)
class Unreadable(PassingOn):
    """A destination that gives an error when an event is read while writes go on."""

    trouble: DestinationError

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        if self.destination._gleanin.writes:  # type: ignore[attr-defined]  # the one in memory
            raise self.trouble
        return await self.destination.event(event_id)


@dataclass(frozen=True, slots=True)
class UnreadableDestinations:
    stage: Stage
    trouble: DestinationError

    @asynccontextmanager
    async def open(self, token: Token, before_write: BeforeWrite | None = None) -> AsyncIterator[Destination]:
        async with self.stage.gate.open(token, before_write) as destination:
            yield Unreadable(destination, self.trouble)


@pytest.mark.parametrize(
    ("trouble", "code", "is_halted"),
    [
        (DestinationRefused("Invalid token"), "token_refused", True),
        (DestinationUnavailable("A web page."), "unreachable", False),
    ],
)
async def test_rule_29_a_403_stops_the_run_where_a_reading_is_refused_too(
    stage: Stage, trouble: DestinationError, code: str, is_halted: bool, mapping: EventMapping
) -> None:
    stage.gleanin.most_in_flight = 1
    stage.offer(*TALKS[:2], session("injection", description=INJECTION), *TALKS[2:])
    stage.gleanin.trouble.forbidden_words = frozenset({"' OR 1=1"})
    stage.destinations = UnreadableDestinations(stage, trouble)
    run = await stage.sync(mapping)
    assert present(run.stop).code == code
    assert (await stage.schedule_of(mapping.id)).is_halted is is_halted
    told = await stage.outcomes(run)
    assert told["injection"].reason.code == "run_stopped"
    assert run.counts.read == len(told) == 9


@pytest.mark.parametrize("sessions", [MOST_FORBIDDEN - 1, MOST_FORBIDDEN, 5 * MOST_FORBIDDEN])
async def test_rule_29_where_no_write_is_let_through_the_run_stops(stage: Stage, sessions: int) -> None:
    mapping = await stage.mapping()
    stage.offer(*(session(f"s{number}") for number in range(sessions)))
    stage.gleanin.trouble.forbidden_words = frozenset({"Talk"})
    run = await stage.sync(mapping)
    told = await stage.outcomes(run)
    assert len(told) == sessions
    assert {each.outcome for each in told.values()} == {Outcome.FAILED}
    if sessions < MOST_FORBIDDEN:
        assert run.state is RunState.COMPLETED_WITH_PROBLEMS
        return
    assert present(run.stop).code == "writes_refused"
    assert not (await stage.schedule_of(mapping.id)).is_halted
    forbidden = [each for each in told.values() if each.reason.code == "forbidden"]
    assert MOST_FORBIDDEN <= len(forbidden) < MOST_FORBIDDEN + stage.gleanin.most_in_flight


async def test_rule_29_writes_that_succeed_in_between_keep_the_run_going(stage: Stage) -> None:
    mapping = await stage.mapping()
    titles = ["Talk" if number % 3 else "Panel" for number in range(5 * MOST_FORBIDDEN)]
    stage.offer(*(session(f"s{number}", title=title) for number, title in enumerate(titles)))
    stage.gleanin.trouble.forbidden_words = frozenset({"Talk"})
    run = await stage.sync(mapping)
    assert run.state is RunState.COMPLETED_WITH_PROBLEMS
    assert run.counts.of(SESSION)[Outcome.CREATED] == titles.count("Panel")
    assert not run.counts.of(SPEAKER).read
