"""Make, revoke and recognise API keys."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.access.api_keys import PREFIX, ApiKey, digest_of
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor, Grant
from core.domain.email import same_mailbox
from core.domain.errors import NotSignedIn, check_asked, found
from core.domain.ids import ApiKeyId, OrganizationId
from core.domain.tenancy.organizations import Organization
from ports.clock import Clock
from ports.log import EventLog
from ports.names import Names
from ports.persistence import Units


@dataclass(frozen=True, slots=True)
class MakeApiKey:
    units: Units
    names: Names
    clock: Clock

    async def __call__(self, name: str, grant: Grant, *, by: str) -> tuple[ApiKey, str]:
        """Make a key, and give it with its secret, which is never shown again.

        Raises:
            BadInput: the name cannot be one.
            NotFound: there is no such organization.
        """
        secret, now = PREFIX + self.names.secret(), self.clock.now()
        key = ApiKey(ApiKeyId(self.names.new()), name.strip(), digest_of(secret), grant, now, by)
        async with self.units.writing() as unit:
            if grant.organization_id is not None:
                found(
                    await unit.organizations.get(grant.organization_id), "organization", grant.organization_id
                )
            await unit.api_keys.add(key)
            what = f"{key.name} ({grant.role})"
            await unit.audit.add(AuditEntry(now, by, Action.API_KEY_MADE, grant.organization_id, what))
            await unit.commit()
        return key, secret


@dataclass(frozen=True, slots=True)
class RevokeApiKey:
    units: Units
    clock: Clock

    async def __call__(self, organization_id: OrganizationId | None, key_id: ApiKeyId, *, by: str) -> ApiKey:
        """Let a key open nothing any more.

        Args:
            organization_id: whose key it is; None for one that is for all organizations.
            key_id: which one.
            by: who asks for it.

        Raises:
            NotFound: the organization has no such key.
        """
        check_asked("API key", key_id)
        async with self.units.writing() as unit:
            key = await unit.api_keys.get(key_id)
            own = key if key and key.grant.organization_id == organization_id else None
            key = found(own, "API key", key_id)
            now = self.clock.now()
            if key.is_valid:
                key = key.revoke(now)
                await unit.api_keys.update(key)
                await unit.audit.add(AuditEntry(now, by, Action.API_KEY_REVOKED, organization_id, key.name))
                await unit.commit()
        return key


@dataclass(frozen=True, slots=True)
class ListKeysMadeBy:
    """For whoever takes an account away: its API keys are programs', and stay."""

    units: Units

    async def __call__(self, email: str) -> Sequence[tuple[Organization | None, ApiKey]]:
        """Give the valid keys that an account made, with their organizations; None where one is for all."""
        maker = same_mailbox(email)
        async with self.units.reading() as unit:
            return [
                (organization, key)
                for organization in (None, *await unit.organizations.all())
                for key in await unit.api_keys.of_organization(organization.id if organization else None)
                if key.is_valid and same_mailbox(key.created_by) == maker
            ]


@dataclass(frozen=True, slots=True)
class WhoseApiKey:
    units: Units
    log: EventLog

    async def __call__(self, secret: str, address: str) -> Actor:
        """Tell who acts with a key.

        Raises:
            NotSignedIn: it is none, or was revoked.
        """
        async with self.units.reading() as unit:
            key = await unit.api_keys.with_digest(digest_of(secret))
        if key is None or not key.is_valid:
            because = "revoked" if key else "unknown"
            self.log.warning(
                "access.key_refused", key=key.id if key else None, because=because, address=address
            )
            raise NotSignedIn("The API key is none, or was revoked.")
        return key.actor
