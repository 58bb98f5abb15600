"""Replace the destination's token of an open connection (rule 9)."""

from dataclasses import dataclass, replace

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import DifferentAccount
from core.domain.ids import OrganizationId
from core.domain.runs.schedule import released
from core.domain.tenancy.organizations import Connection
from core.domain.tenancy.secrets import Token
from core.usecases.shared.connections import get_connected
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.destination import Destinations
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ReplaceDestinationToken:
    units: UnitOfWorkFactory
    destinations: Destinations
    cipher: TokenCipher
    clock: Clock

    async def __call__(
        self,
        organization_id: OrganizationId,
        token: Token,
        *,
        actor: Actor,
        continuous_sync: bool | None = None,
    ) -> Connection:
        """Test the token with the destination, then replace the open connection's token.

        Args:
            organization_id: the connected organization.
            token: the new token of the destination.
            actor: who replaces it.
            continuous_sync: whether new mappings start with continuous sync; None leaves this unchanged.

        Raises:
            NotFound, NotConnected
            DifferentAccount: the token cannot see the mapped events.
            DestinationError: the destination refused the token or cannot be reached; nothing is stored.
        """
        async with self.units.read() as unit:
            _, connection = await get_connected(unit, organization_id)
        async with self.destinations.named(connection.destination.identifier).open(token) as destination:
            visible = {event.id for event in await destination.events()}
        async with self.units.write() as unit:
            _, connection = await get_connected(unit, organization_id)
            for mapping in await unit.mappings.list_by_connection(connection.id):
                if mapping.reserves_events and mapping.events.destination_id not in visible:
                    raise DifferentAccount(mapping.destination_event_name, connection.destination)
            renewed = connection.with_token(self.cipher.seal(token), token.hint)
            what = f"{connection.destination} token"
            if continuous_sync is not None and continuous_sync != connection.continuous_sync:
                renewed = replace(renewed, continuous_sync=continuous_sync)
                what += f"; continuous sync of new mappings: {'on' if continuous_sync else 'off'}"
            await unit.connections.update(renewed)
            at, action = self.clock.now(), Action.TOKEN_REPLACED
            schedules = await unit.schedules.list_by_connection(connection.id)
            for schedule in released(schedules, connection.destination.display_name, at):
                await unit.schedules.save(schedule)
            await unit.audit.add(AuditEntry(at, actor.name, action, organization_id, what))
            await unit.commit()
        return renewed
