"""Accounts, provider identities, login sessions, API keys, the audit log and portal revocations, in memory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from adapters.memory.store import InMemoryStore, check
from core.domain.access.accounts import Account, Attempts, LoginSession
from core.domain.access.api_keys import ApiKey
from core.domain.access.audit import AuditEntry
from core.domain.access.identities import ProviderIdentity
from core.domain.access.portal_links import PersonRef
from core.domain.email import normalize_email
from core.domain.ids import AccountId, ApiKeyId, OrganizationId
from ports.store.access import PortalTimes
from ports.store.errors import UniqueConstraint, UniqueViolation


class InMemoryAccounts:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.accounts
        self._store = store

    async def add(self, account: Account) -> None:
        check(holds=account.id not in self._rows)
        if await self.find_by_email(account.email) is not None:
            raise UniqueViolation(UniqueConstraint.ACCOUNT_EMAIL)
        self._check_grants(account)
        self._rows[account.id] = account
        self._store.accounts_added += 1

    async def update(self, account: Account) -> None:
        check(holds=account.id in self._rows)
        self._check_grants(account)
        self._rows[account.id] = replace(
            self._rows[account.id], password_hash=account.password_hash, grants=account.grants
        )

    def _check_grants(self, account: Account) -> None:
        covered = [grant.organization_id for grant in account.grants]
        check(holds=len(set(covered)) == len(covered))
        check(holds={*covered} <= {None, *self._store.organizations})

    async def remove(self, account_id: AccountId) -> None:
        self._rows.pop(account_id, None)
        await InMemoryLoginSessions(self._store).end_all(account_id)
        await InMemoryProviderIdentities(self._store).unbind_all(account_id)

    async def get(self, account_id: AccountId) -> Account | None:
        return self._rows.get(account_id)

    async def find_by_email(self, email: str) -> Account | None:
        mailbox = normalize_email(email)
        return next((row for row in self._rows.values() if normalize_email(row.email) == mailbox), None)

    async def all(self) -> Sequence[Account]:
        return sorted(self._rows.values(), key=lambda row: normalize_email(row.email))

    async def list_by_organization(self, organization_id: OrganizationId) -> Sequence[Account]:
        return [
            row
            for row in await self.all()
            if any(grant.organization_id == organization_id for grant in row.grants)
        ]

    async def is_any(self) -> bool:
        return bool(self._rows)


class InMemoryProviderIdentities:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.identities
        self._accounts = store.accounts

    async def bind(self, identity: ProviderIdentity, account_id: AccountId) -> None:
        check(holds=account_id in self._accounts and identity not in self._rows)
        check(holds=identity.issuer not in {bound.issuer for bound in await self.list_by_account(account_id)})
        self._rows[identity] = account_id

    async def find_account(self, identity: ProviderIdentity) -> AccountId | None:
        return self._rows.get(identity)

    async def list_by_account(self, account_id: AccountId) -> Sequence[ProviderIdentity]:
        bound = (identity for identity, owner in self._rows.items() if owner == account_id)
        return sorted(bound, key=lambda identity: identity.issuer)

    async def unbind_all(self, account_id: AccountId) -> None:
        for identity in await self.list_by_account(account_id):
            del self._rows[identity]


class InMemoryInstallation:
    def __init__(self, store: InMemoryStore) -> None:
        self._store = store

    async def accounts_added(self) -> int:
        return self._store.accounts_added

    async def served_url(self) -> str | None:
        return self._store.served_url

    async def save_served_url(self, url: str) -> None:
        self._store.served_url = url


class InMemoryLoginSessions:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.login_sessions
        self._accounts = store.accounts

    async def add(self, session: LoginSession) -> None:
        check(holds=session.digest not in self._rows and session.account_id in self._accounts)
        self._rows[session.digest] = session

    async def find(self, digest: str) -> LoginSession | None:
        return self._rows.get(digest)

    async def end(self, digest: str) -> None:
        self._rows.pop(digest, None)

    async def end_all(self, account_id: AccountId) -> None:
        for row in [*self._rows.values()]:
            if row.account_id == account_id:
                del self._rows[row.digest]

    async def remove_before(self, instant: datetime) -> None:
        for row in [*self._rows.values()]:
            if row.started_at < instant:
                del self._rows[row.digest]


class InMemoryAttempts:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.attempts

    async def get(self, subject: str) -> Attempts:
        return self._rows.get(subject, Attempts())

    async def save(self, subject: str, attempts: Attempts) -> None:
        self._rows[subject] = attempts

    async def remove(self, subject: str) -> None:
        self._rows.pop(subject, None)

    async def remove_before(self, instant: datetime) -> None:
        for subject, row in [*self._rows.items()]:
            if row.last_at is not None and row.last_at < instant:
                del self._rows[subject]


class InMemoryApiKeys:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.api_keys
        self._organizations = store.organizations

    async def add(self, key: ApiKey) -> None:
        check(holds=key.id not in self._rows and await self.find_by_digest(key.digest) is None)
        check(holds=key.grant.organization_id in {None, *self._organizations})
        self._rows[key.id] = key

    async def update(self, key: ApiKey) -> None:
        check(holds=key.id in self._rows)
        self._rows[key.id] = replace(self._rows[key.id], revoked_at=key.revoked_at)

    async def get(self, key_id: ApiKeyId) -> ApiKey | None:
        return self._rows.get(key_id)

    async def find_by_digest(self, digest: str) -> ApiKey | None:
        return next((row for row in self._rows.values() if row.digest == digest), None)

    async def list_by_organization(self, organization_id: OrganizationId | None) -> Sequence[ApiKey]:
        newest_first = reversed(self._rows.values())
        return [row for row in newest_first if row.grant.organization_id == organization_id]


class InMemoryAuditLog:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.audit
        self._store = store

    async def add(self, entry: AuditEntry) -> None:
        position = self._store.next_position()
        self._rows[position] = replace(entry, position=position)

    async def page(
        self, organization_id: OrganizationId | None, before: int | None = None, limit: int = 50
    ) -> Sequence[AuditEntry]:
        return [
            row
            for row in reversed(self._rows.values())
            if organization_id in (None, row.organization_id) and (before is None or row.position < before)
        ][:limit]


class InMemoryPortalRevocations:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.revocations
        self._organizations = store.organizations

    async def get(self, person: PersonRef) -> datetime | None:
        return self._rows.get(person)

    async def save(self, person: PersonRef, at: datetime) -> None:
        check(holds=person.organization_id in self._organizations)
        self._rows[person] = at

    async def save_all(self, people: Collection[PersonRef], at: datetime) -> None:
        for person in people:
            await self.save(person, at)


class InMemoryPortalAddresses:
    def __init__(self, store: InMemoryStore) -> None:
        self._rows = store.portal_addresses
        self._revocations = store.revocations
        self._organizations = store.organizations

    async def find(self, people: Collection[PersonRef]) -> Mapping[PersonRef, PortalTimes]:
        return {
            person: PortalTimes(self._rows.get(person), self._revocations.get(person))
            for person in people
            if person in self._rows or person in self._revocations
        }

    async def save(self, made: Mapping[PersonRef, datetime]) -> None:
        for person, at in made.items():
            check(holds=person.organization_id in self._organizations)
            self._rows[person] = at
