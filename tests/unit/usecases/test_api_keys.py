"""Creating, authenticating and revoking API keys."""

from datetime import timedelta

import pytest

from core.domain.access.api_keys import hash_secret
from core.domain.access.authorization import COMMAND_LINE, Actor, Grant, Permission, Role
from core.domain.errors import InvalidInput, NotAuthenticated, NotFound
from core.domain.ids import ApiKeyId, OrganizationId
from core.usecases.access.list_keys_of_account import ListKeysOfAccount
from core.usecases.access.queries import ListApiKeys
from tests.support.access_harness import ADA, HOME, AccessHarness
from tests.support.harness import Harness


async def test_key_authenticates_with_its_role(harness: Harness, access_harness: AccessHarness) -> None:
    acme = (await harness.organization()).id
    key, secret = await access_harness.create_api_key(" export ", Grant(Role.VIEWER, acme), actor=Actor(ADA))
    assert secret.startswith("gls_")
    actor = await access_harness.authenticate_api_key(secret, HOME)
    assert (actor.name, key.name, key.created_by) == ("API key export", "export", ADA)
    assert actor.may(Permission.READ, acme)
    assert not actor.may(Permission.SYNC, acme)


async def test_only_a_digest_of_a_key_is_stored(harness: Harness, access_harness: AccessHarness) -> None:
    key, secret = await access_harness.create_api_key("export", Grant(Role.SUPPORT), actor=COMMAND_LINE)
    (listed,) = await ListApiKeys(harness.units)(None)
    assert listed == key
    assert listed.digest == hash_secret(secret)
    assert secret not in repr(listed)


async def test_revoked_key_is_rejected_and_stays_listed(
    harness: Harness, access_harness: AccessHarness
) -> None:
    acme = (await harness.organization()).id
    key, secret = await access_harness.create_api_key("export", Grant(Role.VIEWER, acme), actor=COMMAND_LINE)
    _, other = await access_harness.create_api_key("other", Grant(Role.VIEWER, acme), actor=COMMAND_LINE)
    revoked = await access_harness.revoke_api_key(acme, key.id, actor=COMMAND_LINE)
    assert await access_harness.revoke_api_key(acme, key.id, actor=COMMAND_LINE) == revoked, (
        "repeating it changes nothing"
    )
    with pytest.raises(NotAuthenticated, match="invalid or was revoked"):
        await access_harness.authenticate_api_key(secret, HOME)
    assert (await access_harness.authenticate_api_key(other, HOME)).name
    assert revoked in await ListApiKeys(harness.units)(acme)


async def test_key_of_another_organization_is_not_found(
    harness: Harness, access_harness: AccessHarness
) -> None:
    acme, bolt = (await harness.organization("Acme")).id, (await harness.organization("Bolt")).id
    key, secret = await access_harness.create_api_key("export", Grant(Role.VIEWER, acme), actor=COMMAND_LINE)
    everywhere, _ = await access_harness.create_api_key("support", Grant(Role.SUPPORT), actor=COMMAND_LINE)
    for organization, key_id in ((bolt, key.id), (None, key.id), (acme, everywhere.id)):
        with pytest.raises(NotFound, match=f"There is no API key '{key_id}'"):
            await access_harness.revoke_api_key(organization, key_id, actor=COMMAND_LINE)
    assert (await access_harness.authenticate_api_key(secret, HOME)).name
    assert not await ListApiKeys(harness.units)(bolt)


@pytest.mark.parametrize("key_id", ["", "nothing", "\0", "\ud800", "x" * 100_000])
async def test_unknown_key_is_not_found(access_harness: AccessHarness, key_id: str) -> None:
    with pytest.raises(NotFound):
        await access_harness.revoke_api_key(None, ApiKeyId(key_id), actor=COMMAND_LINE)
    with pytest.raises(NotAuthenticated):
        await access_harness.authenticate_api_key(key_id, HOME)


async def test_key_needs_a_name_and_an_existing_organization(
    harness: Harness, access_harness: AccessHarness
) -> None:
    for name in ("", "\n", "a\0b", "x" * 101):
        with pytest.raises(InvalidInput):
            await access_harness.create_api_key(name, Grant(Role.ADMIN), actor=COMMAND_LINE)
    with pytest.raises(NotFound, match="organization 'nowhere'"):
        await access_harness.create_api_key(
            "export", Grant(Role.ADMIN, OrganizationId("nowhere")), actor=COMMAND_LINE
        )
    assert not await ListApiKeys(harness.units)(None)


async def test_key_of_a_removed_organization_is_rejected(
    harness: Harness, access_harness: AccessHarness
) -> None:
    acme = (await harness.organization()).id
    _, secret = await access_harness.create_api_key("export", Grant(Role.ADMIN, acme), actor=COMMAND_LINE)
    await harness.remove_organization(acme, "Acme")
    with pytest.raises(NotAuthenticated):
        await access_harness.authenticate_api_key(secret, HOME)


async def test_revoked_keys_are_listed_after_valid_ones(
    harness: Harness, access_harness: AccessHarness
) -> None:
    acme = (await harness.organization()).id
    for name in "abcd":
        key, _ = await access_harness.create_api_key(name, Grant(Role.VIEWER, acme), actor=COMMAND_LINE)
        harness.clock.advance(timedelta(seconds=1))
        if name in "bd":
            await access_harness.revoke_api_key(acme, key.id, actor=COMMAND_LINE)
    assert [key.name for key in await ListApiKeys(harness.units)(acme)] == ["c", "a", "d", "b"]


async def test_valid_keys_created_by_an_account_are_found(
    harness: Harness, access_harness: AccessHarness
) -> None:
    acme, bolt = await harness.organization("Acme"), await harness.organization("Bolt")
    for name, role, where, actor in (
        ("mine", Role.VIEWER, acme.id, ADA),
        ("revoked", Role.VIEWER, acme.id, ADA),
        ("there", Role.ADMIN, bolt.id, ADA),
        ("everywhere", Role.SUPPORT, None, ADA),
        ("another's", Role.VIEWER, acme.id, "bob@example.org"),
    ):
        key, _ = await access_harness.create_api_key(name, Grant(role, where), actor=Actor(actor))
        if name == "revoked":
            await access_harness.revoke_api_key(acme.id, key.id, actor=COMMAND_LINE)
    found = await ListKeysOfAccount(harness.units)(f" {ADA.upper()}")
    assert [(organization, key.name) for organization, key in found] == [
        (None, "everywhere"),
        (acme, "mine"),
        (bolt, "there"),
    ]
