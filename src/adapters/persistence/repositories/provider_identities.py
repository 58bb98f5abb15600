"""Identities at OpenID Connect providers, bound to accounts, in a table."""

from collections.abc import Sequence

import sqlalchemy as sa

from adapters.persistence.executor import UnitExecutor
from adapters.persistence.tables import provider_identities
from core.domain.access.identities import ProviderIdentity
from core.domain.ids import AccountId

_COLUMNS = (provider_identities.c.issuer, provider_identities.c.subject, provider_identities.c.account_id)


class SqlProviderIdentities:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def bind(self, identity: ProviderIdentity, account_id: AccountId) -> None:
        row = {"issuer": identity.issuer, "subject": identity.subject, "account_id": account_id}
        await self._run(lambda database: database.execute(provider_identities.insert(), row))

    async def find_account(self, identity: ProviderIdentity) -> AccountId | None:
        query = sa.select(provider_identities.c.account_id).where(
            provider_identities.c.issuer == identity.issuer, provider_identities.c.subject == identity.subject
        )
        found: str | None = await self._run(lambda database: database.scalar(query))
        return None if found is None else AccountId(found)

    async def list_by_account(self, account_id: AccountId) -> Sequence[ProviderIdentity]:
        query = (
            sa.select(*_COLUMNS)
            .where(provider_identities.c.account_id == account_id)
            .order_by(provider_identities.c.issuer)
        )
        rows = await self._run(lambda database: database.execute(query).all())
        return [ProviderIdentity(row.issuer, row.subject) for row in rows]

    async def unbind_all(self, account_id: AccountId) -> None:
        statement = sa.delete(provider_identities).where(provider_identities.c.account_id == account_id)
        await self._run(lambda database: database.execute(statement))
