"""List the API keys that an account has created."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.access.api_keys import ApiKey
from core.domain.email import normalize_email
from core.domain.tenancy.organizations import Organization
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ListKeysOfAccount:
    """List an account's API keys before it is removed: they belong to programs, and stay."""

    units: UnitOfWorkFactory

    async def __call__(self, email: str) -> Sequence[tuple[Organization | None, ApiKey]]:
        """List the valid keys that an account created, with their organization; None for a key for all."""
        creator = normalize_email(email)
        async with self.units.read() as unit:
            return [
                (organization, key)
                for organization in (None, *await unit.organizations.all())
                for key in await unit.api_keys.list_by_organization(organization.id if organization else None)
                if key.is_valid and normalize_email(key.created_by) == creator
            ]
