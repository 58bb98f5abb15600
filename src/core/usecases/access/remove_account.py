"""Remove an account."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.usecases.access.find_account import find_account
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RemoveAccount:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, email: str, *, actor: Actor) -> None:
        """Remove an account and end all its login sessions.

        Raises:
            NotFound: there is no such account.
        """
        async with self.units.write() as unit:
            account = await find_account(unit, email)
            await unit.accounts.remove(account.id)
            entry = AuditEntry(self.clock.now(), actor.name, Action.ACCOUNT_REMOVED, None, account.email)
            await unit.audit.add(entry)
            await unit.commit()
