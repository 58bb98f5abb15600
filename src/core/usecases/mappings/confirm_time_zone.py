"""Confirm the time zone of a destination event (rule 7)."""

from dataclasses import dataclass

from core.domain.errors import require
from core.domain.ids import MappingId
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import open_access
from core.usecases.shared.credentials import unseal
from ports.cipher import TokenCipher
from ports.destination import Destinations
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ConfirmZone:
    units: UnitOfWorkFactory
    destinations: Destinations
    cipher: TokenCipher

    async def __call__(self, mapping_id: MappingId) -> EventMapping:
        """Return the mapping with the zone that the destination reports; if none is stored, read and store it.

        None is stored if the destination reported none, or if an earlier version of this program created the mapping.

        Raises:
            NotFound, NotMapped
            DestinationError: the destination refused the token or cannot be reached.
        """
        async with self.units.read() as unit:
            mapping = require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            mapping.check_active()
            if mapping.destination_time_zone:
                return mapping
            organization = require(
                await unit.organizations.get(mapping.organization_id), "organization", mapping.organization_id
            )
            access = open_access(await unit.connections.get(mapping.connection_id), organization)
        async with self.destinations.named(mapping.systems.destination.identifier).open(
            unseal(self.cipher, access)
        ) as destination:
            zone = (await destination.event(mapping.events.destination_id)).time_zone
        async with self.units.write() as unit:
            mapping = require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            mapping.check_active()
            updated = mapping.with_zones(mapping.time_zone, zone)
            if updated != mapping:
                await unit.mappings.update(updated)
                await unit.commit()
        return updated
