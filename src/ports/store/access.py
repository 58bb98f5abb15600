"""What is remembered of people and programs that use the product: parts of a unit of work."""

from collections.abc import Sequence
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
            Taken: ACCOUNT_EMAIL, as rule 15 compares e-mails.
        """
        ...

    async def update(self, account: Account) -> None:
        """Store its password and its grants; e-mail and time of creation stay."""
        ...

    async def remove(self, account_id: AccountId) -> None:
        """Delete an account, with its grants, sign-ins and identities."""
        ...

    async def get(self, account_id: AccountId) -> Account | None: ...

    async def with_email(self, email: str) -> Account | None:
        """Find one by e-mail, as rule 15 compares them."""
        ...

    async def all(self) -> Sequence[Account]:
        """Give all, by e-mail."""
        ...

    async def list_by_organization(self, organization_id: OrganizationId) -> Sequence[Account]:
        """Give those who have a role in the organization itself, by e-mail; not those who have one in all."""
        ...

    async def is_any(self) -> bool: ...


class ProviderIdentities(Protocol):
    """Which account is whose at an OpenID Connect provider."""

    async def bind(self, identity: ProviderIdentity, account_id: AccountId) -> None:
        """Bind an identity to an account. An account has one at most at each issuer, an identity one account."""
        ...

    async def account_of(self, identity: ProviderIdentity) -> AccountId | None: ...

    async def list_by_account(self, account_id: AccountId) -> Sequence[ProviderIdentity]:
        """Return the identities of an account, by issuer."""
        ...

    async def unbind_all_of(self, account_id: AccountId) -> None: ...


class Installation(Protocol):
    """What is stored of the installation itself."""

    async def accounts_added(self) -> int:
        """Return how many accounts were ever added, those that are gone included, since this is counted."""
        ...

    async def served_url(self) -> str | None:
        """Return where `serve` was reached last."""
        ...

    async def save_served_url(self, url: str) -> None: ...


class LoginSessions(Protocol):
    async def add(self, sign_in: LoginSession) -> None: ...

    async def find(self, digest: str) -> LoginSession | None: ...

    async def end(self, digest: str) -> None: ...

    async def end_all_of(self, account_id: AccountId) -> None: ...

    async def forget_before(self, instant: datetime) -> None:
        """Take away those that started before."""
        ...


class AttemptsBySubject(Protocol):
    """Failed attempts to sign in, by whatever they are counted for."""

    async def of(self, subject: str) -> Attempts:
        """Give those of a subject; none where nothing is known."""
        ...

    async def save(self, subject: str, attempts: Attempts) -> None: ...

    async def forget(self, subject: str) -> None: ...

    async def forget_before(self, instant: datetime) -> None:
        """Take away those whose last failure was before."""
        ...


class ApiKeys(Protocol):
    async def add(self, key: ApiKey) -> None: ...

    async def update(self, key: ApiKey) -> None:
        """Store that it was revoked."""
        ...

    async def get(self, key_id: ApiKeyId) -> ApiKey | None: ...

    async def with_digest(self, digest: str) -> ApiKey | None: ...

    async def list_by_organization(self, organization_id: OrganizationId | None) -> Sequence[ApiKey]:
        """Give the keys for an organization, newest first, revoked ones too; with None, those for all organizations."""
        ...


class AuditLog(Protocol):
    async def add(self, entry: AuditEntry) -> None: ...

    async def page(
        self, organization_id: OrganizationId | None, before: int | None = None, limit: int = 50
    ) -> Sequence[AuditEntry]:
        """Give entries newest first, of an organization or (None) of everything, from before a position."""
        ...


class PortalRevocations(Protocol):
    async def of(self, person: PersonRef) -> datetime | None:
        """Tell up to which moment the addresses of a person's page were revoked."""
        ...

    async def save(self, person: PersonRef, at: datetime) -> None: ...
