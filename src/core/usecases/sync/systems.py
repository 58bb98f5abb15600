"""Open both systems of a mapping, with the credentials of its organization and connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.domain.errors import require
from core.domain.ids import MappingId
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import open_access
from core.domain.tenancy.secrets import SealedCredentials
from core.usecases.shared.credentials import unseal
from ports.cipher import TokenCipher
from ports.destination import BeforeWrite, Destination, Destinations
from ports.source import Source, Sources
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class MappingCredentials:
    source: SealedCredentials
    destination: SealedCredentials


@dataclass(frozen=True, slots=True)
class SystemAccess:
    units: UnitOfWorkFactory
    sources: Sources
    destinations: Destinations
    cipher: TokenCipher

    async def of(self, mapping_id: MappingId) -> tuple[EventMapping, MappingCredentials]:
        """Load a mapping with the credentials for its two systems.

        Raises:
            NotFound, NotMapped, NotConnected
        """
        async with self.units.read() as unit:
            mapping = require(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            mapping.check_active()
            organization = require(
                await unit.organizations.get(mapping.organization_id), "organization", mapping.organization_id
            )
            connection = await unit.connections.get(mapping.connection_id)
        return mapping, MappingCredentials(organization.source_access, open_access(connection, organization))


@asynccontextmanager
async def open_systems(
    access: SystemAccess,
    mapping: EventMapping,
    credentials: MappingCredentials,
    before_write: BeforeWrite | None = None,
) -> AsyncIterator[tuple[Source, Destination]]:
    to_source = unseal(access.cipher, credentials.source)
    to_destination = unseal(access.cipher, credentials.destination)
    async with (
        access.sources.named(mapping.systems.source.identifier).open(to_source) as source,
        access.destinations.named(mapping.systems.destination.identifier).open(
            to_destination, before_write
        ) as destination,
    ):
        yield source, destination
