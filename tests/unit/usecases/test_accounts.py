"""Accounts: added, changed, removed."""

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
from tests.unit.usecases.doors import ADA, EVERYWHERE, PASSWORD, Doors
from tests.unit.usecases.stage import Stage

NEW_PASSWORD = "another-horse-battery"


async def test_an_account_keeps_a_hash_of_its_password_only(doors: Doors) -> None:
    account = await doors.account()
    assert account.password_hash != PASSWORD
    assert account.email == ADA
    assert account.grants == {EVERYWHERE}


async def test_an_account_without_a_password_is_for_who_signs_in_elsewhere(doors: Doors) -> None:
    account = await doors.add_account(NewAccount(f"  {ADA} ", EVERYWHERE, None), actor=COMMAND_LINE)
    assert (account.email, account.password_hash) == (ADA, None)
    with pytest.raises(InvalidCredentials):
        await doors.sign_in(password="")


@pytest.mark.parametrize("password", ["", "short", "x" * 1001])
async def test_a_password_that_cannot_be_one_adds_nothing(stage: Stage, doors: Doors, password: str) -> None:
    with pytest.raises(InvalidInput, match="12 to 1000"):
        await doors.add_account(NewAccount(ADA, EVERYWHERE, password), actor=COMMAND_LINE)
    assert not await ListAccounts(stage.units)()


async def test_an_e_mail_has_one_account_whatever_its_case(stage: Stage, doors: Doors) -> None:
    await doors.account()
    with pytest.raises(InvalidInput, match=r"There is an account for ADA@example\.org already"):
        await doors.account("ADA@example.org")
    assert len(await ListAccounts(stage.units)()) == 1


async def test_a_role_is_for_an_organization_that_there_is(doors: Doors) -> None:
    nowhere = Grant(Role.ADMIN, OrganizationId("nowhere"))
    with pytest.raises(NotFound, match="organization 'nowhere'"):
        await doors.account(ADA, nowhere)
    await doors.account()
    with pytest.raises(NotFound, match="organization 'nowhere'"):
        await doors.give_role(ADA, nowhere, actor=COMMAND_LINE)


async def test_a_role_that_is_given_takes_the_place_of_the_former_one_there(
    stage: Stage, doors: Doors
) -> None:
    acme, bolt = (await stage.organization("Acme")).id, (await stage.organization("Bolt")).id
    await doors.account(ADA, Grant(Role.VIEWER, acme))
    await doors.give_role("ADA@Example.org", Grant(Role.ADMIN, acme), actor=COMMAND_LINE)
    changed = await doors.give_role(ADA, Grant(Role.VIEWER, bolt), actor=COMMAND_LINE)
    assert changed.grants == {Grant(Role.ADMIN, acme), Grant(Role.VIEWER, bolt)}
    assert [each.email for each in await ListMembers(stage.units)(bolt)] == [ADA]


async def test_a_role_is_taken_away_once(doors: Doors) -> None:
    await doors.account()
    assert not (await doors.take_role(ADA, EVERYWHERE, actor=COMMAND_LINE)).grants
    with pytest.raises(InvalidInput, match="does not have this role"):
        await doors.take_role(ADA, EVERYWHERE, actor=COMMAND_LINE)


async def test_a_changed_role_counts_from_the_next_question_on(doors: Doors) -> None:
    await doors.account()
    secret = await doors.sign_in()
    await doors.take_role(ADA, EVERYWHERE, actor=COMMAND_LINE)
    assert not (await doors.who_is_signed_in(secret)).actor.grants


async def test_a_changed_password_ends_every_sign_in_and_lets_nobody_in_with_the_old_one(
    doors: Doors,
) -> None:
    await doors.account()
    await doors.account("grace@example.org")
    hers = await doors.sign_in("grace@example.org")
    secrets = [await doors.sign_in(), await doors.sign_in()]
    await doors.change_password(ADA, NEW_PASSWORD, actor=COMMAND_LINE)
    for secret in secrets:
        with pytest.raises(NotAuthenticated):
            await doors.who_is_signed_in(secret)
    with pytest.raises(InvalidCredentials):
        await doors.sign_in()
    assert await doors.sign_in(password=NEW_PASSWORD)
    assert await doors.signed_in(hers), "nobody else is signed out"


async def test_a_password_that_cannot_be_one_changes_nothing(doors: Doors) -> None:
    await doors.account()
    secret = await doors.sign_in()
    with pytest.raises(InvalidInput):
        await doors.change_password(ADA, "short", actor=COMMAND_LINE)
    assert await doors.signed_in(secret)


async def test_who_changes_the_own_password_gives_the_present_one(doors: Doors) -> None:
    await doors.account()
    secret = await doors.sign_in()
    with pytest.raises(WrongPassword):
        await doors.change_own_password(ADA, "not-the-present-one", NEW_PASSWORD)
    assert await doors.signed_in(secret)
    await doors.change_own_password(ADA, PASSWORD, NEW_PASSWORD)
    with pytest.raises(NotAuthenticated):
        await doors.who_is_signed_in(secret)
    (*_, entry) = await doors.audit_log()
    assert (entry.by, entry.action, entry.what) == (ADA, Action.PASSWORD_CHANGED, ADA)


async def test_the_present_password_cannot_be_guessed_at_will(doors: Doors) -> None:
    await doors.account()
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await doors.change_own_password(ADA, "not-the-present-one", NEW_PASSWORD)
    with pytest.raises(TooManyAttempts):
        await doors.change_own_password(ADA, PASSWORD, NEW_PASSWORD)


async def test_of_two_who_change_the_same_password_at_once_one_wins(doors: Doors) -> None:
    await doors.account()
    news = [f"{number}-{NEW_PASSWORD}" for number in range(3)]
    changes = (doors.change_own_password(ADA, PASSWORD, new) for new in news)
    ends = await asyncio.gather(*changes, return_exceptions=True)
    assert [type(end) for end in ends].count(WrongPassword) == 2
    (won,) = [new for new, end in zip(news, ends, strict=True) if isinstance(end, Account)]
    assert await doors.sign_in(password=won)


async def test_a_removed_account_is_signed_out_and_its_e_mail_is_free(doors: Doors) -> None:
    first = await doors.account()
    secret = await doors.sign_in()
    await doors.remove_account(ADA, actor=COMMAND_LINE)
    with pytest.raises(NotAuthenticated):
        await doors.who_is_signed_in(secret)
    with pytest.raises(InvalidCredentials):
        await doors.sign_in()
    again: Account = await doors.account()
    assert again.id != first.id
    with pytest.raises(NotAuthenticated):
        await doors.who_is_signed_in(secret)


@pytest.mark.parametrize("email", ["nobody@example.org", "", "\0", "\ud800", "x" * 100_000])
async def test_an_account_that_there_is_not_is_not_found(doors: Doors, email: str) -> None:
    await doors.account()
    for change in (
        doors.give_role(email, EVERYWHERE, actor=COMMAND_LINE),
        doors.take_role(email, EVERYWHERE, actor=COMMAND_LINE),
        doors.change_password(email, NEW_PASSWORD, actor=COMMAND_LINE),
        doors.change_own_password(email, PASSWORD, NEW_PASSWORD),
        doors.remove_account(email, actor=COMMAND_LINE),
    ):
        with pytest.raises(NotFound) as refused:
            await change
        assert len(str(refused.value)) < 200
