"""Organizations and their connections to the destination (rules 1 to 3, 8 and 9)."""

from dataclasses import dataclass, replace
from datetime import datetime

from core.domain.errors import InvalidInput, NotConfirmed, NotConnected
from core.domain.ids import ConnectionId, OrganizationId
from core.domain.systems import ExternalSystem
from core.domain.tenancy.secrets import SealedCredentials, SealedFields, SealedToken

MAX_NAME_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Organization:
    """The tenant, with its access to the source."""

    id: OrganizationId
    name: str
    source: ExternalSystem
    source_url: str
    source_token: SealedToken
    source_fields: SealedFields | None = None
    """The values of the source's access fields; None if it has none."""

    def __post_init__(self) -> None:
        if not self.name.strip() or not self.name.isprintable():
            raise InvalidInput("An organization needs a name of printable characters.", about="name")
        if len(self.name) > MAX_NAME_LENGTH:
            raise InvalidInput(
                f"An organization's name can have at most {MAX_NAME_LENGTH} characters.", about="name"
            )

    @property
    def source_access(self) -> SealedCredentials:
        return SealedCredentials(self.source_url, self.source_token, self.source_fields)

    def with_source_access(self, access: SealedCredentials) -> "Organization":
        """Return the same organization with another token and other access fields; its URL does not change."""
        return replace(self, source_token=access.token, source_fields=access.fields)


@dataclass(frozen=True, slots=True)
class Connection:
    """A period of being connected to the destination. It can be ended, but not reopened (rules 8 and 10)."""

    id: ConnectionId
    organization_id: OrganizationId
    destination: ExternalSystem
    token: SealedToken | None
    """None once the connection has ended: the token is erased."""
    token_hint: str
    opened_at: datetime
    ended_at: datetime | None = None
    continuous_sync: bool = False
    """Whether new mappings start with continuous sync (rule 24)."""
    url: str = ""
    """The URL of the destination's API, as an admin entered it; empty if it is known."""
    fields: SealedFields | None = None
    """The values of the destination's access fields; None if it has none, and once the connection has ended."""

    def __post_init__(self) -> None:
        if (self.token is None) != (self.ended_at is not None):
            message = "an open connection has a token, an ended one has none"
            raise ValueError(message)
        if self.ended_at is not None and self.fields is not None:
            message = "an ended connection has no access fields"
            raise ValueError(message)

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    def with_access(self, access: SealedCredentials, hint: str) -> "Connection":
        """Return the same connection with another token and other access fields; its URL does not change."""
        return replace(self, token=access.token, token_hint=hint, fields=access.fields)

    def end(self, at: datetime, organization: Organization, confirmation: str | None) -> "Connection":
        """End the connection, and erase its token and access fields (rule 8).

        Args:
            at: when it ends.
            organization: the connection's owner.
            confirmation: the organization's name, typed to confirm the consequences.

        Raises:
            NotConfirmed: the confirmation is not the name.
        """
        if confirmation is None or confirmation.strip() != organization.name:
            raise NotConfirmed(organization.name)
        return replace(self, token=None, token_hint="", fields=None, ended_at=at)


def open_access(connection: Connection | None, organization: Organization) -> SealedCredentials:
    """Return the access of an open connection to its destination.

    Raises:
        NotConnected: there is no connection, or it has ended.
    """
    if connection is None or connection.token is None:
        raise NotConnected(organization.name)
    return SealedCredentials(connection.url, connection.token, connection.fields)
