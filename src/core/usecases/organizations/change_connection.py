"""Change the default settings of a connection's new mappings (rule 24)."""

from dataclasses import dataclass, replace

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import NotConnected, require
from core.domain.ids import OrganizationId
from core.domain.tenancy.organizations import Connection
from ports.clock import Clock
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ChangeConnection:
    units: UnitOfWorkFactory
    clock: Clock

    async def __call__(
        self, organization_id: OrganizationId, *, continuous_sync: bool, actor: Actor
    ) -> Connection:
        """Set whether new mappings start with continuous sync; existing mappings do not change.

        Raises:
            NotFound, NotConnected
        """
        async with self.units.write() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            connection = await unit.connections.get_open(organization_id)
            if connection is None:
                raise NotConnected(organization.name)
            if connection.continuous_sync == continuous_sync:
                return connection
            changed = replace(connection, continuous_sync=continuous_sync)
            await unit.connections.update(changed)
            what = (
                f"{organization.name}: continuous sync of new mappings {'on' if continuous_sync else 'off'}"
            )
            at, action = self.clock.now(), Action.SETTINGS_CHANGED
            await unit.audit.add(AuditEntry(at, actor.name, action, organization_id, what))
            await unit.commit()
        return changed
