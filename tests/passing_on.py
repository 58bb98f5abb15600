"""A destination that passes everything on: for doubles that do something of their own around a write."""

from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from core.domain.ids import ExternalId, GleaninEventId, GleaninId
from core.domain.planning.plan import FieldChange
from core.domain.records.destination_records import GleaninEvent, GleaninRecord
from core.domain.records.fields import Fields
from core.domain.records.kinds import RecordKind
from ports.destination import Destination


@dataclass(frozen=True, slots=True)
class PassingOn:
    destination: Destination

    @property
    def most_in_flight(self) -> int:
        return self.destination.most_in_flight

    @property
    def link_hosts(self) -> AbstractSet[str]:
        return self.destination.link_hosts

    async def events(self) -> Sequence[GleaninEvent]:
        return await self.destination.events()

    async def event(self, event_id: GleaninEventId) -> GleaninEvent:
        return await self.destination.event(event_id)

    def records(self, event_id: GleaninEventId, kind: RecordKind) -> AsyncIterator[Sequence[GleaninRecord]]:
        return self.destination.records(event_id, kind)

    async def create(
        self, event_id: GleaninEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> GleaninId:
        return await self.destination.create(event_id, kind, external_id, fields)

    async def update(
        self, event_id: GleaninEventId, kind: RecordKind, gleanin_id: GleaninId, changes: Sequence[FieldChange]
    ) -> None:
        await self.destination.update(event_id, kind, gleanin_id, changes)
