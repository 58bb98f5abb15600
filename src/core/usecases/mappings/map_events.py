"""Map an event of the source to one of the destination (rules 4, 5 and 7)."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import AlreadyMapped, NotFound, validate_id
from core.domain.ids import DestinationEventId, MappingId, OrganizationId, SourceEventId
from core.domain.records.destination_records import DestinationEvent
from core.domain.records.source_records import SourceEvent
from core.domain.systems import Systems
from core.domain.tenancy.event_mappings import EventMapping, EventPair, mapping_to_continue, zone_to_confirm
from core.domain.tenancy.organizations import Connection, Organization, open_access
from core.usecases.shared.connections import get_connected
from core.usecases.shared.credentials import unseal
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.destination import DestinationEventGone, Destinations
from ports.id_generator import IdGenerator
from ports.source import SourceEventGone, Sources
from ports.store.errors import UniqueConstraint, UniqueViolation
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class NewMapping:
    organization_id: OrganizationId
    source_event: SourceEventId
    destination_event: DestinationEventId
    time_zone_confirmed: bool = False
    confirmed_zone: str | None = None
    """The zone that was shown and confirmed; None for the zone that the source reports now."""


@dataclass(frozen=True, slots=True)
class MapEvents:
    units: UnitOfWorkFactory
    sources: Sources
    destinations: Destinations
    cipher: TokenCipher
    ids: IdGenerator
    clock: Clock

    async def __call__(self, command: NewMapping, *, actor: Actor) -> EventMapping:
        """Create a mapping, or continue the removed one of the same pair.

        Raises:
            DomainError: NotConnected, NotFound, AlreadyMapped, BoundToAnother, EventArchived, TimeZoneUnknown,
                TimeZoneUnconfirmed.
            SourceError, DestinationError: a system refused the token or cannot be reached.
        """
        async with self.units.read() as unit:
            organization, connection = await get_connected(unit, command.organization_id)
            systems = Systems(organization.source, connection.destination)
            validate_id(f"{systems.source} event", command.source_event)
            validate_id(f"{systems.destination} event", command.destination_event)
            pair = EventPair(organization.source_url, command.source_event, command.destination_event)
            # Check before reading the two systems, so that the result does not depend on them.
            mapping_to_continue(pair, systems, connection.id, await _holders(unit, pair))
        source_event, destination_event = await self._events(organization, connection, command)
        is_confirmed = command.time_zone_confirmed and command.confirmed_zone in (
            None,
            source_event.time_zone,
        )
        confirmed = zone_to_confirm(
            source_event, destination_event, systems, self.clock.now(), confirmed=is_confirmed
        )
        async with self.units.write() as unit:
            _, connection = await get_connected(unit, command.organization_id)
            previous = mapping_to_continue(pair, systems, connection.id, await _holders(unit, pair))
            if previous:
                zones = source_event.time_zone, destination_event.time_zone
                mapping = previous.map_again(confirmed).with_zones(*zones)
                await unit.mappings.update(mapping)
            else:
                mapping = EventMapping(
                    MappingId(self.ids.new()),
                    organization.id,
                    connection.id,
                    pair,
                    systems,
                    source_event.name,
                    destination_event.name,
                    self.clock.now(),
                    confirmed_time_zone=confirmed,
                    continuous_sync=connection.continuous_sync,
                    time_zone=source_event.time_zone,
                    destination_time_zone=destination_event.time_zone,
                    settings_saved=False,
                )
                await self._add(unit, mapping)
            now, what = self.clock.now(), mapping.label
            await unit.audit.add(AuditEntry(now, actor.name, Action.MAPPED, organization.id, what))
            await unit.commit()
        return mapping

    async def _events(
        self, organization: Organization, connection: Connection, command: NewMapping
    ) -> tuple[SourceEvent, DestinationEvent]:
        to_source = unseal(self.cipher, organization.source_access)
        to_destination = unseal(self.cipher, open_access(connection, organization))
        # Open both together: their time limits run concurrently and do not add up.
        async with (
            self.sources.named(organization.source.identifier).open(to_source) as source,
            self.destinations.named(connection.destination.identifier).open(to_destination) as destination,
        ):
            try:
                source_event = await source.event(command.source_event)
            except SourceEventGone:
                raise NotFound(f"{organization.source} event", command.source_event) from None
            try:
                destination_event = await destination.event(command.destination_event)
            except DestinationEventGone:
                raise NotFound(f"{connection.destination} event", command.destination_event) from None
        return source_event, destination_event

    @staticmethod
    async def _add(unit: UnitOfWork, mapping: EventMapping) -> None:
        try:
            await unit.mappings.add(mapping)
        except UniqueViolation as violation:
            system, event = {
                UniqueConstraint.DESTINATION_EVENT: (
                    mapping.systems.destination,
                    str(mapping.events.destination_id),
                ),
                UniqueConstraint.SOURCE_EVENT: (mapping.systems.source, str(mapping.events.source_id)),
            }[violation.what]
            raise AlreadyMapped(system, event) from None


async def _holders(unit: UnitOfWork, pair: EventPair) -> Sequence[EventMapping]:
    return await unit.mappings.list_by_events(pair.source_url, [pair.source_id], [pair.destination_id])
