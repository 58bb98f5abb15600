"""Accounts and API keys on the command line."""

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest

from core.domain.access.authorization import Actor, Grant, Role
from core.domain.access.identities import ProviderIdentity
from core.domain.errors import IdentityMismatch
from core.domain.ids import OrganizationId
from core.usecases.access.create_api_key import CreateApiKey
from core.usecases.access.sign_in_with_identity_provider import ProviderClaims, SignInWithIdentityProvider
from core.usecases.notifications.served_url import SaveServedUrl
from entrypoints.database import opened
from entrypoints.settings import Settings
from tests.e2e.cli.conftest import ORG, CommandLine
from tests.support.command_result import CommandResult

ADA, PASSWORD = "ada@example.org", "correct-horse-battery"


def add(cli: CommandLine, *arguments: str, email: str = ADA, password: str = PASSWORD) -> CommandResult:
    return cli.json("user", "add", email, *arguments, "--password-stdin", stdin=f"{password}\n")


@pytest.fixture
def database(cli: CommandLine, tmp_path: Path) -> Path:
    """Return the folder of a database that is set up."""
    assert cli("database", "upgrade").exit_code == 0
    return tmp_path


def everything_stored(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("cli.db*"))


def test_an_account_is_added_and_listed(cli: CommandLine) -> None:
    added = add(cli)
    assert added.exit_code == 0
    assert {name: value for name, value in added.document.items() if name not in {"id", "created_at"}} == {
        "email": ADA,
        "has_password": True,
        "roles": [{"role": "admin", "organization_id": None}],
    }
    assert cli.json("user", "list").document == [added.document]
    shown = cli("user", "list")
    assert ADA in shown.out
    assert "admin of all organizations" in shown.out


def test_where_there_is_no_account_yet_it_is_said_how_to_add_one(cli: CommandLine) -> None:
    assert cli.json("user", "list").document == []
    assert "gleanin-sync user add EMAIL" in cli("user", "list").out


def test_an_account_for_one_organization(cli: CommandLine, organization: str) -> None:
    added = add(cli, "--role", "viewer", "--organization", ORG)
    assert added.document["roles"] == [{"role": "viewer", "organization_id": organization}]
    result = cli("user", "role", ADA, "--role", "admin", "--organization", organization)
    assert result.out == f"{ADA} is now admin of {organization}.\n"
    given = cli.json("user", "role", ADA, "--role", "support").document
    assert given["roles"] == [
        {"role": "support", "organization_id": None},
        {"role": "admin", "organization_id": organization},
    ]
    taken = cli.json("user", "role", ADA, "--role", "support", "--take").document
    assert taken["roles"] == [{"role": "admin", "organization_id": organization}]
    again = cli.json("user", "role", ADA, "--role", "support", "--take")
    assert (again.exit_code, again.error["code"]) == (3, "bad_input")


def test_an_account_without_a_password_is_for_who_signs_in_elsewhere(cli: CommandLine) -> None:
    added = cli.json("user", "add", ADA, "--no-password")
    assert added.exit_code == 0
    assert added.document["has_password"] is False
    assert cli("user", "add", "bob@example.org", "--no-password").out == (
        "Added bob@example.org, admin of all organizations.\n"
    )


def test_a_password_is_changed_and_stored_as_a_hash_only(cli: CommandLine, database: Path) -> None:
    add(cli)
    new = "another-horse-battery"
    changed = cli.json("user", "password", ADA, "--password-stdin", stdin=new)
    assert (changed.exit_code, changed.document["email"]) == (0, ADA)
    shown = cli("user", "password", ADA, "--password-stdin", stdin=new)
    assert "signed out on all devices" in shown.out
    for secret in (PASSWORD, new):
        assert secret not in changed.out + changed.err + shown.out + shown.err
        assert secret.encode() not in everything_stored(database)


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["user", "add", "no-address", "--password-stdin"], PASSWORD),
        (["user", "add", "a b@example.org", "--password-stdin"], PASSWORD),
        (["user", "add", "a@" + "b" * 300, "--password-stdin"], PASSWORD),
        (["user", "add", "bob@example.org", "--password-stdin"], "short"),
        (["user", "add", "bob@example.org", "--password-stdin"], "s3cret" * 1_000),
        (["user", "add", "bob@example.org", "--password-stdin"], ""),
        (["user", "add", ADA, "--password-stdin"], PASSWORD),
        (["user", "add", ADA.upper(), "--no-password"], ""),
        (["user", "password", ADA, "--password-stdin"], "short"),
        (["key", "add", "", "--role", "viewer"], ""),
        (["key", "add", "two\nlines", "--role", "viewer"], ""),
        (["key", "add", "x" * 101, "--role", "viewer"], ""),
    ],
)
def test_what_cannot_be_is_refused_by_a_rule(cli: CommandLine, arguments: list[str], stdin: str) -> None:
    add(cli)
    before = cli.json("user", "list").document
    refused = cli.json(*arguments, stdin=stdin)
    assert (refused.exit_code, refused.error["code"]) == (3, "bad_input")
    assert len(refused.error["message"]) < 300
    assert "s3cret" not in refused.out + refused.err
    assert cli.json("user", "list").document == before
    assert cli.json("key", "list").document == []


