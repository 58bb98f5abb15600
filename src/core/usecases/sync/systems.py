"""Open both systems of a mapping, with the tokens of its organization and connection."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.domain.errors import require
from core.domain.ids import MappingId
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import open_token
from core.domain.tenancy.secrets import SealedToken
from ports.cipher import TokenCipher
from ports.destination import BeforeWrite, Destination, Destinations
from ports.source import Source, Sources
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class Tokens:
    source: SealedToken
    destination: SealedToken


@dataclass(frozen=True, slots=True)
class SystemAccess:
    units: UnitOfWorkFactory
    sources: Sources
    destinations: Destinations
    cipher: TokenCipher

    async def of(self, mapping_id: MappingId) -> tuple[EventMapping, Tokens]:
        """Load a mapping with the tokens for its two systems.

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
        return mapping, Tokens(organization.source_token, open_token(connection, organization))


@asynccontextmanager
async def open_systems(
    access: SystemAccess, mapping: EventMapping, tokens: Tokens, before_write: BeforeWrite | None = None
) -> AsyncIterator[tuple[Source, Destination]]:
    source_token, destination_token = (
        access.cipher.unseal(tokens.source),
        access.cipher.unseal(tokens.destination),
    )
    async with (
        access.sources.named(mapping.systems.source.identifier).open(
            mapping.events.source_url, source_token
        ) as source,
        access.destinations.named(mapping.systems.destination.identifier).open(
            destination_token, before_write
        ) as destination,
    ):
        yield source, destination
