"""Count the records that would not be synced again after disconnecting (rule 10)."""

from dataclasses import dataclass

from core.domain.ids import OrganizationId
from core.domain.runs.messages import lost_by_disconnecting
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class CountLostByDisconnecting:
    units: UnitOfWorkFactory

    async def __call__(self, organization_id: OrganizationId) -> str:
        """Return the count in sentences; empty if nothing was sent under the open connection, or none is open."""
        async with self.units.read() as unit:
            connection = await unit.connections.get_open(organization_id)
            sent = await unit.synced.count_sent(organization_id)
        if connection is None:
            return ""
        under_it = (records for records in sent if records.connection_id == connection.id)
        return lost_by_disconnecting(under_it, connection.destination)