@pytest.mark.parametrize("command", ["user add", "key add"])
def test_support_is_for_all_organizations_only(cli: CommandLine, organization: str, command: str) -> None:
    arguments = ["bob@example.org", "--no-password"] if command == "user add" else ["export"]
    refused = cli.json(*command.split(), *arguments, "--role", "support", "--organization", organization)
    assert (refused.exit_code, refused.error["code"]) == (3, "bad_input")
    assert "covers all organizations" in refused.error["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["user", "role", "nobody@example.org", "--role", "admin"],
        ["user", "role", "nobody@example.org", "--role", "admin", "--take"],
        ["user", "password", "nobody@example.org", "--password-stdin"],
        ["user", "remove", "nobody@example.org"],
        ["user", "remove", "\0"],
        ["user", "add", "bob@example.org", "--no-password", "--organization", "nowhere"],
        ["user", "add", "bob@example.org", "--no-password", "--organization", "\0"],
        ["user", "role", ADA, "--role", "admin", "--organization", "nowhere"],
        ["key", "add", "export", "--role", "viewer", "--organization", "nowhere"],
        ["key", "list", "--organization", "nowhere"],
        ["key", "revoke", "nothing"],
        ["key", "revoke", "\0"],
    ],
)
def test_what_there_is_not_is_not_found(cli: CommandLine, arguments: list[str]) -> None:
    add(cli)
    refused = cli.json(*arguments, stdin=PASSWORD)
    assert (refused.exit_code, refused.error["code"]) == (3, "not_found")
    assert refused.error["hint"].startswith("To list them: gleanin-sync ")
    assert len(cli.json("user", "list").document) == 1


def test_a_removed_account_is_gone(cli: CommandLine) -> None:
    add(cli)
    removed = cli.json("user", "remove", ADA)
    assert (removed.exit_code, removed.document) == (0, {"email": ADA, "valid_api_keys": []})
    assert cli.json("user", "list").document == []
    assert add(cli).exit_code == 0
    assert cli("user", "remove", ADA).out == f"Removed {ADA}.\n"


async def _make_keys(*organizations: str | None) -> None:
    async with opened(Settings()) as container:
        for organization in organizations:
            place = OrganizationId(organization) if organization else None
            await container.resolve(CreateApiKey)("Export", Grant(Role.ADMIN, place), actor=Actor(ADA))


def test_whoever_removes_an_account_is_told_which_of_its_api_keys_stay_valid(
    cli: CommandLine, organization: str
) -> None:
    add(cli)
    asyncio.run(_make_keys(organization, None))
    removed = cli.json("user", "remove", ADA).document
    keys = [(key["organization"], key["name"], key["created_by"]) for key in removed["valid_api_keys"]]
    assert keys == [(None, "Export", ADA), (ORG, "Export", ADA)]
    add(cli)
    shown = cli("user", "remove", ADA).out
    for key in removed["valid_api_keys"]:
        assert key["id"] in shown
    for expected in (ORG, "gleanin-sync key revoke ID --organization ORG", "gleanin-sync key revoke ID\n"):
        assert expected in shown
    everywhere, here = (key["id"] for key in removed["valid_api_keys"])
    assert cli("key", "revoke", everywhere).exit_code == 0
    assert cli("key", "revoke", here, "--organization", ORG).exit_code == 0
    add(cli)
    assert cli("user", "remove", ADA).out == f"Removed {ADA}.\n"


