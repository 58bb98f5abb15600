"""What the two sides can send that is wrong, and the words in which a person is told."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from core.domain.access.authorization import COMMAND_LINE
from core.domain.errors import NotFound
from core.domain.ids import DestinationEventId, SourceEventId
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState
from core.domain.tenancy.secrets import Token
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from core.usecases.organizations.queries import ListOrganizations
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN, SandboxState
from ports.destination import DestinationRefused
from ports.source import SourceRefused, SourceUnavailable
from tests.support.scenario import open_scenario, person, saved_event
from tests.support.timeouts import WITHIN

LONG = "é" * 10_000
STRANGE_NAMES = {
    "long": LONG,
    "emoji": "Ada 👩🏽‍💻🏳️‍🌈",
    "right to left": "אדה לאבלייס مرحبا",
    "markup": "[bold red]Ada[/] <b>Lovelace</b>",
    "formula": '=HYPERLINK("http://example.org")',
}


def state_of(*sessions: dict[str, Any], exhibitors: tuple[dict[str, Any], ...] = ()) -> SandboxState:
    state = SandboxState()
    state.add(saved_event(*sessions, exhibitors=exhibitors))
    return state


async def test_rule_01_an_unknown_gleanin_token_is_refused_and_nothing_is_stored(tmp_path: Path) -> None:
    async with open_scenario(state_of({}), tmp_path) as scenario:
        new = NewOrganization("Acme", scenario.sandbox.sessionboard_url, Token(SESSIONBOARD_TOKEN))
        organization = await scenario.container.resolve(AddOrganization)(new, actor=COMMAND_LINE)
        with pytest.raises(DestinationRefused):
            await scenario.container.resolve(Connect)(
                organization.id, Token("another-token-entirely"), actor=COMMAND_LINE
            )
        ((_, connection),) = await scenario.container.resolve(ListOrganizations)()
        assert connection is None


async def test_an_unknown_sessionboard_token_adds_no_organization(tmp_path: Path) -> None:
    async with open_scenario(state_of({}), tmp_path) as scenario:
        new = NewOrganization("Acme", scenario.sandbox.sessionboard_url, Token("another-token-entirely"))
        with pytest.raises(SourceRefused, match="token"):
            await scenario.container.resolve(AddOrganization)(new, actor=COMMAND_LINE)
        assert await scenario.container.resolve(ListOrganizations)() == []


@pytest.mark.parametrize(
    ("sessionboard", "gleanin", "named"),
    [("404", "11846", "Sessionboard event '404'"), ("77", "1", "Gleanin event '1'")],
)
async def test_an_unknown_event_cannot_be_mapped(
    tmp_path: Path, sessionboard: str, gleanin: str, named: str
) -> None:
    async with open_scenario(state_of({}), tmp_path) as scenario:
        organization = await scenario.organization()
        command = NewMapping(
            organization, SourceEventId(sessionboard), DestinationEventId(gleanin), time_zone_confirmed=True
        )
        with pytest.raises(NotFound, match=named):
            await scenario.container.resolve(MapEvents)(command, actor=COMMAND_LINE)


async def test_rule_29_an_event_that_is_gone_stops_the_run_before_its_first_write(tmp_path: Path) -> None:
    async with open_scenario(state_of({}), tmp_path) as scenario:
        mapping = await scenario.mapping()
        scenario.state.gleanin.delete_event(int(mapping.events.destination_id))
        run = await scenario.sync(mapping.id)
        assert run.state is RunState.STOPPED
        assert "The Gleanin event Bad Input Days no longer exists" in run.message
        assert scenario.writes == 0


async def test_rule_29_a_sessionboard_event_that_is_gone_stops_the_run(tmp_path: Path) -> None:
    async with open_scenario(state_of({}), tmp_path) as scenario:
        mapping = await scenario.mapping()
        scenario.state.programmes.clear()
        run = await scenario.sync(mapping.id)
        assert run.state is RunState.STOPPED
        assert "The Sessionboard event Bad Input Days no longer exists" in run.message


@pytest.mark.parametrize(
    ("side", "words"),
    [
        ("sessionboard", "Sessionboard cannot be reached: Sessionboard returned a web page"),
        ("gleanin", "Gleanin cannot be reached: Gleanin returned a web page"),
    ],
)
async def test_a_page_that_is_not_json_stops_the_run_and_says_whose_it_was(
    tmp_path: Path, side: str, words: str
) -> None:
    async with open_scenario(state_of({}), tmp_path) as scenario:
        mapping = await scenario.mapping()
        scenario.state.inject_faults(Fault(sides=(side,), junk=1.0))  # type: ignore[arg-type] # checked when built
        run = await scenario.sync(mapping.id)
        assert run.state is RunState.STOPPED
        assert words in run.message
        assert scenario.writes == 0


async def test_a_token_revoked_half_way_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    sessions = [{"speakers": [person(number)]} for number in range(40)]
    async with open_scenario(state_of(*sessions), tmp_path) as scenario:
        mapping = await scenario.mapping()
        scenario.state.inject_faults(Fault(sides=("gleanin",), methods=("POST",), revoked_after=30))
        run = await scenario.sync(mapping.id)
        assert run.state is RunState.STOPPED
        assert "Gleanin refused the token" in run.message
        assert scenario.writes == 30
        scenario.state.inject_faults()
        run = await scenario.sync(mapping.id)
        assert run.state is RunState.COMPLETED
        assert scenario.writes == 80


async def test_rule_13_times_that_cannot_be_used_block_their_session_only(tmp_path: Path) -> None:
    state = state_of(
        {"title": "No offset", "starts_at": "2099-06-01T09:00:00"},
        {"title": "Backwards", "starts_at": "2099-06-01T11:00:00Z"},
        {"title": "No end", "ends_at": None},
        {"title": "Fine"},
    )
    async with open_scenario(state, tmp_path) as scenario:
        mapping = await scenario.mapping()
        run = await scenario.sync(mapping.id)
        outcomes = await scenario.outcomes(run)
        assert run.state is RunState.COMPLETED_WITH_PROBLEMS
        assert {label: each.outcome for label, each in outcomes.items()} == {
            "No offset": Outcome.BLOCKED,
            "Backwards": Outcome.BLOCKED,
            "No end": Outcome.BLOCKED,
            "Fine": Outcome.CREATED,
        }
        assert "starts at is '2099-06-01T09:00:00'" in outcomes["No offset"].reason.sentence
        assert outcomes["Backwards"].reason.sentence == "It ends before it starts."
        assert outcomes["No end"].reason.sentence == "Required field is missing: ends at."


@pytest.mark.parametrize("name", STRANGE_NAMES.values(), ids=STRANGE_NAMES.keys())
async def test_a_strange_name_arrives_as_it_is(tmp_path: Path, name: str) -> None:
    state = state_of({"title": name, "speakers": [person(1, first_name=name)]})
    async with open_scenario(state, tmp_path) as scenario:
        mapping = await scenario.mapping()
        run = await scenario.sync(mapping.id)
        assert run.state is RunState.COMPLETED
        assert [session["title"] for session in scenario.in_gleanin("sessions")] == [name]
        assert [speaker["first_name"] for speaker in scenario.in_gleanin("speakers")] == [name]
        written = scenario.writes
        await scenario.sync(mapping.id)
        assert scenario.writes == written


async def test_rule_32_a_create_that_met_a_server_error_is_looked_up_and_sent_again(tmp_path: Path) -> None:
    async with open_scenario(state_of({}, {}), tmp_path) as scenario:
        mapping = await scenario.mapping()
        scenario.state.inject_faults(Fault(sides=("gleanin",), methods=("POST",), server_errors=1.0, last=1))
        run = await scenario.sync(mapping.id)
        assert run.state is RunState.COMPLETED
        assert sorted(session["title"] for session in scenario.in_gleanin("sessions")) == [
            "Session 1",
            "Session 2",
        ]


async def test_a_wait_for_the_rate_limit_is_no_failure(tmp_path: Path) -> None:
    state = state_of(*({"speakers": [person(number)]} for number in range(20)))
    async with open_scenario(state, tmp_path) as scenario:
        mapping = await scenario.mapping()
        scenario.state.inject_faults(Fault(sides=("gleanin",), refuse_next=12, retry_after=0.05))
        run = await scenario.sync(mapping.id)
        assert run.state is RunState.COMPLETED
        assert scenario.writes == 40
        assert scenario.state.log.by_status["gleanin 429"] == 12


async def test_a_host_that_nobody_knows_is_named(tmp_path: Path) -> None:
    async with open_scenario(state_of({}), tmp_path) as scenario:
        new = NewOrganization("Acme", "http://nowhere.invalid", Token(SESSIONBOARD_TOKEN))
        with pytest.raises(SourceUnavailable, match=r"nowhere\.invalid"):
            await asyncio.wait_for(
                scenario.container.resolve(AddOrganization)(new, actor=COMMAND_LINE), WITHIN
            )


async def test_rule_16_masked_e_mails_stop_the_run_before_its_first_write(tmp_path: Path) -> None:
    state = state_of({"speakers": [person(1)]}, {"speakers": [person(2, email="j***@a***.com")]})
    async with open_scenario(state, tmp_path) as scenario:
        mapping = await scenario.mapping()
        run = await scenario.sync(mapping.id)
        assert run.state is RunState.STOPPED
        assert "j***@a***.com" in run.message
        assert scenario.writes == 0


async def test_rule_02_no_token_is_stored_in_the_clear(tmp_path: Path) -> None:
    async with open_scenario(state_of({}), tmp_path) as scenario:
        mapping = await scenario.mapping()
        await scenario.sync(mapping.id)
    stored = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))  # noqa: ASYNC240 - a test may block
    assert mapping.id.encode() in stored
    for token in (SESSIONBOARD_TOKEN, GLEANIN_TOKEN):
        assert token.encode() not in stored
