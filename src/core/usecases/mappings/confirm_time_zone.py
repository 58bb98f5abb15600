"""Confirm the time zone of a Gleanin event (rule 7)."""

from dataclasses import dataclass

from core.domain.errors import require
from core.domain.ids import MappingId
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import open_token
from ports.cipher import TokenCipher
from ports.destination import Destinations
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ConfirmZone:
    units: UnitOfWorkFactory
    destinations: Destinations
    cipher: TokenCipher

    async def __call__(self, mapping_id: MappingId) -> EventMapping:
        """Return the mapping with the zone that Gleanin tells: where none is noted, ask for it, and note it.

        None is noted where Gleanin told none, and where an earlier version of this program made the mapping.

        Raises:
            NotFound, NotMapped
            DestinationError: Gleanin refused us or cannot be reached.
        """
        async with self.units.read() as unit:
            mapping = require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            mapping.check_active()
            if mapping.gleanin_time_zone:
                return mapping
            organization = require(
                await unit.organizations.get(mapping.organization_id), "organization", mapping.organization_id
            )
            token = open_token(await unit.connections.get(mapping.connection_id), organization)
        async with self.destinations.open(self.cipher.unseal(token)) as destination:
            zone = (await destination.event(mapping.events.gleanin_id)).time_zone
        async with self.units.write() as unit:
            mapping = require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            mapping.check_active()
            noted = mapping.with_zones(mapping.time_zone, zone)
            if noted != mapping:
                await unit.mappings.update(noted)
                await unit.commit()
        return noted
