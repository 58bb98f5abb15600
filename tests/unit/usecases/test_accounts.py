"""Adding, changing and removing accounts."""

import asyncio

import pytest

from core.domain.access.accounts import Account
from core.domain.access.audit import Action
from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.errors import InvalidCredentials, InvalidInput, NotAuthenticated, NotFound, TooManyAttempts
from core.domain.ids import OrganizationId
from core.usecases.access.add_account import NewAccount
from core.usecases.access.change_password import WrongPassword
from core.usecases.access.queries import ListAccounts, ListMembers
from tests.support.access_harness import ADA, EVERYWHERE, PASSWORD, AccessHarness
from tests.support.harness import Harness

NEW_PASSWORD = "another-horse-battery"


async def test_account_stores_only_a_hash_of_its_password(access_harness: AccessHarness) -> None:
    account = await access_harness.account()
    assert account.password_hash != PASSWORD
    assert account.email == ADA
    assert account.grants == {EVERYWHERE}


async def test_account_without_a_password_cannot_sign_in_with_one(
    access_harness: AccessHarness,
) -> None:
    account = await access_harness.add_account(NewAccount(f"  {ADA} ", EVERYWHERE, None), actor=COMMAND_LINE)
    assert (account.email, account.password_hash) == (ADA, None)
    with pytest.raises(InvalidCredentials):
        await access_harness.sign_in(password="")


@pytest.mark.parametrize("password", ["", "short", "x" * 1001])
async def test_invalid_password_adds_no_account(
    harness: Harness, access_harness: AccessHarness, password: str
) -> None:
    with pytest.raises(InvalidInput, match="12 to 1,000"):
        await access_harness.add_account(NewAccount(ADA, EVERYWHERE, password), actor=COMMAND_LINE)
    assert not await ListAccounts(harness.units)()


async def test_email_has_one_account_whatever_its_case(
    harness: Harness, access_harness: AccessHarness
) -> None:
    await access_harness.account()
    with pytest.raises(InvalidInput, match=r"There is already an account for ADA@example\.org"):
        await access_harness.account("ADA@example.org")
    assert len(await ListAccounts(harness.units)()) == 1


async def test_role_needs_an_existing_organization(access_harness: AccessHarness) -> None:
    nowhere = Grant(Role.ADMIN, OrganizationId("nowhere"))
    with pytest.raises(NotFound, match="organization 'nowhere'"):
        await access_harness.account(ADA, nowhere)
    await access_harness.account()
    with pytest.raises(NotFound, match="organization 'nowhere'"):
        await access_harness.grant_role(ADA, nowhere, actor=COMMAND_LINE)


async def test_granted_role_replaces_the_previous_one(
    harness: Harness, access_harness: AccessHarness
) -> None:
    acme, bolt = (await harness.organization("Acme")).id, (await harness.organization("Bolt")).id
    await access_harness.account(ADA, Grant(Role.VIEWER, acme))
    await access_harness.grant_role("ADA@Example.org", Grant(Role.ADMIN, acme), actor=COMMAND_LINE)
    changed = await access_harness.grant_role(ADA, Grant(Role.VIEWER, bolt), actor=COMMAND_LINE)
    assert changed.grants == {Grant(Role.ADMIN, acme), Grant(Role.VIEWER, bolt)}
    assert [member.email for member in await ListMembers(harness.units)(bolt)] == [ADA]


async def test_role_is_revoked_once(access_harness: AccessHarness) -> None:
    await access_harness.account()
    assert not (await access_harness.revoke_role(ADA, EVERYWHERE, actor=COMMAND_LINE)).grants
    with pytest.raises(InvalidInput, match="does not have this role"):
        await access_harness.revoke_role(ADA, EVERYWHERE, actor=COMMAND_LINE)


async def test_changed_role_applies_from_the_next_request(access_harness: AccessHarness) -> None:
    await access_harness.account()
    secret = await access_harness.sign_in()
    await access_harness.revoke_role(ADA, EVERYWHERE, actor=COMMAND_LINE)
    assert not (await access_harness.authenticate_session(secret)).actor.grants


