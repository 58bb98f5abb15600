"""List the events of both sides, and which can still be mapped (rules 4 and 5)."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.errors import require
from core.domain.ids import OrganizationId
from core.domain.records.destination_records import DestinationEvent
from core.domain.records.source_records import SourceEvent
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import open_token
from core.domain.tenancy.secrets import SealedToken
from ports.cipher import TokenCipher
from ports.destination import Destinations
from ports.source import Sources
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ListedEvent:
    id: str
    name: str
    time_zone: str | None
    why_not: str = ""
    """Why it cannot be mapped; empty where it can."""
    only_with: str = ""
    """The one event of the other side that it can be mapped to, where rule 5 binds it."""

    @property
    def mappable(self) -> bool:
        return not self.why_not


@dataclass(frozen=True, slots=True)
class EventLists:
    sessionboard: Sequence[ListedEvent]
    gleanin: Sequence[ListedEvent]


@dataclass(frozen=True, slots=True)
class ListEvents:
    units: UnitOfWorkFactory
    sources: Sources
    destinations: Destinations
    cipher: TokenCipher

    async def __call__(
        self, organization_id: OrganizationId, *, sessionboard_only: bool = False
    ) -> EventLists:
        """Read both sides live, or Sessionboard only: that needs no connection, and says nothing of Gleanin's events.

        Raises:
            NotConnected: Gleanin's events are seen with the connection's token.
            SourceError, DestinationError
        """
        async with self.units.read() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            token = None
            if not sessionboard_only:
                token = open_token(await unit.connections.get_open(organization_id), organization)
        access, url = self.cipher.unseal(organization.sessionboard_token), organization.sessionboard_url
        async with self.sources.open(url, access) as source:
            at_home, abroad = await asyncio.gather(source.events(), self._abroad(token))
        async with self.units.read() as unit:
            holders = await unit.mappings.holding(
                url, [each.id for each in at_home], [each.id for each in abroad]
            )
        return EventLists(
            _listed(
                at_home,
                {
                    each.events.sessionboard_id: _held(each, each.gleanin_name, organization_id)
                    for each in holders
                    if each.events.sessionboard_url == url
                },
            ),
            _listed(
                abroad,
                {
                    each.events.gleanin_id: _held(each, each.sessionboard_name, organization_id)
                    for each in holders
                },
            ),
        )

    async def _abroad(self, token: SealedToken | None) -> Sequence[DestinationEvent]:
        if token is None:
            return ()
        async with self.destinations.open(self.cipher.unseal(token)) as destination:
            return await destination.events()


def _listed(
    events: Iterable[SourceEvent | DestinationEvent], held: Mapping[str, tuple[str, str]]
) -> list[ListedEvent]:
    listed = []
    for each in events:
        why_not, only_with = held.get(each.id, ("", ""))
        if isinstance(each, DestinationEvent) and each.is_archived:
            why_not, only_with = "archived in Gleanin", ""
        listed.append(ListedEvent(each.id, each.name, each.time_zone, why_not, only_with))
    return listed


def _held(mapping: EventMapping, partner: str, organization_id: OrganizationId) -> tuple[str, str]:
    """Say of an event in a mapping why it cannot be mapped, or to which event only."""
    if mapping.organization_id != organization_id:
        return "mapped already", ""  # whose mapping it is, is nobody's business
    return (f"mapped to {partner}", "") if mapping.is_active else ("", partner)
