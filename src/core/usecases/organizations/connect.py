"""Connect an organization to a destination (rules 1 to 3)."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import AlreadyConnected, require
from core.domain.ids import ConnectionId, OrganizationId
from core.domain.tenancy.organizations import Connection
from core.domain.tenancy.secrets import Token
from core.usecases.shared.credentials import seal
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.destination import Destinations
from ports.id_generator import IdGenerator
from ports.store.errors import UniqueViolation
from ports.store.unit_of_work import UnitOfWorkFactory

DEFAULT_DESTINATION = "gleanin"


@dataclass(frozen=True, slots=True)
class Connect:
    units: UnitOfWorkFactory
    destinations: Destinations
    cipher: TokenCipher
    ids: IdGenerator
    clock: Clock

    async def __call__(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        destination: str = DEFAULT_DESTINATION,
        url: str = "",
        fields: Mapping[str, str] | None = None,
        continuous_sync: bool = False,
        actor: Actor,
    ) -> Connection:
        """Test the access to the destination, then open a connection with it.

        Args:
            organization_id: the organization to connect.
            token: the token of the destination; `NO_TOKEN` for one that needs none.
            destination: the identifier of the destination.
            url: of the destination's API; empty if it is known.
            fields: the values of the destination's access fields by name.
            continuous_sync: whether new mappings start with continuous sync (rule 24).
            actor: who connects it.

        Raises:
            AlreadyConnected: the organization has an open connection (rule 3).
            InvalidInput: the URL, the token or an access field is invalid.
            DestinationError: the destination refused the token or cannot be reached; nothing is stored (rule 1).
        """
        async with self.units.read() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            if connected := await unit.connections.get_open(organization_id):
                raise AlreadyConnected(organization.name, connected.destination)
        opener = self.destinations.named(destination)
        # Normalize the URL: it tells an event from the same event of another server (rules 4 and 10).
        url = opener.normalize_url(url) if url else ""
        credentials = opener.requirements.check(url, token, fields or {})
        async with opener.open(credentials) as opened:
            await opened.events()
        access = seal(self.cipher, credentials)
        connection = Connection(
            ConnectionId(self.ids.new()),
            organization_id,
            opener.system,
            access.token,
            token.hint,
            self.clock.now(),
            continuous_sync=continuous_sync,
            url=access.url,
            fields=access.fields,
        )
        async with self.units.write() as unit:
            # Read again: the organization may have been removed meanwhile.
            require(await unit.organizations.get(organization_id), "organization", organization_id)
            try:
                await unit.connections.add(connection)
            except UniqueViolation:
                raise AlreadyConnected(organization.name, connection.destination) from None
            at, what, detail = connection.opened_at, organization.name, str(connection.destination)
            await unit.audit.add(
                AuditEntry(at, actor.name, Action.CONNECTED, organization_id, what, detail=detail)
            )
            await unit.commit()
        return connection
