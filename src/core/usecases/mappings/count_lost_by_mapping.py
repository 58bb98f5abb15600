"""Count the records that would not be synced again if an event were mapped (rule 10)."""

from dataclasses import dataclass

from core.domain.errors import require
from core.domain.ids import DestinationEventId, OrganizationId
from core.domain.runs.messages import lost_by_mapping
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class CountLostByMapping:
    units: UnitOfWorkFactory

    async def __call__(self, organization_id: OrganizationId, event_id: DestinationEventId) -> str:
        """Return the count in sentences; empty if the event got no records under an ended connection, or none is open.

        Raises:
            NotFound
        """
        async with self.units.read() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            connection = await unit.connections.get_open(organization_id)
            elsewhere = {*await unit.connections.list_at_other_sources(organization.source_url)}
            sent = await unit.synced.count_sent(organization_id)
        if connection is None:
            return ""
        not_lost = {connection.id} | elsewhere
        lost = (
            records
            for records in sent
            if records.event_id == event_id and records.connection_id not in not_lost
        )
        return lost_by_mapping(lost, connection.destination)
