"""Authenticate a request by its login session."""

from dataclasses import dataclass

from core.domain.access.accounts import Account
from core.domain.access.api_keys import hash_secret
from core.domain.errors import NotAuthenticated
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class AuthenticateSession:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, secret: str) -> Account:
        """Return the account that a login session belongs to.

        Raises:
            NotAuthenticated: the session has ended or never existed.
        """
        async with self.units.read() as unit:
            session = await unit.login_sessions.find(hash_secret(secret))
            if session is None or session.is_over(self.clock.now()):
                raise NotAuthenticated
            account = await unit.accounts.get(session.account_id)
        if account is None:
            raise NotAuthenticated
        return account
