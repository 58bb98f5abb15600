"""Accounts with their grants, in tables."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from adapters.persistence.delete_organization import check_organizations_exist
from adapters.persistence.executor import UnitExecutor
from adapters.persistence.repositories.installation import count_account
from adapters.persistence.tables import accounts, grants, login_sessions, provider_identities
from core.domain.access.accounts import Account
from core.domain.access.authorization import Grant, Role
from core.domain.email import normalize_email
from core.domain.ids import AccountId, OrganizationId
from ports.store.errors import PersistenceError

_ACCOUNTS = (
    sa.select(
        accounts.c.id,
        accounts.c.email,
        accounts.c.password_hash,
        accounts.c.created_at,
        grants.c.role,
        grants.c.organization_id,
    )
    .outerjoin(grants, grants.c.account_id == accounts.c.id)
    .order_by(accounts.c.id)
)
_NEW_PASSWORD = (
    sa.update(accounts)
    .where(accounts.c.id == sa.bindparam("row_id"))
    .values(password_hash=sa.bindparam("new_hash"))
)
_IS_ANY = sa.select(sa.exists(sa.select(accounts.c.id)))


class SqlAccounts:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, account: Account) -> None:
        row = {
            "id": account.id,
            "email": account.email,
            # Normalized by Python: databases differ in their rules for upper and lower case.
            "mailbox": normalize_email(account.email),
            "password_hash": account.password_hash,
            "created_at": account.created_at,
        }

        def insert(database: sa.Connection) -> None:
            database.execute(accounts.insert(), row)
            _add_grants(database, account)
            count_account(database)

        await self._run(insert)

    async def update(self, account: Account) -> None:
        row = {"row_id": account.id, "new_hash": account.password_hash}

        def replace(database: sa.Connection) -> None:
            if database.execute(_NEW_PASSWORD, row).rowcount != 1:
                raise PersistenceError(f"There is no account {account.id} to update.")
            database.execute(sa.delete(grants).where(grants.c.account_id == account.id))
            _add_grants(database, account)

        await self._run(replace)

    async def remove(self, account_id: AccountId) -> None:
        def delete(database: sa.Connection) -> None:
            for table in (provider_identities, login_sessions, grants):
                database.execute(sa.delete(table).where(table.c.account_id == account_id))
            database.execute(sa.delete(accounts).where(accounts.c.id == account_id))

        await self._run(delete)

    async def get(self, account_id: AccountId) -> Account | None:
        return next(iter(await self._all(accounts.c.id == account_id)), None)

    async def find_by_email(self, email: str) -> Account | None:
        mailbox = normalize_email(email)
        # No account has an e-mail with such characters, and PostgreSQL rejects some of them.
        if not mailbox.isprintable():
            return None
        return next(iter(await self._all(accounts.c.mailbox == mailbox)), None)

    async def all(self) -> Sequence[Account]:
        return await self._all()

    async def list_by_organization(self, organization_id: OrganizationId) -> Sequence[Account]:
        # Read all grants of these accounts, not only those for the organization.
        members = sa.select(grants.c.account_id).where(grants.c.organization_id == organization_id)
        return await self._all(accounts.c.id.in_(members))

    async def is_any(self) -> bool:
        return bool(await self._run(lambda database: database.scalar(_IS_ANY)))

    async def _all(self, *conditions: sa.ColumnElement[bool]) -> Sequence[Account]:
        rows = await self._run(lambda database: database.execute(_ACCOUNTS.where(*conditions)).all())
        found = [_account(account_rows) for _, account_rows in groupby(rows, key=lambda row: row.id)]
        return sorted(found, key=lambda account: normalize_email(account.email))


def _add_grants(database: sa.Connection, account: Account) -> None:
    check_organizations_exist(database, [grant.organization_id for grant in account.grants])
    rows = [
        {"account_id": account.id, "organization_id": grant.organization_id, "role": grant.role.value}
        for grant in account.grants
    ]
    if rows:
        database.execute(grants.insert(), rows)


def _account(rows: Iterable[sa.Row[*tuple[Any, ...]]]) -> Account:
    """Build an account from its rows: one for each grant, or one without."""
    first, *others = rows
    account_grants = frozenset(
        Grant(Role(row.role), row.organization_id) for row in (first, *others) if row.role is not None
    )
    return Account(first.id, first.email, first.password_hash, first.created_at, account_grants)
