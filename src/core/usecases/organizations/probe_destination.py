"""Compare an organization's real account with our assumptions about the destination, without writing."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.ids import OrganizationId
from core.domain.tenancy.organizations import open_access
from core.usecases.shared.connections import get_connected
from core.usecases.shared.credentials import unseal
from ports.cipher import TokenCipher
from ports.destination import Destinations
from ports.probe import Finding
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ProbeDestination:
    units: UnitOfWorkFactory
    destinations: Destinations
    cipher: TokenCipher

    async def __call__(self, organization_id: OrganizationId) -> Sequence[Finding]:
        """Compare the account, and return the findings.

        Raises:
            NotFound, NotConnected
            NothingToProbe: the destination's plug-in has no checks.
            DestinationError: the account cannot be read at all.
        """
        async with self.units.read() as unit:
            organization, connection = await get_connected(unit, organization_id)
        access = unseal(self.cipher, open_access(connection, organization))
        return await self.destinations.named(connection.destination.identifier).probe(access)
