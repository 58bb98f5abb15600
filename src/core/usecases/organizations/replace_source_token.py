"""Replace an organization's token or access fields of the source; the organization and its mappings stay."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import require
from core.domain.ids import OrganizationId
from core.domain.runs.schedule import released
from core.domain.tenancy.organizations import Organization
from core.domain.tenancy.secrets import Token
from core.usecases.shared.credentials import change, seal
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

    async def __call__(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        actor: Actor,
        fields: Mapping[str, str] | None = None,
    ) -> Organization:
        """Test the new access with the source, then replace the previous one.

        Args:
            organization_id: the organization.
            token: the new token of the source; `NO_TOKEN` keeps the present one.
            actor: who replaces it.
            fields: new values of access fields by name; an empty one is removed, and the others stay.

        Raises:
            NotFound
            InvalidInput: nothing is new, or the token or an access field is invalid.
            SourceError: the source refused the token or cannot be reached; nothing is stored.
        """
        async with self.units.read() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
        opener = self.sources.named(organization.source.identifier)
        new = change(self.cipher, opener.requirements, organization.source_access, token, fields or {})
        async with opener.open(new.credentials) as source:
            await source.events()
        async with self.units.write() as unit:
            # Read again: the organization may have been removed meanwhile.
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            renewed = organization.with_source_access(seal(self.cipher, new.credentials))
            await unit.organizations.update(renewed)
            connection = await unit.connections.get_open(organization_id)
            if connection is not None:
                schedules = await unit.schedules.list_by_connection(connection.id)
                for schedule in released(schedules, organization.source, self.clock.now()):
                    await unit.schedules.save(schedule)
            entry = AuditEntry(self.clock.now(), actor.name, Action.TOKEN_REPLACED, organization_id, new.what)
            await unit.audit.add(entry)
            await unit.commit()
        return renewed
