"""Map a Sessionboard event to a Gleanin event (rules 4, 5 and 7)."""

from dataclasses import dataclass

from core.domain.gleanin_side import GleaninEvent
from core.domain.identifiers import GleaninEventId, MappingId, OrganizationId, SessionboardEventId
from core.domain.mappings import EventMapping, EventPair, mapping_to_continue
from core.domain.organizations import Connection, Organization
from core.domain.refusals import AlreadyMapped, BadInput, NotConnected, NotFound, TimeZoneUnconfirmed, found
from core.domain.source import SourceEvent
from core.domain.time_zones import gmt_offsets, zone_named
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.destination import DestinationEventGone, Destinations
from ports.names import Names
from ports.persistence import Taken, Unique, Unit, Units
from ports.session_source import SessionSources, SourceEventGone


@dataclass(frozen=True, slots=True)
class NewMapping:
    organization_id: OrganizationId
    sessionboard_event: SessionboardEventId
    gleanin_event: GleaninEventId
    time_zone_confirmed: bool = False


@dataclass(frozen=True, slots=True)
class MapEvents:
    units: Units
    sources: SessionSources
    destinations: Destinations
    cipher: TokenCipher
    names: Names
    clock: Clock

    async def __call__(self, command: NewMapping) -> EventMapping:
        """Make a mapping, or let the removed one of the same pair go on.

        Raises:
            Refusal: NotConnected, NotFound, AlreadyMapped, BoundToAnother, TimeZoneUnconfirmed.
            SourceError, DestinationError: a side refused us or cannot be reached.
        """
        async with self.units.reading() as unit:
            organization, connection = await self._connection(unit, command.organization_id)
            pair = EventPair(organization.sessionboard_url, command.sessionboard_event, command.gleanin_event)
            # Asked before the two sides are read, so that the answer does not depend on them.
            mapping_to_continue(pair, connection.id, await unit.mappings.holding(pair))
        source_event, gleanin_event = await self._events(organization, connection, command)
        confirmed = self._judge_time_zone(source_event, gleanin_event, confirmed=command.time_zone_confirmed)
        async with self.units.writing() as unit:
            _, connection = await self._connection(unit, command.organization_id)
            former = mapping_to_continue(pair, connection.id, await unit.mappings.holding(pair))
            if former:
                mapping = former.map_again(confirmed)
                await unit.mappings.update(mapping)
            else:
                mapping = EventMapping(
                    MappingId(self.names.new()),
                    organization.id,
                    connection.id,
                    pair,
                    source_event.name,
                    gleanin_event.name,
                    self.clock.now(),
                    confirmed_time_zone=confirmed,
                )
                await self._add(unit, mapping)
            await unit.commit()
        return mapping

    async def _connection(
        self, unit: Unit, organization_id: OrganizationId
    ) -> tuple[Organization, Connection]:
        organization = found(await unit.organizations.get(organization_id), "organization", organization_id)
        connection = await unit.connections.open_one(organization_id)
        if connection is None:
            raise NotConnected(organization.name)
        return organization, connection

    async def _events(
        self, organization: Organization, connection: Connection, command: NewMapping
    ) -> tuple[SourceEvent, GleaninEvent]:
        if connection.token is None:
            raise NotConnected(organization.name)
        hint = "`events` lists the ones there are."
        access = self.cipher.unseal(organization.sessionboard_token)
        async with self.sources.open(organization.sessionboard_url, access) as source:
            try:
                source_event = await source.event(command.sessionboard_event)
            except SourceEventGone:
                raise NotFound("Sessionboard event", command.sessionboard_event, hint) from None
        async with self.destinations.open(self.cipher.unseal(connection.token)) as destination:
            try:
                gleanin_event = await destination.event(command.gleanin_event)
            except DestinationEventGone:
                raise NotFound("Gleanin event", command.gleanin_event, hint) from None
        if gleanin_event.is_archived:
            message = f"The Gleanin event {gleanin_event.name} is archived. Activate it in Gleanin first."
            raise BadInput(message)
        return source_event, gleanin_event

    def _judge_time_zone(self, source: SourceEvent, gleanin: GleaninEvent, *, confirmed: bool) -> str | None:
        """Ask for a confirmation where Gleanin does not tell its zone; give the zone that was confirmed."""
        ours = zone_named(source.time_zone)
        if ours is None:
            message = (
                f"Sessionboard's time zone of {source.name} is {source.time_zone or 'not set'}, "
                "which is no known time zone. Set it on the event's Details page."
            )
            raise BadInput(message)
        if zone_named(gleanin.time_zone) is None and not confirmed:
            raise TimeZoneUnconfirmed(source.time_zone or "", gmt_offsets(ours, self.clock.now()))
        return source.time_zone if confirmed else None

    @staticmethod
    async def _add(unit: Unit, mapping: EventMapping) -> None:
        try:
            await unit.mappings.add(mapping)
        except Taken as taken:
            side, event = {
                Unique.GLEANIN_EVENT: ("Gleanin", str(mapping.events.gleanin_id)),
                Unique.SESSIONBOARD_EVENT: ("Sessionboard", str(mapping.events.sessionboard_id)),
            }[taken.what]
            raise AlreadyMapped(side, event) from None
