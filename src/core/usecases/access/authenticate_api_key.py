"""Authenticate a request by its API key."""

from dataclasses import dataclass

from core.domain.access.api_keys import hash_secret
from core.domain.access.authorization import Actor
from core.domain.errors import NotAuthenticated
from ports.log import EventLog
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class AuthenticateApiKey:
    units: UnitOfWorkFactory
    log: EventLog

    async def __call__(self, secret: str, address: str) -> Actor:
        """Return the actor that a key belongs to.

        Raises:
            NotAuthenticated: the key is unknown or was revoked.
        """
        async with self.units.read() as unit:
            key = await unit.api_keys.find_by_digest(hash_secret(secret))
        if key is None or not key.is_valid:
            reason = "revoked" if key else "unknown"
            self.log.warning(
                "access.key_refused", key=key.id if key else None, because=reason, address=address
            )
            raise NotAuthenticated("The API key is invalid or was revoked.")
        return key.actor