def test_an_address_that_signs_in_is_for_an_account_that_there_is(
    cli: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLEANIN_SYNC_PUBLIC_URL", "https://sync.example.org")
    add(cli)
    offered = cli.json("user", "sign-in", ADA)
    assert offered.exit_code == 0
    assert offered.document["address"].startswith("https://sync.example.org/sign-in/once/")
    assert "once, within 12 hours" in cli("user", "sign-in", ADA).out
    refused = cli.json("user", "sign-in", "nobody@example.org")
    assert (refused.exit_code, refused.error["code"]) == (3, "not_signed_in")


def test_an_address_that_signs_in_leads_to_where_it_was_served_last(
    cli: CommandLine, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(cli)
    assert (
        cli.json("user", "sign-in", ADA).document["address"].startswith("http://127.0.0.1:8000/sign-in/once/")
    )
    assert "set GLEANIN_SYNC_PUBLIC_URL" in cli("user", "sign-in", ADA).out
    asyncio.run(_serve_at("http://127.0.0.1:8123"))
    assert (
        cli.json("user", "sign-in", ADA).document["address"].startswith("http://127.0.0.1:8123/sign-in/once/")
    )
    assert "GLEANIN_SYNC_PUBLIC_URL" not in cli("user", "sign-in", ADA).out
    monkeypatch.setenv("GLEANIN_SYNC_PUBLIC_URL", "https://sync.example.org")
    assert (
        cli.json("user", "sign-in", ADA).document["address"].startswith("https://sync.example.org/sign-in/")
    )


async def _serve_at(url: str) -> None:
    async with opened(Settings()) as container:
        await container.resolve(SaveServedUrl)(url)


async def _bind(subject: str) -> None:
    claims = ProviderClaims(ProviderIdentity("https://id.example.org", subject), ADA, "192.0.2.1")
    async with opened(Settings()) as container:
        await container.resolve(SignInWithIdentityProvider)(claims)


def test_an_account_is_unbound_from_the_company_s_sign_in(cli: CommandLine) -> None:
    add(cli)
    assert cli("user", "unbind", ADA).out == f"{ADA} was not bound.\n"
    asyncio.run(_bind("ada-1"))
    with pytest.raises(IdentityMismatch):
        asyncio.run(_bind("ada-2"))
    assert cli.json("user", "unbind", ADA).document == {"email": ADA, "unbound": 1}
    asyncio.run(_bind("ada-2"))
    assert "binds it again" in cli("user", "unbind", ADA.upper()).out
    refused = cli.json("user", "unbind", "nobody@example.org")
    assert (refused.exit_code, refused.error["code"]) == (3, "not_found")


def made_key(cli: CommandLine, *arguments: str) -> dict[str, Any]:
    made = cli.json("key", "add", "Nightly export", "--role", "viewer", *arguments)
    assert made.exit_code == 0, made.out
    document: dict[str, Any] = made.document
    return document


def test_a_key_s_secret_is_shown_once_and_stored_as_a_digest(
    cli: CommandLine, organization: str, tmp_path: Path
) -> None:
    made = made_key(cli, "--organization", ORG)
    secret = made.pop("secret")
    assert secret.startswith("gls_")
    assert made == {
        "id": made["id"],
        "name": "Nightly export",
        "role": "viewer",
        "organization_id": organization,
        "created_at": made["created_at"],
        "created_by": "command line",
        "revoked_at": None,
    }
    listed = cli.json("key", "list", "--organization", organization)
    assert listed.document == [made]
    shown = cli("key", "list", "--organization", organization)
    assert "valid" in shown.out
    revoked = cli("key", "revoke", made["id"], "--organization", organization)
    for result in (listed, shown, revoked):
        assert secret not in result.out + result.err
    stored = everything_stored(tmp_path)
    assert secret.encode() not in stored
    assert hashlib.sha256(secret.encode()).hexdigest().encode() in stored


def test_a_key_is_shown_to_people_in_a_line_of_its_own(cli: CommandLine) -> None:
    heading, secret = cli("key", "add", "desk", "--role", "support").out.splitlines()
    assert heading == "Created the API key desk, support of all organizations. It is shown only once:"
    assert secret.startswith("gls_")
    assert " " not in secret


def test_without_an_organization_all_keys_are_listed_with_whose_they_are(
    cli: CommandLine, organization: str
) -> None:
    assert "gleanin-sync key add NAME" in cli("key", "list").out
    own, everywhere = made_key(cli, "--organization", organization), made_key(cli)
    listed = cli.json("key", "list").document
    assert {each["id"]: each["organization_id"] for each in listed} == {
        own["id"]: organization,
        everywhere["id"]: None,
    }
    shown = cli("key", "list").out
    assert ORG in shown
    assert "all organizations" in shown


def test_a_revoked_key_stays_in_the_list(cli: CommandLine, organization: str) -> None:
    key = made_key(cli, "--organization", organization)
    elsewhere = cli.json("key", "revoke", key["id"])
    assert (elsewhere.exit_code, elsewhere.error["code"]) == (3, "not_found")
    first = cli.json("key", "revoke", key["id"], "--organization", organization)
    again = cli.json("key", "revoke", key["id"], "--organization", organization)
    assert first.exit_code == again.exit_code == 0
    assert first.document == again.document
    assert first.document["revoked_at"] is not None
    assert cli.json("key", "list", "--organization", organization).document == [first.document]
    assert "revoked" in cli("key", "list", "--organization", organization).out


def test_a_password_keeps_its_spaces(cli: CommandLine) -> None:
    """Spaces count: a password of eleven other characters is long enough with them, as in the browser."""
    assert add(cli, password=" eleven-long ").exit_code == 0
    assert add(cli, email="bob@example.org", password="eleven-long\r").exit_code == 3
