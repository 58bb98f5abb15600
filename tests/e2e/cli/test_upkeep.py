"""Doctor, upgrades, lost keys and internal errors."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from core.usecases.organizations.list_health import ListOrganizationHealth
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.state import SandboxState
from tests.contract.persistence.conftest import Server, postgresql_server
from tests.e2e.cli.conftest import CommandLine

__all__ = ["postgresql_server"]


def test_the_doctor_finds_a_well_installation_well(cli: CommandLine, connected: str) -> None:
    result = cli.json("doctor")
    assert result.exit_code == 0
    assert {check["health"] for check in result.document["checks"]} == {"ok"}
    names = [check["name"] for check in result.document["checks"]]
    assert names[:6] == ["secret keys", "plug-ins", "database", "migrations", "queue", "clock"]
    assert len(names) == 8
    output = cli("doctor").out
    assert output.startswith("Settings\n")
    assert "GLEANIN_SYNC_DATABASE_URL" in output


def test_the_doctor_says_which_side_refuses_us(cli: CommandLine, connected: str, state: SandboxState) -> None:
    state.inject_faults(Fault(sides=("gleanin",), revoked_after=0))
    result = cli.json("doctor")
    assert result.exit_code == 5
    health = {check["name"].split()[0]: check["health"] for check in result.document["checks"]}
    assert (health["Sessionboard"], health["Gleanin"]) == ("ok", "problem")


def test_the_doctor_reaches_gleanin_without_a_token(cli: CommandLine, organization: str) -> None:
    checks = {check["name"]: check for check in cli.json("doctor").document["checks"]}
    assert checks["Gleanin"]["health"] == "ok"


def test_the_doctor_warns_of_a_key_that_others_may_read(
    cli: CommandLine, organization: str, tmp_path: Path
) -> None:
    (tmp_path / "gleanin-sync.keys").chmod(0o644)
    keys = cli.json("doctor").document["checks"][0]
    assert (keys["name"], keys["health"]) == ("secret keys", "warning")
    assert "chmod 600" in keys["message"]


def test_the_doctor_shows_neither_keys_nor_passwords(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Fernet.generate_key().decode()
    monkeypatch.setenv("GLEANIN_SYNC_SECRET_KEYS", key)
    monkeypatch.setenv("GLEANIN_SYNC_DATABASE_URL", "postgresql://user:p@ss@127.0.0.1:1/db?password=w0rd")
    for result in (cli("doctor"), cli.json("doctor")):
        assert result.exit_code == 1
        assert "127.0.0.1:1" in result.out
        assert not any(secret in result.out + result.err for secret in (key, "p@ss", "w0rd"))


def test_the_doctor_tells_whether_anybody_works_on_the_queue(
    cli: CommandLine, postgresql_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_DATABASE_URL", postgresql_server.new_database())
    cli("database", "upgrade")
    (queue,) = (check for check in cli.json("doctor").document["checks"] if check["name"] == "queue")
    assert queue["health"] == "warning"
    assert "Procrastinate" in queue["message"]
    assert "gleanin-sync worker" in queue["message"]


def test_the_doctor_names_settings_that_are_none(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_JOBS", "procrastinate")
    monkeypatch.setenv("GLEANIN_SYNC_RETENTION_DAY", "9")
    result = cli.json("doctor")
    output = {check["message"] for check in result.document["checks"] if check["name"] == "settings"}
    assert result.exit_code == 0
    assert any(
        each.startswith("GLEANIN_SYNC_JOBS is no longer a setting. The database decides") for each in output
    )
    assert "GLEANIN_SYNC_RETENTION_DAY is not a setting and has no effect. Check its spelling." in output


def test_the_doctor_sets_up_nothing(cli: CommandLine, tmp_path: Path) -> None:
    result = cli.json("doctor")
    assert result.exit_code == 0
    assert "set up at first use" in result.document["checks"][-1]["message"]
    assert not (tmp_path / "gleanin-sync.keys").exists()


def test_a_database_is_upgraded(cli: CommandLine) -> None:
    revision = cli.json("database", "upgrade").document["revision"]
    assert f"({revision})" in cli("database", "upgrade").out
    checks = {check["name"]: check for check in cli.json("doctor").document["checks"]}
    assert checks["migrations"]["message"] == f"The database is up to date ({revision})."


def test_a_database_that_cannot_be_used_ends_with_1_and_says_what_to_do(
    cli: CommandLine, tmp_path: Path
) -> None:
    (tmp_path / "cli.db").write_text("this is no database, but a text of some length " * 100)
    for command in (["organization", "list"], ["database", "upgrade"], ["doctor"]):
        result = cli.json(*command)
        assert result.exit_code == 1
    assert cli.json("organization", "list").error["code"] == "store_unusable"


def test_a_database_of_a_newer_program_ends_with_1_and_says_to_update_this_one(
    cli: CommandLine, tmp_path: Path
) -> None:
    assert cli("database", "upgrade").exit_code == 0
    with closing(sqlite3.connect(tmp_path / "cli.db", isolation_level=None)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    expected = "The database is at revision 9999, of a newer gleanin-sync than this one. Update this program."
    for command in (["organization", "list"], ["sync", "m1"], ["run", "r1"], ["database", "upgrade"]):
        result = cli.json(*command)
        assert (result.exit_code, result.error) == (1, {"code": "store_unusable", "message": expected})
    doctor = cli.json("doctor")
    assert doctor.exit_code == 1
    found = doctor.document["checks"][-1]
    assert (found["health"], found["message"]) == ("problem", expected)


def test_lost_keys_end_with_3_and_say_what_to_do(
    cli: CommandLine, connected: str, mapping: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_SECRET_KEYS", Fernet.generate_key().decode())
    result = cli.json("events", connected)
    assert (result.exit_code, result.error["code"]) == (3, "cannot_unseal")
    assert "key" in result.error["message"]
    assert cli.json("sync", mapping).exit_code == 3
    assert cli.json("doctor").exit_code == 3


def test_a_malformed_key_is_wrong_usage_and_is_not_shown(
    cli: CommandLine, connected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_SECRET_KEYS", "my-s3cret")
    result = cli.json("events", connected)
    assert (result.exit_code, result.error["code"]) == (2, "keys_unusable")
    assert "s3cret" not in result.out + result.err
    doctor = cli.json("doctor")
    assert doctor.exit_code == 2
    assert "s3cret" not in doctor.out + doctor.err


def test_a_key_file_that_is_missing_is_not_made_anew(
    cli: CommandLine, connected: str, tmp_path: Path
) -> None:
    file = tmp_path / "gleanin-sync.keys"
    key = file.read_text()
    file.unlink()
    result = cli.json("mappings", connected)
    assert (result.exit_code, result.error["code"]) == (2, "keys_unusable")
    assert str(file) in result.error["message"]
    assert not file.exists()
    file.write_text(key)
    assert cli.json("mappings", connected).exit_code == 0


def test_a_fault_of_ours_is_one_sentence_and_its_traceback_is_in_the_log(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def break_down(_: ListOrganizationHealth, __: object) -> None:
        message = "a row with grace@example.org"
        raise RuntimeError(message)

    monkeypatch.setattr(ListOrganizationHealth, "__call__", break_down)
    result = cli.json("organization", "list")
    assert (result.exit_code, result.error["code"]) == (1, "fault")
    assert "RuntimeError" in result.error["message"]
    assert "grace" not in result.out + result.err
    monkeypatch.setenv("GLEANIN_SYNC_LOG_LEVEL", "debug")
    shown = cli("organization", "list")
    assert shown.exit_code == 1
    assert "Traceback" not in shown.out + shown.err
    assert '"cli.fault"' in shown.err
    assert "break_down" in shown.err
