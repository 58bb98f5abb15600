"""Remove an organization and all its data."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import InvalidInput, StillConnected, require
from core.domain.ids import OrganizationId
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RemoveOrganization:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self, organization_id: OrganizationId, confirmation: str | None, *, actor: Actor
    ) -> None:
        """Delete an organization with its people, history and source token; its records in the destination stay.

        Args:
            organization_id: the organization to remove.
            confirmation: the organization's name.
            actor: who removes it.

        Raises:
            NotFound
            InvalidInput: the confirmation does not match the name.
            StillConnected: disconnect first, as this stops a running sync (rule 8).
        """
        async with self.units.write() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            if await unit.connections.get_open(organization_id) is not None:
                raise StillConnected(organization.name)
            if confirmation is None or confirmation.strip() != organization.name:
                raise InvalidInput(
                    f"Removing {organization.name} deletes its history and share links. To confirm, enter its name."
                )
            now, action = self.clock.now(), Action.ORGANIZATION_REMOVED
            await unit.organizations.remove(organization_id, now)
            await unit.audit.add(AuditEntry(now, actor.name, action, None, organization.name))
            await unit.commit()
