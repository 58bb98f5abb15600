"""Wrong usage and help pages, which need no database."""

import inspect
import io
import json
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from typer.main import get_group

from entrypoints.cli import main
from entrypoints.cli.main import run
from entrypoints.cli.serve import with_public_url
from entrypoints.settings import Settings

COMMANDS = [
    ["demo"],
    ["sandbox"],
    ["serve"],
    ["worker"],
    ["status"],
    ["organization", "add"],
    ["organization", "list"],
    ["organization", "remove"],
    ["connect"],
    ["token"],
    ["disconnect"],
    ["events"],
    ["map"],
    ["unmap"],
    ["mappings"],
    ["settings"],
    ["preview"],
    ["sync"],
    ["runs"],
    ["run"],
    ["record"],
    ["links"],
    ["link-fields"],
    ["portal"],
    ["notices"],
    ["user", "add"],
    ["user", "list"],
    ["user", "role"],
    ["user", "password"],
    ["user", "sign-in"],
    ["user", "unbind"],
    ["user", "remove"],
    ["key", "add"],
    ["key", "list"],
    ["key", "revoke"],
    ["probe"],
    ["plugins"],
    ["doctor"],
    ["database", "upgrade"],
]


def _paths(command: Any, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    parts: dict[str, Any] = getattr(command, "commands", {})
    if not parts:
        yield above
    for name, part in parts.items():
        yield from _paths(part, (*above, name))


def test_there_are_just_the_commands_that_are_agreed() -> None:
    there = [path for name in main.COMMANDS for path in _paths(main.load_command(name), (name,))]
    assert sorted(there) == sorted(map(tuple, COMMANDS))
    modules = {module for module, _ in main.COMMANDS.values()}
    written = {
        name
        for module in modules
        for name in get_group(import_module(f"entrypoints.cli.{module}").commands).commands
    }
    assert written == set(main.COMMANDS)


@pytest.mark.parametrize("name", main.COMMANDS)
def test_the_list_of_commands_tells_what_the_command_itself_does(name: str) -> None:
    _, text = main.COMMANDS[name]
    assert inspect.cleandoc(main.load_command(name).help).split("\n\n")[0].replace("\n", " ") == text


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_s_help_has_an_example_and_json(
    command: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run([*command, "--help"]) == 0
    page = capsys.readouterr().out
    assert "--json" in page
    assert f"gleanin-sync {' '.join(command)}" in page.partition("Example")[2]


@pytest.mark.parametrize("group", ["organization", "user", "key", "database"])
def test_the_help_of_a_group_of_commands_has_an_example(
    group: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run([group, "--help"]) == 0
    assert f"gleanin-sync {group} " in capsys.readouterr().out.partition("Example")[2]


def test_the_help_names_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    assert "Exit codes: 0 done" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["runs"], "Missing argument"),
        (
            ["sync", "m1", "--scope", "sponsors"],
            "There is no scope 'sponsors'. Use one of: agenda, exhibitors, all.",
        ),
        (["run", "r1", "--outcome", "lost"], "'lost' is not one of"),
        (["settings", "m1", "--moderators", "maybe"], "'maybe' is not one of"),
        (["nonsense"], "No such command"),
        (["links", "m1", "--all"], "No such option"),
        (["links", "m1", "--preview"], "Use it together with --write-back."),
        (["links", "m1", "--write-back", "--missing"], "Use only one of them."),
        (["links", "m1", "--write-back", "--csv", "links.csv"], "Use only one of them."),
        (["links", "m1", "--write-back", "--preview", "--missing"], "Use only one of them."),
        (["link-fields", "m1", "Gleanin Link"], "A name needs --order."),
        (["link-fields", "m1", "--for-companies"], "--for-companies needs --order."),
        (["connect", "ACME"], "--token-stdin"),
        (["organization", "add", "ACME"], "--region"),
        (
            ["organization", "add", "ACME", "--region", "eu", "--sessionboard-url", "https://x.example"],
            "--region",
        ),
        (
            ["organization", "add", "ACME", "--region", "mars"],
            "There is no region 'mars'. Use one of: us, eu.",
        ),
        (["events", "\udcff"], "not text"),
        (["user", "add", "ada@example.org"], "--password-stdin"),
        (["user", "password", "ada@example.org"], "--password-stdin"),
        (["user", "role", "ada@example.org"], "--role"),
        (["user", "add", "ada@example.org", "--role", "owner"], "'owner' is not one of"),
        (["key", "add", "export"], "--role"),
        (["serve", "--host", "0.0.0.0"], "GLEANIN_SYNC_PUBLIC_URL"),
        (["serve", "--host", "::"], "GLEANIN_SYNC_PUBLIC_URL"),
        (["serve", "--port", "0"], "--port"),
        (["serve", "--port", "65536"], "--port"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_is_wrong(
    arguments: list[str],
    expected: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert expected in captured.err
    assert captured.out == ""
    assert run([*arguments, "--json"]) == 2
    captured = capsys.readouterr()
    error = json.loads(captured.out)["error"]
    assert error["code"] == "usage"
    assert expected in error["message"]
    assert captured.err == ""


@pytest.mark.parametrize("arguments", [[], ["organization"], ["user"], ["key"], ["database"]])
def test_a_command_that_is_missing_is_wrong_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    assert "Missing command. Try gleanin-sync" in capsys.readouterr().err


def test_what_only_looks_like_the_json_option_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["runs", "m1", "more", "--", "--json"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "unexpected extra argument" in captured.err


def test_a_setting_that_cannot_be_is_named_without_its_value(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_LEASE_SECONDS", "s3cret")
    assert run(["runs", "m1", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "settings"
    assert "GLEANIN_SYNC_LEASE_SECONDS" in error["message"]
    assert "s3cret" not in error["message"]


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        *(("LEASE_SECONDS", wrong) for wrong in ("0", "-1", "0.09", "3600.1", "inf", "-inf", "nan", "soon")),
        ("LOG_LEVEL", "nonsense"),
        ("LOG_LEVEL", "critical"),
    ],
)
def test_a_setting_out_of_its_bounds_is_wrong_usage(
    variable: str, value: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"GLEANIN_SYNC_{variable}", value)
    assert run(["runs", "m1", "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "settings"
    assert f"GLEANIN_SYNC_{variable} is wrong" in error["message"]


@pytest.mark.parametrize("value", [0.1, 30, 3600])
def test_a_lease_may_be_as_short_or_long_as_its_bounds(value: float, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings().lease_seconds == 30
    monkeypatch.setenv("GLEANIN_SYNC_LEASE_SECONDS", str(value))
    assert Settings().lease_seconds == value


@pytest.mark.parametrize(
    "url",
    [
        "sync.example.org",
        "ftp://sync.example.org",
        "https://",
        "https://:8000",
        "https://[::1",
        "https://sync.example.org:many",
        "https://sync.example.org/path",
        "https://sync.example.org?query",
        "https://ada:s3cret@sync.example.org",
        "https://sync.example.org evil.example",
    ],
)
def test_a_public_address_that_is_none_is_wrong_usage(
    url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_PUBLIC_URL", url)
    assert run(["serve", "--json"]) == 2
    captured = capsys.readouterr()
    error = json.loads(captured.out)["error"]
    assert error["code"] == "usage"
    assert "GLEANIN_SYNC_PUBLIC_URL is wrong" in error["message"]
    assert "s3cret" not in captured.out + captured.err


@pytest.mark.parametrize(
    ("public", "host", "address"),
    [
        (None, "127.0.0.1", "http://127.0.0.1:8080/sign-in"),
        (None, "localhost", "http://localhost:8080/sign-in"),
        (None, "::1", "http://[::1]:8080/sign-in"),
        ("https://sync.example.org", "0.0.0.0", "https://sync.example.org/sign-in"),
        ("https://sync.example.org:8443/", "127.0.0.1", "https://sync.example.org:8443/sign-in"),
    ],
)
def test_addresses_that_are_handed_out_follow_where_people_reach_the_program(
    public: str | None, host: str, address: str
) -> None:
    assert with_public_url(Settings(public_url=public), host, 8080).address_of("/sign-in") == address


def test_without_serving_addresses_are_those_of_serve_s_defaults() -> None:
    assert Settings().address_of("/sign-in") == "http://127.0.0.1:8000/sign-in"


def test_signing_in_elsewhere_is_offered_only_where_all_of_it_is_set() -> None:
    whole = {"openid_issuer": "https://id.example.org", "openid_client_id": "x", "openid_client_secret": "y"}
    assert Settings.model_validate(whole).offers_openid
    for name in whole:
        assert not Settings.model_validate({**whole, name: None}).offers_openid
    assert not Settings().offers_openid
    assert "'y'" not in repr(Settings.model_validate(whole))
