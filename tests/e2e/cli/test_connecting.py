"""Organizations, connecting and disconnecting: what is stored, shown and refused."""

import io
import json
import sys

import pytest

from entrypoints.cli.main import run
from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.server import Sandbox
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN
from tests.e2e.cli.conference import EVENT_NAME
from tests.e2e.cli.conftest import ORG, CommandLine, Mapper


def test_an_added_organization_is_listed_with_markup_as_its_name(cli: CommandLine, organization: str) -> None:
    assert cli.json("organization", "list").document == [
        {
            "id": organization,
            "name": ORG,
            "source": "sessionboard",
            "sessionboard_url": cli.json("organization", "list").document[0]["sessionboard_url"],
            "connected": False,
            "token_hint": None,
            "connected_at": None,
            "health": None,
        }
    ]
    shown = cli("organization", "list")
    assert ORG in shown.out
    assert "not connected" in shown.out


def test_an_organization_is_found_by_its_name_as_well(cli: CommandLine, connected: str) -> None:
    assert cli.json("mappings", ORG.upper()).document == []
    assert cli.json("mappings", connected).document == []


def test_two_organizations_of_one_name_are_refused(
    cli: CommandLine, organization: str, sandbox: Sandbox
) -> None:
    arguments = "organization", "add", ORG, "--sessionboard-url", sandbox.sessionboard_url, "--token-stdin"
    result = cli.json(*arguments, stdin=SESSIONBOARD_TOKEN)
    assert (result.exit_code, result.error["code"]) == (3, "already_exists")


def test_rule_01_a_refused_sessionboard_token_stores_nothing_and_ends_with_5(
    cli: CommandLine, sandbox: Sandbox
) -> None:
    arguments = "organization", "add", "ACME", "--sessionboard-url", sandbox.sessionboard_url, "--token-stdin"
    result = cli.json(*arguments, stdin="wrong-token-1234")
    assert (result.exit_code, result.error["code"]) == (5, "token_refused")
    assert cli.json("organization", "list").document == []


def test_rule_01_a_refused_gleanin_token_stores_nothing_and_ends_with_5(
    cli: CommandLine, organization: str
) -> None:
    result = cli.json("connect", organization, "--token-stdin", stdin="wrong-token-1234")
    assert (result.exit_code, result.error["code"]) == (5, "token_refused")
    assert cli.json("organization", "list").document[0]["connected"] is False


@pytest.mark.parametrize("token", ["", "\n", "two words", "naïve", "x" * 20_000, "\ufefftoken"])
def test_what_cannot_be_a_token_is_refused_before_anybody_is_asked(
    token: str, cli: CommandLine, organization: str
) -> None:
    result = cli.json("connect", organization, "--token-stdin", stdin=token)
    assert (result.exit_code, result.error["code"]) == (3, "bad_input")
    assert "token" in result.error["message"]


def test_rule_02_no_output_ever_has_a_token(cli: CommandLine, connected: str) -> None:
    results = [
        cli("organization", "list"),
        cli("doctor"),
        cli("mappings", connected),
        cli("events", connected),
    ]
    results += [cli.json("organization", "list"), cli.json("doctor"), cli.json("events", connected)]
    results.append(cli.json("connect", connected, "--token-stdin", stdin=GLEANIN_TOKEN))
    for result in results:
        assert GLEANIN_TOKEN not in result.out + result.err
        assert SESSIONBOARD_TOKEN not in result.out + result.err
    assert f"token …{GLEANIN_TOKEN[-4:]}" in results[0].out


def test_rule_03_a_second_connection_is_refused(cli: CommandLine, connected: str) -> None:
    result = cli.json("connect", connected, "--token-stdin", stdin=GLEANIN_TOKEN)
    assert (result.exit_code, result.error["code"]) == (3, "already_connected")


def test_what_needs_a_connection_says_how_to_connect(cli: CommandLine, organization: str) -> None:
    result = cli("events", organization)
    assert result.exit_code == 3
    assert "is not connected. Connect it first." in result.err
    assert "gleanin-sync connect" in result.err


