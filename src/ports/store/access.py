"""Accounts, sessions, API keys and the audit log: repositories of a unit of work."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.domain.access.accounts import Account, Attempts, LoginSession
from core.domain.access.api_keys import ApiKey
from core.domain.access.audit import AuditEntry
from core.domain.access.identities import ProviderIdentity
from core.domain.access.portal_links import PersonRef
from core.domain.ids import AccountId, ApiKeyId, OrganizationId


class Accounts(Protocol):
    async def add(self, account: Account) -> None:
        """Add an account with its grants.

        Raises:
            UniqueViolation: ACCOUNT_EMAIL, as rule 15 compares e-mails.
        """
        ...

    async def update(self, account: Account) -> None:
        """Store the account's password and grants; its e-mail and creation time do not change."""
        ...

    async def remove(self, account_id: AccountId) -> None:
        """Delete an account with its grants, login sessions and identities."""
        ...

    async def get(self, account_id: AccountId) -> Account | None: ...

    async def find_by_email(self, email: str) -> Account | None:
        """Return the account with this e-mail, as rule 15 compares e-mails."""
        ...

    async def all(self) -> Sequence[Account]:
        """List all accounts by e-mail."""
        ...

    async def list_by_organization(self, organization_id: OrganizationId) -> Sequence[Account]:
        """List the accounts with a role in this organization, by e-mail, without those whose role covers all."""
        ...

    async def is_any(self) -> bool: ...


class ProviderIdentities(Protocol):
    """The identities at OpenID Connect providers that accounts are bound to."""

    async def bind(self, identity: ProviderIdentity, account_id: AccountId) -> None:
        """Bind an identity to an account; an account has at most one per issuer, an identity one account."""
        ...

    async def find_account(self, identity: ProviderIdentity) -> AccountId | None: ...

    async def list_by_account(self, account_id: AccountId) -> Sequence[ProviderIdentity]:
        """List the identities of an account by issuer."""
        ...

    async def unbind_all(self, account_id: AccountId) -> None: ...


class Installation(Protocol):
    """The data of the installation itself."""

    async def accounts_added(self) -> int:
        """Return how many accounts were added since counting began, including those removed since."""
        ...

    async def served_url(self) -> str | None:
        """Return the URL at which `serve` was last reached."""
        ...

    async def save_served_url(self, url: str) -> None: ...


class LoginSessions(Protocol):
    async def add(self, session: LoginSession) -> None: ...

    async def find(self, digest: str) -> LoginSession | None: ...

    async def end(self, digest: str) -> None: ...

    async def end_all(self, account_id: AccountId) -> None: ...

    async def remove_before(self, instant: datetime) -> None:
        """Delete the sessions that began before."""
        ...


class AttemptsBySubject(Protocol):
    """Failed sign-in attempts by the subject they are counted for."""

    async def get(self, subject: str) -> Attempts:
        """Return a subject's attempts; zero if nothing is stored."""
        ...

    async def save(self, subject: str, attempts: Attempts) -> None: ...

    async def remove(self, subject: str) -> None: ...

    async def remove_before(self, instant: datetime) -> None:
        """Delete the subjects whose last failure was before."""
        ...


class ApiKeys(Protocol):
    async def add(self, key: ApiKey) -> None: ...

    async def update(self, key: ApiKey) -> None:
        """Store that a key was revoked."""
        ...

    async def get(self, key_id: ApiKeyId) -> ApiKey | None: ...

    async def find_by_digest(self, digest: str) -> ApiKey | None: ...

    async def list_by_organization(self, organization_id: OrganizationId | None) -> Sequence[ApiKey]:
        """List an organization's keys, newest first, including revoked ones; with None, those for all."""
        ...


class AuditLog(Protocol):
    async def add(self, entry: AuditEntry) -> None: ...

    async def page(
        self, organization_id: OrganizationId | None, before: int | None = None, limit: int = 50
    ) -> Sequence[AuditEntry]:
        """List entries before a position, newest first: an organization's, or all with None."""
        ...


class PortalRevocations(Protocol):
    async def get(self, person: PersonRef) -> datetime | None:
        """Return up to when the links to a person's portal page were revoked."""
        ...

    async def save(self, person: PersonRef, at: datetime) -> None: ...

    async def save_all(self, people: Collection[PersonRef], at: datetime) -> None: ...


class PortalAddresses(Protocol):
    """When the latest address of each person was made, and up to when addresses were revoked."""

    async def find(self, people: Collection[PersonRef]) -> Mapping[PersonRef, "PortalTimes"]:
        """Return the times of the people who have any; all of one organization and event."""
        ...

    async def save(self, made: Mapping[PersonRef, datetime]) -> None:
        """Insert or replace when the latest address was made."""
        ...


@dataclass(frozen=True, slots=True)
class PortalTimes:
    made_at: datetime | None = None
    revoked_at: datetime | None = None
