"""Read accounts, API keys and the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.access.accounts import Account
from core.domain.access.api_keys import ApiKey
from core.domain.access.audit import AuditEntry
from core.domain.ids import OrganizationId
from core.domain.tenancy.organizations import Organization
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ListAuditEntries:
    units: UnitOfWorkFactory

    async def __call__(
        self, organization_id: OrganizationId | None, before: int | None = None, limit: int = 50
    ) -> Sequence[AuditEntry]:
        """List audit entries, newest first: an organization's, or all with None."""
        async with self.units.read() as unit:
            return await unit.audit.page(organization_id, before, limit)


@dataclass(frozen=True, slots=True)
class ListMembers:
    units: UnitOfWorkFactory

    async def __call__(self, organization_id: OrganizationId) -> Sequence[Account]:
        """List the accounts with a role in this organization itself."""
        async with self.units.read() as unit:
            return await unit.accounts.list_by_organization(organization_id)


@dataclass(frozen=True, slots=True)
class ListApiKeys:
    units: UnitOfWorkFactory

    async def __call__(self, organization_id: OrganizationId | None) -> Sequence[ApiKey]:
        """List an organization's API keys, valid ones first, then newest first; with None, those for all."""
        async with self.units.read() as unit:
            keys = await unit.api_keys.list_by_organization(organization_id)
        return sorted(keys, key=lambda key: not key.is_valid)


@dataclass(frozen=True, slots=True)
class ListAllApiKeys:
    units: UnitOfWorkFactory

    async def __call__(self) -> Sequence[tuple[Organization | None, ApiKey]]:
        """List every API key with its organization (None: for all), valid ones first, then newest first."""
        async with self.units.read() as unit:
            keys = [
                (organization, key)
                for organization in (None, *await unit.organizations.all())
                for key in await unit.api_keys.list_by_organization(organization.id if organization else None)
            ]
        return sorted(keys, key=lambda owned: not owned[1].is_valid)


@dataclass(frozen=True, slots=True)
class ListAccounts:
    units: UnitOfWorkFactory

    async def __call__(self) -> Sequence[Account]:
        """List all accounts by e-mail."""
        async with self.units.read() as unit:
            return await unit.accounts.all()
