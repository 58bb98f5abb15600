"""Begin a login session for an authenticated account."""

from dataclasses import dataclass

from core.domain.access.accounts import SESSION_LIFETIME, Account, LoginSession
from core.domain.access.api_keys import hash_secret
from core.domain.errors import NotAuthenticated
from core.domain.ids import AccountId
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


async def begin_session(unit: UnitOfWork, account: Account, ids: IdGenerator, clock: Clock) -> str:
    """Store a new login session and return its secret."""
    now, secret = clock.now(), ids.secret()
    await unit.login_sessions.remove_before(now - SESSION_LIFETIME)
    await unit.login_sessions.add(LoginSession(hash_secret(secret), account.id, now))
    return secret


@dataclass(frozen=True, slots=True)
class BeginSession:
    """Begin a login session after an account was created or its password changed."""

    units: UnitOfWorkFactory
    ids: IdGenerator
    clock: Clock

    async def __call__(self, account_id: AccountId) -> str:
        """Begin a login session and return its secret.

        Raises:
            NotAuthenticated: the account no longer exists.
        """
        async with self.units.write() as unit:
            account = await unit.accounts.get(account_id)
            if account is None:
                raise NotAuthenticated
            secret = await begin_session(unit, account, self.ids, self.clock)
            await unit.commit()
        return secret