async def test_changed_password_ends_all_sessions_and_invalidates_the_old_one(
    access_harness: AccessHarness,
) -> None:
    await access_harness.account()
    await access_harness.account("grace@example.org")
    other = await access_harness.sign_in("grace@example.org")
    secrets = [await access_harness.sign_in(), await access_harness.sign_in()]
    await access_harness.change_password(ADA, NEW_PASSWORD, actor=COMMAND_LINE)
    for secret in secrets:
        with pytest.raises(NotAuthenticated):
            await access_harness.authenticate_session(secret)
    with pytest.raises(InvalidCredentials):
        await access_harness.sign_in()
    assert await access_harness.sign_in(password=NEW_PASSWORD)
    assert await access_harness.signed_in(other), "other accounts stay signed in"


async def test_invalid_password_changes_nothing(access_harness: AccessHarness) -> None:
    await access_harness.account()
    secret = await access_harness.sign_in()
    with pytest.raises(InvalidInput):
        await access_harness.change_password(ADA, "short", actor=COMMAND_LINE)
    assert await access_harness.signed_in(secret)


async def test_changing_ones_password_needs_the_current_one(access_harness: AccessHarness) -> None:
    await access_harness.account()
    secret = await access_harness.sign_in()
    with pytest.raises(WrongPassword):
        await access_harness.change_own_password(ADA, "not-the-current-one", NEW_PASSWORD)
    assert await access_harness.signed_in(secret)
    await access_harness.change_own_password(ADA, PASSWORD, NEW_PASSWORD)
    with pytest.raises(NotAuthenticated):
        await access_harness.authenticate_session(secret)
    (*_, entry) = await access_harness.audit_log()
    assert (entry.by, entry.action, entry.what) == (ADA, Action.PASSWORD_CHANGED, ADA)


async def test_guessing_the_current_password_is_throttled(access_harness: AccessHarness) -> None:
    await access_harness.account()
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await access_harness.change_own_password(ADA, "not-the-current-one", NEW_PASSWORD)
    with pytest.raises(TooManyAttempts):
        await access_harness.change_own_password(ADA, PASSWORD, NEW_PASSWORD)


async def test_of_two_concurrent_password_changes_one_wins(access_harness: AccessHarness) -> None:
    await access_harness.account()
    news = [f"{number}-{NEW_PASSWORD}" for number in range(3)]
    changes = (access_harness.change_own_password(ADA, PASSWORD, new) for new in news)
    ends = await asyncio.gather(*changes, return_exceptions=True)
    assert [type(end) for end in ends].count(WrongPassword) == 2
    (won,) = [new for new, end in zip(news, ends, strict=True) if isinstance(end, Account)]
    assert await access_harness.sign_in(password=won)


async def test_removed_account_is_signed_out_and_its_email_is_free(access_harness: AccessHarness) -> None:
    first = await access_harness.account()
    secret = await access_harness.sign_in()
    await access_harness.remove_account(ADA, actor=COMMAND_LINE)
    with pytest.raises(NotAuthenticated):
        await access_harness.authenticate_session(secret)
    with pytest.raises(InvalidCredentials):
        await access_harness.sign_in()
    again: Account = await access_harness.account()
    assert again.id != first.id
    with pytest.raises(NotAuthenticated):
        await access_harness.authenticate_session(secret)


@pytest.mark.parametrize("email", ["nobody@example.org", "", "\0", "\ud800", "x" * 100_000])
async def test_unknown_account_is_not_found(access_harness: AccessHarness, email: str) -> None:
    await access_harness.account()
    for change in (
        access_harness.grant_role(email, EVERYWHERE, actor=COMMAND_LINE),
        access_harness.revoke_role(email, EVERYWHERE, actor=COMMAND_LINE),
        access_harness.change_password(email, NEW_PASSWORD, actor=COMMAND_LINE),
        access_harness.change_own_password(email, PASSWORD, NEW_PASSWORD),
        access_harness.remove_account(email, actor=COMMAND_LINE),
    ):
        with pytest.raises(NotFound) as refused:
            await change
        assert len(str(refused.value)) < 200
