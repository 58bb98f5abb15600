"""Revoke an API key."""

from dataclasses import dataclass

from core.domain.access.api_keys import ApiKey
from core.domain.access.audit import Action, AuditEntry
from core.domain.errors import require, validate_id
from core.domain.ids import ApiKeyId, OrganizationId
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RevokeApiKey:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self, organization_id: OrganizationId | None, key_id: ApiKeyId, *, actor: str
    ) -> ApiKey:
        """Let a key open nothing any more.

        Args:
            organization_id: whose key it is; None for one that is for all organizations.
            key_id: which one.
            actor: who asks for it.

        Raises:
            NotFound: the organization has no such key.
        """
        validate_id("API key", key_id)
        async with self.units.write() as unit:
            key = await unit.api_keys.get(key_id)
            own = key if key and key.grant.organization_id == organization_id else None
            key = require(own, "API key", key_id)
            now = self.clock.now()
            if key.is_valid:
                key = key.revoke(now)
                await unit.api_keys.update(key)
                await unit.audit.add(
                    AuditEntry(now, actor, Action.API_KEY_REVOKED, organization_id, key.name)
                )
                await unit.commit()
        return key
