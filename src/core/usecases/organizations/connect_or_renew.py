"""Connect, or replace the access of the open connection."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.access.authorization import Actor
from core.domain.errors import AlreadyConnected
from core.domain.ids import OrganizationId
from core.domain.tenancy.organizations import Connection
from core.domain.tenancy.secrets import Token
from core.usecases.organizations.connect import DEFAULT_DESTINATION, Connect
from core.usecases.organizations.replace_destination_token import ReplaceDestinationToken


@dataclass(frozen=True, slots=True)
class ConnectOrRenew:
    connect: Connect
    renew: ReplaceDestinationToken

    async def __call__(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        destination: str = DEFAULT_DESTINATION,
        url: str = "",
        fields: Mapping[str, str] | None = None,
        continuous_sync: bool | None = None,
        actor: Actor,
    ) -> tuple[Connection, bool]:
        """Connect, or replace the open connection's access; return whether a connection was opened.

        Args:
            organization_id: the organization to connect.
            token: the token of the destination; `NO_TOKEN` keeps that of an open connection.
            destination: the identifier of the destination; an open connection keeps its own.
            url: of the destination's API; an open connection keeps its own.
            fields: values of the destination's access fields by name; an open connection keeps the others.
            continuous_sync: whether new mappings start with continuous sync (rule 24); None leaves this unchanged,
                which means no for a new connection.
            actor: who connects it.

        Raises:
            NotFound
            NotConnected: the organization was disconnected concurrently.
            DifferentAccount: the token cannot see the mapped events.
            DestinationError: the destination refused the token or cannot be reached; nothing is stored (rule 1).
        """
        try:
            opened = await self.connect(
                organization_id,
                token,
                destination=destination,
                url=url,
                fields=fields,
                continuous_sync=continuous_sync or False,
                actor=actor,
            )
        except AlreadyConnected:
            return await self.renew(
                organization_id, token, fields=fields, continuous_sync=continuous_sync, actor=actor
            ), False
        return opened, True
