"""What nobody may find anywhere: tokens and e-mails in logs, and writes to Sessionboard."""

from pathlib import Path

import pytest

from core.domain.runs.run import RunState
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.loading import packaged
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN, SandboxState
from tests.support.scenario import open_scenario


def packaged_world() -> SandboxState:
    state = SandboxState()
    state.add(packaged()[0])
    return state


@pytest.mark.usefixtures("everything_logged")
async def test_rule_02_no_token_and_no_e_mail_is_logged_whatever_happens(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_scenario(packaged_world(), tmp_path) as scenario:
        mapping = await scenario.mapping()
        trouble = Fault(sides=("gleanin",), server_errors=0.2, lost_answers=0.2, cuts=0.1)
        scenario.state.inject_faults(trouble)
        await scenario.sync(mapping.id)
        scenario.state.inject_faults(Fault(revoked_after=3))
        assert (await scenario.sync(mapping.id)).state is RunState.STOPPED
    logged = capsys.readouterr()
    assert "sync.run_finished" in logged.err
    assert "sync.answers_lost" in logged.err
    for secret in (SESSIONBOARD_TOKEN, GLEANIN_TOKEN, "@"):
        assert secret not in logged.err + logged.out


async def test_rule_33_sessionboard_is_asked_and_never_written_to(tmp_path: Path) -> None:
    async with open_scenario(packaged_world(), tmp_path) as scenario:
        mapping = await scenario.mapping()
        await scenario.sync(mapping.id)
        requests = {template for template in scenario.state.log.by_template if "/sessionboard/" in template}
        assert requests == {
            "GET /sessionboard/v1/events",
            # Searches, as its contract has them: a body that says what is wanted.
            "POST /sessionboard/v1/event/{event}/sessions",
            "POST /sessionboard/v1/event/{event}/exhibitors",
        }
