"""Connect an organization to Gleanin, and go on with a token that was renewed (rules 1 to 3 and 9)."""

from dataclasses import dataclass, replace

from core.domain.access.audit import Action, AuditEntry
from core.domain.errors import AlreadyConnected, OtherAccount, found
from core.domain.ids import ConnectionId, OrganizationId
from core.domain.runs.schedule import released
from core.domain.tenancy.organizations import Connection, open_token
from core.domain.tenancy.secrets import Token
from core.domain.tenancy.systems import GLEANIN
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.destination import Destinations
from ports.names import Names
from ports.persistence import Taken, Units


@dataclass(frozen=True, slots=True)
class Connect:
    units: Units
    destinations: Destinations
    cipher: TokenCipher
    names: Names
    clock: Clock

    async def __call__(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        continuous_sync: bool = False,
        by: str,
    ) -> Connection:
        """Try the token against Gleanin, then open a connection with it.

        Args:
            organization_id: whose connection.
            token: Gleanin's.
            continuous_sync: whether mappings begin with continuous sync (rule 24).
            by: who asks for it.

        Raises:
            AlreadyConnected: the organization has an open connection (rule 3).
            DestinationError: Gleanin refused the token or cannot be reached; nothing is stored (rule 1).
        """
        async with self.units.reading() as unit:
            organization = found(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            if await unit.connections.open_one(organization_id):
                raise AlreadyConnected(organization.name)
        async with self.destinations.open(token) as destination:
            await destination.events()
        connection = Connection(
            ConnectionId(self.names.new()),
            organization_id,
            self.cipher.seal(token),
            token.hint,
            self.clock.now(),
            continuous_sync=continuous_sync,
        )
        async with self.units.writing() as unit:
            # Again, for it may have been removed while Gleanin was asked.
            found(await unit.organizations.get(organization_id), "organization", organization_id)
            try:
                await unit.connections.add(connection)
            except Taken:
                raise AlreadyConnected(organization.name) from None
            at, what = connection.opened_at, organization.name
            await unit.audit.add(AuditEntry(at, by, Action.CONNECTED, organization_id, what))
            await unit.commit()
        return connection


@dataclass(frozen=True, slots=True)
class ReplaceGleaninToken:
    units: Units
    destinations: Destinations
    cipher: TokenCipher
    clock: Clock

    async def __call__(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        by: str,
        continuous_sync: bool | None = None,
    ) -> Connection:
        """Try the token against Gleanin, then let the open connection go on with it.

        Args:
            organization_id: whose connection.
            token: Gleanin's.
            by: who asks for it.
            continuous_sync: whether mappings made from now on begin with continuous sync; None leaves it as it is.

        Raises:
            NotFound, NotConnected
            OtherAccount: the token does not see what is mapped.
            DestinationError: Gleanin refused the token or cannot be reached; nothing is stored.
        """
        async with self.destinations.open(token) as destination:
            seen = {event.id for event in await destination.events()}
        async with self.units.writing() as unit:
            organization = found(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            connection = await unit.connections.open_one(organization_id)
            open_token(connection, organization)
            assert connection is not None, "it has a token"
            for mapping in await unit.mappings.of_connection(connection.id):
                if mapping.holds_its_events and mapping.events.gleanin_id not in seen:
                    raise OtherAccount(mapping.gleanin_name)
            renewed = connection.with_token(self.cipher.seal(token), token.hint)
            what = f"{GLEANIN} token"
            if continuous_sync is not None and continuous_sync != connection.continuous_sync:
                renewed = replace(renewed, continuous_sync=continuous_sync)
                what += f"; continuous sync of new mappings: {'on' if continuous_sync else 'off'}"
            await unit.connections.update(renewed)
            at, action = self.clock.now(), Action.TOKEN_REPLACED
            for each in released(await unit.schedules.of_connection(connection.id), GLEANIN, at):
                await unit.schedules.save(each)
            await unit.audit.add(AuditEntry(at, by, action, organization_id, what))
            await unit.commit()
        return renewed


@dataclass(frozen=True, slots=True)
class ConnectOrRenew:
    connect: Connect
    renew: ReplaceGleaninToken

    async def __call__(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        continuous_sync: bool | None = None,
        by: str,
    ) -> tuple[Connection, bool]:
        """Connect, or let the open connection go on with the token; tell whether a connection was opened.

        Args:
            organization_id: whose connection.
            token: Gleanin's.
            continuous_sync: whether mappings made from now on begin with continuous sync (rule 24); None leaves it as
                it is, which for a new connection is no.
            by: who asks for it.

        Raises:
            NotFound
            NotConnected: somebody disconnected in the same moment.
            OtherAccount: the token does not see what is mapped.
            DestinationError: Gleanin refused the token or cannot be reached; nothing is stored (rule 1).
        """
        try:
            opened = await self.connect(
                organization_id, token, continuous_sync=continuous_sync or False, by=by
            )
        except AlreadyConnected:
            return await self.renew(organization_id, token, continuous_sync=continuous_sync, by=by), False
        return opened, True
