"""List the events of both systems, and which can still be mapped (rules 4 and 5)."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.errors import require
from core.domain.ids import OrganizationId
from core.domain.records.destination_records import DestinationEvent
from core.domain.records.source_records import SourceEvent
from core.domain.systems import ExternalSystem
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Connection, Organization, open_access
from core.usecases.shared.credentials import unseal
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
    """Why the event cannot be mapped; empty if it can."""
    only_with: str = ""
    """The only event of the other system that it can be mapped to, if rule 5 binds it."""

    @property
    def mappable(self) -> bool:
        return not self.why_not


@dataclass(frozen=True, slots=True)
class EventLists:
    source: Sequence[ListedEvent]
    destination: Sequence[ListedEvent]


@dataclass(frozen=True, slots=True)
class ListEvents:
    units: UnitOfWorkFactory
    sources: Sources
    destinations: Destinations
    cipher: TokenCipher

    async def __call__(self, organization_id: OrganizationId, *, source_only: bool = False) -> EventLists:
        """Read both systems live, or only the source, which needs no connection.

        Raises:
            NotConnected: reading the destination's events needs the connection's token.
            SourceError, DestinationError
        """
        async with self.units.read() as unit:
            organization = require(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            connection = None
            if not source_only:
                connection = await unit.connections.get_open(organization_id)
                open_access(connection, organization)
        url = organization.source_url
        to_source = unseal(self.cipher, organization.source_access)
        async with self.sources.named(organization.source.identifier).open(to_source) as source:
            source_events, destination_events = await asyncio.gather(
                source.events(), self._destination_events(connection, organization)
            )
        async with self.units.read() as unit:
            holders = await unit.mappings.list_by_events(
                url, [event.id for event in source_events], [event.id for event in destination_events]
            )
        return EventLists(
            _list(
                source_events,
                {
                    mapping.events.source_id: _restriction(
                        mapping, mapping.destination_event_name, organization_id
                    )
                    for mapping in holders
                    if mapping.events.source_url == url
                },
                organization.source,
            ),
            _list(
                destination_events,
                {
                    mapping.events.destination_id: _restriction(
                        mapping, mapping.source_event_name, organization_id
                    )
                    for mapping in holders
                },
                connection.destination if connection else None,
            ),
        )

    async def _destination_events(
        self, connection: Connection | None, organization: Organization
    ) -> Sequence[DestinationEvent]:
        if connection is None:
            return ()
        access = unseal(self.cipher, open_access(connection, organization))
        async with self.destinations.named(connection.destination.identifier).open(access) as destination:
            return await destination.events()


def _list(
    events: Iterable[SourceEvent | DestinationEvent],
    restrictions: Mapping[str, tuple[str, str]],
    system: ExternalSystem | None,
) -> list[ListedEvent]:
    listed = []
    for event in events:
        why_not, only_with = restrictions.get(event.id, ("", ""))
        if isinstance(event, DestinationEvent) and event.is_archived:
            why_not, only_with = f"archived in {system}", ""
        listed.append(ListedEvent(event.id, event.name, event.time_zone, why_not, only_with))
    return listed


def _restriction(mapping: EventMapping, partner: str, organization_id: OrganizationId) -> tuple[str, str]:
    """Return why a mapping's event cannot be mapped, or the only event that it can be mapped to."""
    if mapping.organization_id != organization_id:
        return "already mapped", ""  # does not reveal by which organization
    return (f"mapped to {partner}", "") if mapping.is_active else ("", partner)
