"""Accounts, API keys and the audit log."""

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from core.domain.access.accounts import Account
from core.domain.access.api_keys import ApiKey
from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Grant, Role
from entrypoints.resources.base import ResponseModel


class RoleResponse(ResponseModel):
    role: Role
    organization_id: str | None

    @classmethod
    def from_domain(cls, grant: Grant) -> Self:
        return cls(role=grant.role, organization_id=grant.organization_id)


class AccountResponse(ResponseModel):
    id: str
    email: str
    created_at: datetime
    has_password: bool
    roles: list[RoleResponse]

    @classmethod
    def from_domain(cls, account: Account) -> Self:
        grants = sorted(account.grants, key=lambda grant: (grant.organization_id or "", grant.role.value))
        return cls(
            id=account.id,
            email=account.email,
            created_at=account.created_at,
            has_password=account.password_hash is not None,
            roles=[RoleResponse.from_domain(grant) for grant in grants],
        )


class _ApiKey(ResponseModel):
    id: str
    name: str
    role: Role
    organization_id: str | None
    created_at: datetime
    created_by: str
    revoked_at: datetime | None

    @classmethod
    def _of(cls, key: ApiKey, **more: Any) -> Self:
        return cls(
            id=key.id,
            name=key.name,
            role=key.grant.role,
            organization_id=key.grant.organization_id,
            created_at=key.created_at,
            created_by=key.created_by,
            revoked_at=key.revoked_at,
            **more,
        )


class ApiKeyResponse(_ApiKey):
    @classmethod
    def from_domain(cls, key: ApiKey) -> Self:
        return cls._of(key)


class CreatedApiKeyResponse(_ApiKey):
    secret: str = Field(description="The key itself; it is shown only once")

    @classmethod
    def from_domain(cls, key: ApiKey, secret: str) -> Self:
        return cls._of(key, secret=secret)


class PortalAddressResponse(ResponseModel):
    address: str


class AuditEntryResponse(ResponseModel):
    at: datetime
    by: str
    action: Action
    organization_id: str | None
    what: str
    detail: str = Field(description="The destination, for connecting and disconnecting")

    @classmethod
    def from_domain(cls, entry: AuditEntry) -> Self:
        return cls(
            at=entry.at,
            by=entry.by,
            action=entry.action,
            organization_id=entry.organization_id,
            what=entry.what,
            detail=entry.detail,
        )
