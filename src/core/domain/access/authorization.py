"""Who may do what: roles, what each may, and for which organizations."""

from dataclasses import dataclass
from enum import StrEnum

from core.domain.errors import Forbidden, InvalidInput
from core.domain.ids import OrganizationId


class Permission(StrEnum):
    READ = "read"
    SYNC = "sync"
    """Start a sync, and start it again."""
    MANAGE = "manage"
    """Connect, map, change, disconnect; hand out API keys and portal addresses."""
    HINT = "hint"
    """Say that something has changed, and nothing else."""


class Role(StrEnum):
    ADMIN = "admin"
    VIEWER = "viewer"
    SUPPORT = "support"
    HOOK = "hook"
    """For Sessionboard's webhooks: of API keys, not of people."""


PERMISSIONS = {
    Role.ADMIN: frozenset({Permission.READ, Permission.SYNC, Permission.MANAGE}),
    Role.SUPPORT: frozenset({Permission.READ, Permission.SYNC}),
    Role.VIEWER: frozenset({Permission.READ}),
    Role.HOOK: frozenset({Permission.HINT}),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """A role in one organization, or in all there are and will be."""

    role: Role
    organization_id: OrganizationId | None = None
    """None for all organizations."""

    def __post_init__(self) -> None:
        if self.role is Role.SUPPORT and self.organization_id is not None:
            raise InvalidInput("Support is a role for all organizations, not for one.")
        if self.role is Role.HOOK and self.organization_id is None:
            raise InvalidInput("A hook's API key is for one organization.")

    def covers(self, organization_id: OrganizationId | None) -> bool:
        """Tell whether the grant holds for an organization; None asks for the installation as a whole."""
        return self.organization_id is None or self.organization_id == organization_id


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever asks for something: a signed-in account, an API key, or somebody at the command line."""

    name: str
    """As the audit log calls them: an e-mail, or an API key's name."""
    grants: frozenset[Grant] = frozenset()
    id: str = ""
    """The account's or the API key's: two keys can have the same name."""

    def may(self, right: Permission, organization_id: OrganizationId | None) -> bool:
        """Tell whether a right is held in an organization; None asks for the installation as a whole."""
        return any(
            grant.covers(organization_id) and right in PERMISSIONS[grant.role] for grant in self.grants
        )

    def check(self, right: Permission, organization_id: OrganizationId | None) -> None:
        """See that a right is held.

        Raises:
            Forbidden
        """
        if not self.may(right, organization_id):
            raise Forbidden(right)


COMMAND_LINE = "command line"
"""Who did it, where it was done by somebody with a shell on the machine."""
CONTINUOUS_SYNC = "continuous sync"
"""Who did it, where nobody did."""
