"""Revoke an API key."""

from dataclasses import dataclass

from core.domain.access.api_keys import ApiKey
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import require, validate_id
from core.domain.ids import ApiKeyId, OrganizationId
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RevokeApiKey:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self, organization_id: OrganizationId | None, key_id: ApiKeyId, *, actor: Actor
    ) -> ApiKey:
        """Revoke a key.

        Args:
            organization_id: the key's organization; None for a key for all organizations.
            key_id: the key to revoke.
            actor: who revokes it.

        Raises:
            NotFound: the organization has no such key.
        """
        validate_id("API key", key_id)
        async with self.units.write() as unit:
            key = await unit.api_keys.get(key_id)
            is_theirs = key is not None and key.grant.organization_id == organization_id
            key = require(key if is_theirs else None, "API key", key_id)
            now = self.clock.now()
            if key.is_valid:
                key = key.revoke(now)
                await unit.api_keys.update(key)
                await unit.audit.add(
                    AuditEntry(now, actor.name, Action.API_KEY_REVOKED, organization_id, key.name)
                )
                await unit.commit()
        return key
