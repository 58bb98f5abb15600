"""End a login session."""

from dataclasses import dataclass

from core.domain.access.api_keys import hash_secret
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class SignOut:
    units: UnitOfWorkFactory

    async def __call__(self, secret: str) -> None:
        """End a login session and invalidate its secret."""
        async with self.units.write() as unit:
            await unit.login_sessions.end(hash_secret(secret))
            await unit.commit()
