"""Authorization: roles, their permissions, and the organizations that they cover."""

from dataclasses import dataclass
from enum import StrEnum

from core.domain.errors import Forbidden, InvalidInput
from core.domain.ids import OrganizationId


class Permission(StrEnum):
    READ = "read"
    SYNC = "sync"
    """Start syncs."""
    MANAGE = "manage"
    """Connect, map, change, disconnect; create API keys and portal addresses."""
    HINT = "hint"
    """Report that something has changed in the source; nothing else."""


class Role(StrEnum):
    ADMIN = "admin"
    VIEWER = "viewer"
    SUPPORT = "support"
    HOOK = "hook"
    """For the source's webhooks; only for API keys, not for people."""


PERMISSIONS = {
    Role.ADMIN: frozenset({Permission.READ, Permission.SYNC, Permission.MANAGE}),
    Role.SUPPORT: frozenset({Permission.READ, Permission.SYNC}),
    Role.VIEWER: frozenset({Permission.READ}),
    Role.HOOK: frozenset({Permission.HINT}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in one organization, or in all present and future ones."""

    role: Role
    organization_id: OrganizationId | None = None
    """None for all organizations."""

    def __post_init__(self) -> None:
        if self.role is Role.SUPPORT and self.organization_id is not None:
            raise InvalidInput(
                "The support role covers all organizations and cannot be given for a single one."
            )
        if self.role is Role.HOOK and self.organization_id is None:
            raise InvalidInput("An API key with the hook role must belong to one organization.")

    def covers(self, organization_id: OrganizationId | None) -> bool:
        """Check whether the grant covers an organization; None means the whole installation."""
        return self.organization_id is None or self.organization_id == organization_id


@dataclass(frozen=True, slots=True)
class Actor:
    """The originator of a request or a run: an account, an API key, the command line, or continuous sync."""

    name: str
    """The name in the audit log: an e-mail, or an API key's name."""
    grants: frozenset[Grant] = frozenset()
    id: str = ""
    """The id of the account or API key, because two keys can have the same name."""

    def may(self, permission: Permission, organization_id: OrganizationId | None) -> bool:
        """Check for a permission in an organization; None means the whole installation."""
        return any(
            grant.covers(organization_id) and permission in PERMISSIONS[grant.role] for grant in self.grants
        )

    def check(self, permission: Permission, organization_id: OrganizationId | None) -> None:
        """Check that the actor has a permission in an organization.

        Raises:
            Forbidden: the actor does not have it.
        """
        if not self.may(permission, organization_id):
            raise Forbidden(permission)


COMMAND_LINE = Actor("command line")
"""The actor of commands run in a shell on the machine."""
CONTINUOUS_SYNC = Actor("continuous sync")
"""The actor of automatic syncs."""
