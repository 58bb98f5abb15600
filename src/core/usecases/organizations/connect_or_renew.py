"""Connect, or replace the token of the connection that is open."""

from dataclasses import dataclass

from core.domain.errors import AlreadyConnected
from core.domain.ids import OrganizationId
from core.domain.tenancy.organizations import Connection
from core.domain.tenancy.secrets import Token
from core.usecases.organizations.connect import Connect
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
        continuous_sync: bool | None = None,
        actor: str,
    ) -> tuple[Connection, bool]:
        """Connect, or let the open connection go on with the token; tell whether a connection was opened.

        Args:
            organization_id: whose connection.
            token: Gleanin's.
            continuous_sync: whether mappings made from now on begin with continuous sync (rule 24); None leaves it as
                it is, which for a new connection is no.
            actor: who asks for it.

        Raises:
            NotFound
            NotConnected: somebody disconnected in the same moment.
            DifferentAccount: the token does not see what is mapped.
            DestinationError: Gleanin refused the token or cannot be reached; nothing is stored (rule 1).
        """
        try:
            opened = await self.connect(
                organization_id, token, continuous_sync=continuous_sync or False, actor=actor
            )
        except AlreadyConnected:
            return await self.renew(
                organization_id, token, continuous_sync=continuous_sync, actor=actor
            ), False
        return opened, True
