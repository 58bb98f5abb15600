"""Revoke a role."""

from dataclasses import dataclass

from core.domain.access.accounts import Account
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor, Grant
from core.domain.errors import InvalidInput
from core.usecases.access.find_account import find_account
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RevokeRole:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, email: str, grant: Grant, *, actor: Actor) -> Account:
        """Revoke a role.

        Raises:
            NotFound: there is no such account.
            InvalidInput: the account does not have the role.
        """
        async with self.units.write() as unit:
            account = await find_account(unit, email)
            if grant not in account.grants:
                raise InvalidInput(f"{account.email} does not have this role.")
            account = account.without(grant)
            await unit.accounts.update(account)
            what = f"{account.email}: {grant.role}"
            entry = AuditEntry(self.clock.now(), actor.name, Action.ROLE_TAKEN, grant.organization_id, what)
            await unit.audit.add(entry)
            await unit.commit()
        return account