def test_rule_08_disconnecting_needs_a_confirmation(cli: CommandLine, connected: str) -> None:
    result = cli.json("disconnect", connected)
    assert (result.exit_code, result.error["code"]) == (3, "not_confirmed")
    assert cli.json("organization", "list").document[0]["connected"] is True
    assert cli("disconnect", connected, "--yes").exit_code == 0
    assert cli.json("organization", "list").document[0]["connected"] is False


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "exit_code"), [(ORG, 0), ("ACME", 3), ("", 130)])
def test_rule_08_at_a_terminal_the_organization_s_name_is_typed(
    typed: str, exit_code: int, cli: CommandLine, connected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", _Terminal(f"{typed}\n" if typed else ""))
    assert run(["disconnect", connected]) == exit_code
    still = cli.json("organization", "list").document[0]["connected"]
    assert still is (exit_code != 0)


def test_at_a_terminal_a_token_is_asked_for_without_showing_it(
    cli: CommandLine, organization: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = []

    def hidden(question: str, *_: object) -> str:
        questions.append(question)
        return GLEANIN_TOKEN

    monkeypatch.setattr(sys, "stdin", _Terminal())
    monkeypatch.setattr("getpass.getpass", hidden)
    assert run(["connect", organization, "--json"]) == 0
    assert len(questions) == 1
    assert json.loads(capsys.readouterr().out)["organization_id"] == organization


def test_rule_08_a_mapping_has_ended_after_a_disconnect(
    cli: CommandLine, connected: str, mapping: str
) -> None:
    assert cli("disconnect", connected, "--yes").exit_code == 0
    assert cli.json("mappings", connected).document == []
    result = cli.json("sync", mapping)
    assert (result.exit_code, result.error["code"]) == (3, "not_mapped")


@pytest.mark.parametrize(
    ("command", "code"),
    [
        (["events", "nobody"], "not_found"),
        (["connect", "nobody", "--token-stdin"], "not_found"),
        (["map", "nobody", "1", "2"], "not_found"),
        (["runs", "nothing"], "not_found"),
        (["run", "nothing"], "not_found"),
        (["sync", "nothing"], "not_found"),
        (["preview", "nothing"], "not_found"),
        (["unmap", "nothing"], "not_found"),
        (["settings", "nothing"], "not_found"),
        (["links", "nothing"], "not_found"),
        (["record", "nothing", "x@example.org"], "not_found"),
        (["probe", "\x1b[31mnobody"], "not_found"),
        (["disconnect", "x" * 10_000, "--yes"], "not_found"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else value,
)
def test_what_is_not_there_ends_with_3_and_is_named(command: list[str], code: str, cli: CommandLine) -> None:
    result = cli.json(*command, stdin="some-token-1234")
    assert (result.exit_code, result.error["code"]) == (3, code)
    shown = cli(*command, stdin="some-token-1234")
    assert shown.exit_code == 3
    assert shown.out == ""
    assert shown.err.startswith("Error: There is no ")
    assert "\x1b" not in shown.err


def test_a_host_that_does_not_answer_ends_with_5(cli: CommandLine) -> None:
    arguments = "organization", "add", "ACME", "--sessionboard-url", "http://127.0.0.1:1", "--token-stdin"
    result = cli.json(*arguments, stdin=SESSIONBOARD_TOKEN)
    assert (result.exit_code, result.error["code"]) == (5, "unreachable")
    assert "Sessionboard" in result.error["message"]


def test_a_private_address_is_refused_unless_a_setting_allows_it(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_ALLOW_PRIVATE_ADDRESSES", "false")
    arguments = "organization", "add", "ACME", "--sessionboard-url", "http://127.0.0.1:1", "--token-stdin"
    result = cli.json(*arguments, stdin=SESSIONBOARD_TOKEN)
    assert (result.exit_code, result.error["code"]) == (3, "bad_input")
    assert "private" in result.error["message"]


def test_a_token_is_replaced_and_everything_goes_on(cli: CommandLine, mapping: str, connected: str) -> None:
    cli.json("sync", mapping)
    for side, renewed in (("sessionboard", SESSIONBOARD_TOKEN), ("gleanin", GLEANIN_TOKEN)):
        result = cli.json("token", connected, side, "--token-stdin", stdin=renewed)
        assert (result.exit_code, result.document["side"]) == (0, side)
    refused = cli.json("token", connected, "gleanin", "--token-stdin", stdin="another-token-0000")
    assert (refused.exit_code, refused.error["code"]) == (5, "token_refused")
    again = cli.json("sync", mapping).document
    assert again["counts"]["sessions"]["unchanged"] == again["counts"]["sessions"]["succeeded"] > 0


def test_the_list_of_organizations_tells_that_the_token_was_refused(
    cli: CommandLine, mapping: str, sandbox: Sandbox
) -> None:
    assert cli.json("organization", "list").document[0]["health"]["state"] == "healthy"
    ControlClient(sandbox.control_url).inject_faults(Fault(sides=("gleanin",), revoked_after=0))
    cli.json("sync", mapping)
    listed = cli("organization", "list").out
    assert "halted" in listed
    assert f"{ORG}: halted since " in listed
    assert "Gleanin refused the token." in listed
    health = cli.json("organization", "list").document[0]["health"]
    assert (health["state"], health["remedy"]) == ("halted", "replace_token")


def test_after_a_token_was_replaced_a_sync_of_every_mapping_is_offered(
    cli: CommandLine, map_event: Mapper, connected: str
) -> None:
    arguments = "token", connected, "gleanin", "--token-stdin"
    assert "gleanin-sync sync" not in cli(*arguments, stdin=GLEANIN_TOKEN).out
    mappings = [map_event(name) for name in (EVENT_NAME, "Clean 2099")]
    shown = cli(*arguments, stdin=GLEANIN_TOKEN).out
    for mapping in mappings:
        assert f"gleanin-sync sync {mapping}\n" in shown
