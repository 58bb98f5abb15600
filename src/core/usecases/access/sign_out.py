"""End a login session."""

from dataclasses import dataclass

from core.domain.access.api_keys import digest_of
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class SignOut:
    units: UnitOfWorkFactory

    async def __call__(self, secret: str) -> None:
        """End a login session and invalidate its secret."""
        async with self.units.write() as unit:
            await unit.login_sessions.end(digest_of(secret))
            await unit.commit()
