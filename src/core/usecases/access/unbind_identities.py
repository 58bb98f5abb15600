"""Unbind an account from its identities at providers."""

from dataclasses import dataclass

from core.domain.access.accounts import Account
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import require
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class UnbindIdentities:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, email: str, *, actor: Actor) -> tuple[Account, int]:
        """Unbind an account from its identities at providers; the next sign-in with its e-mail binds it again.

        All its login sessions end: one may belong to an identity that is unbound.

        Returns:
            The account, and how many identities were bound to it.

        Raises:
            NotFound: there is no such account.
        """
        async with self.units.write() as unit:
            account = require(await unit.accounts.find_by_email(email), "account", email)
            bound = await unit.identities.list_by_account(account.id)
            if bound:
                await unit.identities.unbind_all(account.id)
                await unit.login_sessions.end_all(account.id)
                entry = AuditEntry(self.clock.now(), actor.name, Action.IDENTITY_UNBOUND, None, account.email)
                await unit.audit.add(entry)
                await unit.commit()
        return account, len(bound)
