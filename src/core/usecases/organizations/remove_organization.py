"""Remove an organization, and all that is remembered of it."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.errors import InvalidInput, StillConnected, require
from core.domain.ids import OrganizationId
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class RemoveOrganization:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self, organization_id: OrganizationId, confirmation: str | None, *, actor: str
    ) -> None:
        """Erase it with its people, its history and its Sessionboard token; what it sent to Gleanin stays there.

        Args:
            organization_id: which one.
            confirmation: its name, given by whoever knows what it means.
            actor: who asks for it.

        Raises:
            NotFound
            InvalidInput: the confirmation is not the name.
            StillConnected: disconnecting comes first, for that is what stops a running sync (rule 8).
        """
        async with self.units.write() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            if await unit.connections.get_open(organization_id) is not None:
                raise StillConnected(organization.name)
            if confirmation is None or confirmation.strip() != organization.name:
                raise InvalidInput(
                    f"Removing {organization.name} erases its history and share links. To confirm, give its name."
                )
            now, action = self.clock.now(), Action.ORGANIZATION_REMOVED
            await unit.organizations.remove(organization_id, now)
            await unit.audit.add(AuditEntry(now, actor, action, None, organization.name))
            await unit.commit()
