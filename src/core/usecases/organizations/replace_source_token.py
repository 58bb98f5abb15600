"""Replace an organization's token of the source; the organization and its mappings stay."""

from dataclasses import dataclass, replace

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import require
from core.domain.ids import OrganizationId
from core.domain.runs.schedule import released
from core.domain.tenancy.organizations import Organization
from core.domain.tenancy.secrets import Token
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.source import Sources
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReplaceSourceToken:
    units: UnitOfWorkFactory
    sources: Sources
    cipher: TokenCipher
    clock: Clock

    async def __call__(self, organization_id: OrganizationId, token: Token, *, actor: Actor) -> Organization:
        """Test the token with the source, then replace the previous one.

        Raises:
            NotFound
            SourceError: the source refused the token or cannot be reached; nothing is stored.
        """
        async with self.units.read() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
        async with self.sources.named(organization.source.identifier).open(
            organization.source_url, token
        ) as source:
            await source.events()
        async with self.units.write() as unit:
            # Read again: the organization may have been removed meanwhile.
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            renewed = replace(organization, source_token=self.cipher.seal(token))
            await unit.organizations.update(renewed)
            connection = await unit.connections.get_open(organization_id)
            if connection is not None:
                schedules = await unit.schedules.list_by_connection(connection.id)
                for schedule in released(schedules, organization.source.display_name, self.clock.now()):
                    await unit.schedules.save(schedule)
            at, what = self.clock.now(), f"{organization.source} token"
            await unit.audit.add(AuditEntry(at, actor.name, Action.TOKEN_REPLACED, organization_id, what))
            await unit.commit()
        return renewed
