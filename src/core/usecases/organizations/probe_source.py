"""Compare an organization's real account with our assumptions about the source, without writing."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.errors import require
from core.domain.ids import OrganizationId
from core.usecases.shared.credentials import unseal
from ports.cipher import TokenCipher
from ports.probe import Finding
from ports.source import Sources
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ProbeSource:
    units: UnitOfWorkFactory
    sources: Sources
    cipher: TokenCipher

    async def __call__(self, organization_id: OrganizationId) -> Sequence[Finding]:
        """Compare the account, and return the findings.

        Raises:
            NotFound
            NothingToProbe: the source's plug-in has no checks.
            SourceError: the account cannot be read at all.
        """
        async with self.units.read() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
        access = unseal(self.cipher, organization.source_access)
        return await self.sources.named(organization.source.identifier).probe(access)
