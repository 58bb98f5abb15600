"""Find out whose session a request has."""

from dataclasses import dataclass

from core.domain.access.accounts import Account
from core.domain.access.api_keys import digest_of
from core.domain.errors import NotAuthenticated
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class AuthenticateSession:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(self, secret: str) -> Account:
        """Return the account that a sign-in belongs to.

        Raises:
            NotAuthenticated: it has ended, or never began.
        """
        async with self.units.read() as unit:
            sign_in = await unit.login_sessions.find(digest_of(secret))
            if sign_in is None or sign_in.is_over(self.clock.now()):
                raise NotAuthenticated
            account = await unit.accounts.get(sign_in.account_id)
        if account is None:
            raise NotAuthenticated
        return account
