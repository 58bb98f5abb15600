"""Count the records that would not be synced again, before it comes to that (rule 10)."""

from dataclasses import dataclass

from core.domain.ids import OrganizationId
from core.domain.runs.messages import lost_by_disconnecting
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class CountLostByDisconnecting:
    units: UnitOfWorkFactory

    async def __call__(self, organization_id: OrganizationId) -> str:
        """Return it in sentences; empty where nothing was sent under the open connection, or there is none."""
        async with self.units.read() as unit:
            connection = await unit.connections.get_open(organization_id)
            sent = await unit.synced.sent(organization_id)
        return lost_by_disconnecting(
            each for each in sent if connection and each.connection_id == connection.id
        )
