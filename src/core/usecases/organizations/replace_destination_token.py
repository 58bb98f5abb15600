"""Replace the destination's token or access fields of an open connection (rule 9)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import DifferentAccount
from core.domain.ids import OrganizationId
from core.domain.runs.schedule import released
from core.domain.tenancy.organizations import Connection, open_access
from core.domain.tenancy.secrets import Token
from core.usecases.shared.connections import get_connected
from core.usecases.shared.credentials import change, seal
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
        fields: Mapping[str, str] | None = None,
        continuous_sync: bool | None = None,
    ) -> Connection:
        """Test the new access with the destination, then replace that of the open connection.

        Args:
            organization_id: the connected organization.
            token: the new token of the destination; `NO_TOKEN` keeps the present one.
            actor: who replaces it.
            fields: new values of access fields by name; an empty one is removed, and the others stay.
            continuous_sync: whether new mappings start with continuous sync; None leaves this unchanged.

        Raises:
            NotFound, NotConnected
            InvalidInput: nothing is new, or the token or an access field is invalid.
            DifferentAccount: the token cannot see the mapped events.
            DestinationError: the destination refused the token or cannot be reached; nothing is stored.
        """
        async with self.units.read() as unit:
            organization, connection = await get_connected(unit, organization_id)
        opener = self.destinations.named(connection.destination.identifier)
        stored = open_access(connection, organization)
        new = change(self.cipher, opener.requirements, stored, token, fields or {})
        async with opener.open(new.credentials) as destination:
            visible = {event.id for event in await destination.events()}
        async with self.units.write() as unit:
            _, connection = await get_connected(unit, organization_id)
            for mapping in await unit.mappings.list_by_connection(connection.id):
                if mapping.reserves_events and mapping.events.destination_id not in visible:
                    raise DifferentAccount(mapping.destination_event_name, connection.destination)
            renewed = connection.with_access(seal(self.cipher, new.credentials), new.credentials.token.hint)
            what = new.what
            if continuous_sync is not None and continuous_sync != connection.continuous_sync:
                renewed = replace(renewed, continuous_sync=continuous_sync)
                what += f"; continuous sync of new mappings: {'on' if continuous_sync else 'off'}"
            await unit.connections.update(renewed)
            at, action = self.clock.now(), Action.TOKEN_REPLACED
            schedules = await unit.schedules.list_by_connection(connection.id)
            for schedule in released(schedules, connection.destination, at):
                await unit.schedules.save(schedule)
            await unit.audit.add(AuditEntry(at, actor.name, action, organization_id, what))
            await unit.commit()
        return renewed
