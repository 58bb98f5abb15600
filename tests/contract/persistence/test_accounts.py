"""Accounts and their grants, in every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.access.accounts import Account, LoginSession
from core.domain.access.authorization import Grant, Role
from core.domain.ids import AccountId, OrganizationId
from ports.store.errors import PersistenceError, UniqueConstraint, UniqueViolation
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import LONG, NOW, ORGANIZATION, OTHER, an_account, committing, store

HERE, THERE = Grant(Role.ADMIN, ORGANIZATION), Grant(Role.VIEWER, OTHER)
EVERYWHERE = Grant(Role.SUPPORT)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "account",
    [
        an_account(1, "Ada@example.org", HERE, THERE, EVERYWHERE),
        an_account(1, "Ада@пример.рф", Grant(Role.ADMIN)),
        replace(an_account(), password_hash=None),
    ],
    ids=["with grants", "in another script", "without a password"],
)
async def test_an_account_is_loaded_as_it_was_stored(
    two_organizations: UnitOfWorkFactory, account: Account
) -> None:
    assert not await _is_any(two_organizations)
    await store(two_organizations, account)
    async with two_organizations.read() as unit:
        assert await unit.accounts.get(account.id) == account
        assert await unit.accounts.all() == [account]
        assert await unit.accounts.get(AccountId("none")) is None
    assert await _is_any(two_organizations)


async def _is_any(units: UnitOfWorkFactory) -> bool:
    async with units.read() as unit:
        return await unit.accounts.is_any()


async def test_an_account_is_found_by_its_email_in_any_case(units: UnitOfWorkFactory) -> None:
    await store(units, an_account(1, "Émilie.STRASSE@example.org"), an_account(2, "grace@example.org"))
    async with units.read() as unit:
        for email in ("émilie.strasse@EXAMPLE.org", " E\u0301milie.STRASSE@example.org\u200b"):
            assert await unit.accounts.find_by_email(email) == an_account(1, "Émilie.STRASSE@example.org")
        for email in ("émilie", "émilie.straße@example.org"):
            assert await unit.accounts.find_by_email(email) is None
        for email in ("", "\0", "\ud800", LONG):
            assert await unit.accounts.find_by_email(email) is None


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@Example.ORG"])
async def test_an_account_email_is_unique_in_any_case(units: UnitOfWorkFactory, email: str) -> None:
    await store(units, an_account(1, "Ada@example.org"))
    with pytest.raises(UniqueViolation) as caught:
        await store(units, an_account(2, email))
    assert caught.value.what is UniqueConstraint.ACCOUNT_EMAIL


async def test_the_longest_possible_email_is_unique_too(units: UnitOfWorkFactory) -> None:
    email = LONG[:242] + "@example.org"
    await store(units, an_account(1, email))
    with pytest.raises(UniqueViolation):
        await store(units, an_account(2, email))


async def test_accounts_are_sorted_by_email_ignoring_case(units: UnitOfWorkFactory) -> None:
    emails = ["b@example.org", "C@example.org", "A@example.org"]
    await store(units, *(an_account(number, email, EVERYWHERE) for number, email in enumerate(emails)))
    async with units.read() as unit:
        found = await unit.accounts.all()
    assert [account.email for account in found] == ["A@example.org", "b@example.org", "C@example.org"]


async def test_an_update_changes_only_password_and_grants(
    two_organizations: UnitOfWorkFactory,
) -> None:
    account = an_account(1, "ada@example.org", HERE, EVERYWHERE)
    await store(two_organizations, account, an_account(2, "grace@example.org", HERE))
    changed = replace(
        account, password_hash="another", grants=frozenset({THERE, replace(HERE, role=Role.VIEWER)})
    )
    async with committing(two_organizations) as unit:
        await unit.accounts.update(replace(changed, email="other@example.org", created_at=NOW + HOUR))
    async with two_organizations.read() as unit:
        assert await unit.accounts.all() == [changed, an_account(2, "grace@example.org", HERE)]
    async with committing(two_organizations) as unit:
        await unit.accounts.update(replace(changed, password_hash=None, grants=frozenset()))
    async with two_organizations.read() as unit:
        assert await unit.accounts.get(account.id) == replace(changed, password_hash=None, grants=frozenset())


async def test_an_organization_lists_only_accounts_with_a_role_in_it(
    two_organizations: UnitOfWorkFactory,
) -> None:
    both = an_account(1, "b@example.org", HERE, THERE)
    one = an_account(2, "A@example.org", HERE)
    await store(
        two_organizations,
        both,
        one,
        an_account(3, "c@example.org", EVERYWHERE),
        an_account(4, "d@example.org"),
    )
    async with two_organizations.read() as unit:
        assert await unit.accounts.list_by_organization(ORGANIZATION) == [one, both]
        assert await unit.accounts.list_by_organization(OTHER) == [both]
        assert await unit.accounts.list_by_organization(OrganizationId("none")) == []


@pytest.mark.parametrize(
    "grants",
    [
        (HERE, Grant(Role.VIEWER, ORGANIZATION)),
        (EVERYWHERE, Grant(Role.ADMIN)),
        (Grant(Role.VIEWER, OrganizationId("none")),),
    ],
    ids=["two in an organization", "two in all", "in a missing organization"],
)
async def test_an_account_has_at_most_one_role_per_existing_organization(
    two_organizations: UnitOfWorkFactory, grants: tuple[Grant, ...]
) -> None:
    with pytest.raises(PersistenceError):
        await store(two_organizations, an_account(1, "ada@example.org", *grants))
    await store(two_organizations, an_account(2))
    async with two_organizations.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.accounts.update(an_account(2, "ada@example.org", *grants))


async def test_an_account_that_was_never_added_cannot_be_updated(units: UnitOfWorkFactory) -> None:
    async with units.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.accounts.update(an_account())


async def test_a_removed_account_loses_its_grants_and_login_sessions(
    two_organizations: UnitOfWorkFactory,
) -> None:
    await store(
        two_organizations,
        an_account(1, "ada@example.org", HERE, EVERYWHERE),
        an_account(2, "b@example.org", HERE),
    )
    deleted, remaining = (
        LoginSession("one", AccountId("account1"), NOW),
        LoginSession("other", AccountId("account2"), NOW),
    )
    async with committing(two_organizations) as unit:
        await unit.login_sessions.add(deleted)
        await unit.login_sessions.add(remaining)
        await unit.accounts.remove(deleted.account_id)
        await unit.accounts.remove(AccountId("none"))
    async with two_organizations.read() as unit:
        assert await unit.accounts.get(deleted.account_id) is None
        assert await unit.login_sessions.find("one") is None
        assert await unit.login_sessions.find("other") == remaining
        assert await unit.accounts.list_by_organization(ORGANIZATION) == [
            an_account(2, "b@example.org", HERE)
        ]
    await store(two_organizations, an_account(1, "ADA@example.org"))
    async with two_organizations.read() as unit:
        assert await unit.accounts.get(deleted.account_id) == an_account(1, "ADA@example.org")
