"""API keys: made, recognised, revoked."""

from datetime import timedelta

import pytest

from core.domain.access.api_keys import digest_of
from core.domain.access.authorization import COMMAND_LINE, Grant, Permission, Role
from core.domain.errors import InvalidInput, NotAuthenticated, NotFound
from core.domain.ids import ApiKeyId, OrganizationId
from core.usecases.access.list_keys_of_account import ListKeysOfAccount
from core.usecases.access.queries import ListApiKeys
from tests.unit.usecases.doors import ADA, HOME, Doors
from tests.unit.usecases.stage import Stage


async def test_who_shows_a_key_acts_with_its_role(stage: Stage, doors: Doors) -> None:
    acme = (await stage.organization()).id
    key, secret = await doors.make_api_key(" export ", Grant(Role.VIEWER, acme), actor=ADA)
    assert secret.startswith("gls_")
    actor = await doors.whose_api_key(secret, HOME)
    assert (actor.name, key.name, key.created_by) == ("API key export", "export", ADA)
    assert actor.may(Permission.READ, acme)
    assert not actor.may(Permission.SYNC, acme)


async def test_of_a_key_only_a_digest_is_kept(stage: Stage, doors: Doors) -> None:
    key, secret = await doors.make_api_key("export", Grant(Role.SUPPORT), actor=COMMAND_LINE)
    (listed,) = await ListApiKeys(stage.units)(None)
    assert listed == key
    assert listed.digest == digest_of(secret)
    assert secret not in repr(listed)


async def test_a_revoked_key_opens_nothing_and_stays_in_the_list(stage: Stage, doors: Doors) -> None:
    acme = (await stage.organization()).id
    key, secret = await doors.make_api_key("export", Grant(Role.VIEWER, acme), actor=COMMAND_LINE)
    _, other = await doors.make_api_key("other", Grant(Role.VIEWER, acme), actor=COMMAND_LINE)
    revoked = await doors.revoke_api_key(acme, key.id, actor=COMMAND_LINE)
    assert await doors.revoke_api_key(acme, key.id, actor=COMMAND_LINE) == revoked, (
        "once more changes nothing"
    )
    with pytest.raises(NotAuthenticated, match="none, or was revoked"):
        await doors.whose_api_key(secret, HOME)
    assert (await doors.whose_api_key(other, HOME)).name
    assert revoked in await ListApiKeys(stage.units)(acme)


async def test_another_organizations_key_is_not_found(stage: Stage, doors: Doors) -> None:
    acme, bolt = (await stage.organization("Acme")).id, (await stage.organization("Bolt")).id
    key, secret = await doors.make_api_key("export", Grant(Role.VIEWER, acme), actor=COMMAND_LINE)
    everywhere, _ = await doors.make_api_key("support", Grant(Role.SUPPORT), actor=COMMAND_LINE)
    for organization, asked in ((bolt, key.id), (None, key.id), (acme, everywhere.id)):
        with pytest.raises(NotFound, match=f"There is no API key '{asked}'"):
            await doors.revoke_api_key(organization, asked, actor=COMMAND_LINE)
    assert (await doors.whose_api_key(secret, HOME)).name
    assert not await ListApiKeys(stage.units)(bolt)


@pytest.mark.parametrize("asked", ["", "nothing", "\0", "\ud800", "x" * 100_000])
async def test_a_key_that_there_is_not_is_not_found(doors: Doors, asked: str) -> None:
    with pytest.raises(NotFound):
        await doors.revoke_api_key(None, ApiKeyId(asked), actor=COMMAND_LINE)
    with pytest.raises(NotAuthenticated):
        await doors.whose_api_key(asked, HOME)


async def test_a_key_needs_a_name_and_an_organization_that_there_is(stage: Stage, doors: Doors) -> None:
    for name in ("", "\n", "a\0b", "x" * 101):
        with pytest.raises(InvalidInput):
            await doors.make_api_key(name, Grant(Role.ADMIN), actor=COMMAND_LINE)
    with pytest.raises(NotFound, match="organization 'nowhere'"):
        await doors.make_api_key("export", Grant(Role.ADMIN, OrganizationId("nowhere")), actor=COMMAND_LINE)
    assert not await ListApiKeys(stage.units)(None)


async def test_a_key_of_a_removed_organization_opens_nothing(stage: Stage, doors: Doors) -> None:
    acme = (await stage.organization()).id
    _, secret = await doors.make_api_key("export", Grant(Role.ADMIN, acme), actor=COMMAND_LINE)
    await stage.remove_organization(acme, "Acme")
    with pytest.raises(NotAuthenticated):
        await doors.whose_api_key(secret, HOME)


async def test_revoked_keys_are_listed_after_all_that_are_valid(stage: Stage, doors: Doors) -> None:
    acme = (await stage.organization()).id
    for name in "abcd":
        key, _ = await doors.make_api_key(name, Grant(Role.VIEWER, acme), actor=COMMAND_LINE)
        stage.clock.advance(timedelta(seconds=1))
        if name in "bd":
            await doors.revoke_api_key(acme, key.id, actor=COMMAND_LINE)
    assert [each.name for each in await ListApiKeys(stage.units)(acme)] == ["c", "a", "d", "b"]


async def test_the_valid_keys_that_an_account_made_are_found(stage: Stage, doors: Doors) -> None:
    acme, bolt = await stage.organization("Acme"), await stage.organization("Bolt")
    for name, role, where, actor in (
        ("mine", Role.VIEWER, acme.id, ADA),
        ("revoked", Role.VIEWER, acme.id, ADA),
        ("there", Role.ADMIN, bolt.id, ADA),
        ("everywhere", Role.SUPPORT, None, ADA),
        ("another's", Role.VIEWER, acme.id, "bob@example.org"),
    ):
        key, _ = await doors.make_api_key(name, Grant(role, where), actor=actor)
        if name == "revoked":
            await doors.revoke_api_key(acme.id, key.id, actor=COMMAND_LINE)
    found = await ListKeysOfAccount(stage.units)(f" {ADA.upper()}")
    assert [(organization, key.name) for organization, key in found] == [
        (None, "everywhere"),
        (acme, "mine"),
        (bolt, "there"),
    ]
