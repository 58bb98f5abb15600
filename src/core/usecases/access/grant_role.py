"""Grant a role."""

from dataclasses import dataclass

from core.domain.access.accounts import Account
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor, Grant
from core.usecases.access.find_account import find_account
from core.usecases.shared.grants import check_organization
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class GrantRole:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, email: str, grant: Grant, *, actor: Actor) -> Account:
        """Grant a role for an organization or for all, replacing any other role there.

        Raises:
            NotFound: there is no such account or organization.
        """
        async with self.units.write() as unit:
            await check_organization(unit, grant)
            account = (await find_account(unit, email)).granted(grant)
            await unit.accounts.update(account)
            what = f"{account.email}: {grant.role}"
            entry = AuditEntry(self.clock.now(), actor.name, Action.ROLE_GIVEN, grant.organization_id, what)
            await unit.audit.add(entry)
            await unit.commit()
        return account
