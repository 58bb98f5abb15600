"""Find the account to change."""

from core.domain.access.accounts import Account
from core.domain.errors import require
from core.domain.ids import AccountId
from ports.store.unit_of_work import UnitOfWork


async def get_account(unit: UnitOfWork, account_id: AccountId) -> Account:
    return require(await unit.accounts.get(account_id), "account", account_id)


async def find_account(unit: UnitOfWork, email: str) -> Account:
    return require(await unit.accounts.find_by_email(email), "account", email)
