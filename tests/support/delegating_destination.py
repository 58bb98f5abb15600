"""A destination that delegates every call: the base of test doubles that add something around a write."""

from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.destination_records import DestinationEvent, DestinationRecord
from core.domain.records.fields import Fields
from core.domain.records.kinds import RecordKind
from ports.destination import Destination


@dataclass(frozen=True, slots=True)
class DelegatingDestination:
    destination: Destination

    @property
    def max_in_flight(self) -> int:
        return self.destination.max_in_flight

    @property
    def link_hosts(self) -> AbstractSet[str]:
        return self.destination.link_hosts

    async def events(self) -> Sequence[DestinationEvent]:
        return await self.destination.events()

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        return await self.destination.event(event_id)

    def records(
        self, event_id: DestinationEventId, kind: RecordKind
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        return self.destination.records(event_id, kind)

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        return await self.destination.create(event_id, kind, external_id, fields)

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        destination_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        await self.destination.update(event_id, kind, destination_id, changes)
