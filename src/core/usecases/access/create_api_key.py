"""Create an API key."""

from dataclasses import dataclass

from core.domain.access.api_keys import PREFIX, ApiKey, hash_secret
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor, Grant
from core.domain.ids import ApiKeyId
from core.usecases.shared.grants import check_organization
from ports.clock import Clock
from ports.id_generator import IdGenerator
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class CreateApiKey:
    units: UnitOfWorkFactory
    ids: IdGenerator
    clock: Clock

    async def __call__(self, name: str, grant: Grant, *, actor: Actor) -> tuple[ApiKey, str]:
        """Create a key, and return it with its secret, which is never shown again.

        Raises:
            InvalidInput: the name is invalid.
            NotFound: there is no such organization.
        """
        secret, now = PREFIX + self.ids.secret(), self.clock.now()
        key = ApiKey(ApiKeyId(self.ids.new()), name.strip(), hash_secret(secret), grant, now, actor.name)
        async with self.units.write() as unit:
            await check_organization(unit, grant)
            await unit.api_keys.add(key)
            what = f"{key.name} ({grant.role})"
            await unit.audit.add(
                AuditEntry(now, actor.name, Action.API_KEY_MADE, grant.organization_id, what)
            )
            await unit.commit()
        return key, secret
