"""List the events of both sides, and which can still be mapped (rules 4 and 5)."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from core.domain.identifiers import GleaninEventId, OrganizationId, SessionboardEventId
from core.domain.mappings import EventMapping, EventPair
from core.domain.refusals import NotConnected, found
from ports.cipher import TokenCipher
from ports.destination import Destinations
from ports.persistence import Unit, Units
from ports.session_source import SessionSources

NO_EVENT = ""


@dataclass(frozen=True, slots=True)
class ListedEvent:
    id: str
    name: str
    time_zone: str | None
    why_not: str = ""
    """Why it cannot be mapped; empty where it can."""

    @property
    def mappable(self) -> bool:
        return not self.why_not


@dataclass(frozen=True, slots=True)
class EventLists:
    sessionboard: Sequence[ListedEvent]
    gleanin: Sequence[ListedEvent]


@dataclass(frozen=True, slots=True)
class ListEvents:
    units: Units
    sources: SessionSources
    destinations: Destinations
    cipher: TokenCipher

    async def __call__(self, organization_id: OrganizationId) -> EventLists:
        """Read both sides live.

        Raises:
            NotConnected: Gleanin's events are seen with the connection's token.
        """
        async with self.units.reading() as unit:
            organization = found(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            connection = await unit.connections.open_one(organization_id)
            if connection is None or connection.token is None:
                raise NotConnected(organization.name)
        access = self.cipher.unseal(organization.sessionboard_token)
        async with (
            self.sources.open(organization.sessionboard_url, access) as source,
            self.destinations.open(self.cipher.unseal(connection.token)) as destination,
        ):
            source_events, gleanin_events = await asyncio.gather(source.events(), destination.events())
        url = organization.sessionboard_url
        async with self.units.reading() as unit:
            at_home = {each.id: await _holder(unit, url, each.id, NO_EVENT) for each in source_events}
            abroad = {each.id: await _holder(unit, url, NO_EVENT, each.id) for each in gleanin_events}
        return EventLists(
            [
                ListedEvent(
                    each.id, each.name, each.time_zone, _why_not(at_home[each.id], organization_id, "gleanin")
                )
                for each in source_events
            ],
            [
                ListedEvent(
                    each.id,
                    each.name,
                    each.time_zone,
                    "archived in Gleanin"
                    if each.is_archived
                    else _why_not(abroad[each.id], organization_id, "sessionboard"),
                )
                for each in gleanin_events
            ],
        )


async def _holder(unit: Unit, url: str, sessionboard_event: str, gleanin_event: str) -> EventMapping | None:
    pair = EventPair(url, SessionboardEventId(sessionboard_event), GleaninEventId(gleanin_event))
    return next(iter(await unit.mappings.holding(pair)), None)


def _why_not(mapping: EventMapping | None, organization_id: OrganizationId, other_side: str) -> str:
    if mapping is None:
        return ""
    if mapping.organization_id != organization_id:
        return "mapped already"  # whose mapping it is, is nobody's business
    partner = mapping.gleanin_name if other_side == "gleanin" else mapping.sessionboard_name
    if mapping.is_active:
        return f"mapped to {partner}"
    # Its own partner is still open to it; to say so beats a plain no.
    return f"synced with {partner} under this connection: can be mapped to that event only"
