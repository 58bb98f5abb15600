"""Compare an organization's real account with our assumptions about the destination, without writing."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.errors import require
from core.domain.ids import OrganizationId
from core.domain.tenancy.organizations import open_token
from ports.cipher import TokenCipher
from ports.probe import DestinationProbe, Finding
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ProbeDestination:
    units: UnitOfWorkFactory
    cipher: TokenCipher
    probe: DestinationProbe

    async def __call__(self, organization_id: OrganizationId) -> Sequence[Finding]:
        """Compare the account, and return the findings.

        Raises:
            NotFound, NotConnected
            DestinationError: the account cannot be read at all.
        """
        async with self.units.read() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            connection = await unit.connections.get_open(organization_id)
        return await self.probe(self.cipher.unseal(open_token(connection, organization)))
