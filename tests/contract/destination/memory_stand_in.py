"""The destination in memory, with the interface of a stand-in."""

from collections.abc import Mapping
from typing import Any

from adapters.memory.destination import InMemoryGleanin
from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.records.kinds import KINDS
from core.domain.records.synced_records import ShareLink
from gleanin_sync_testkit.destination import DestinationStandIn, StoredEvent, StoredRecord
from gleanin_sync_testkit.wire import Answer, Request
from ports.plugins import RecordSchema

SCHEMAS = {kind.name: RecordSchema(kind.name, {name: name for name in kind.fields}) for kind in KINDS}


class MemoryStandIn(DestinationStandIn):
    """It has no wire; what it holds is what the adapter itself holds."""

    link_host = "invt.io"
    schemas = SCHEMAS

    def __init__(self) -> None:
        self.gleanin = InMemoryGleanin(links_after_reads=None, tokens={self.token})
        super().__init__()

    @property
    def events(self) -> dict[str, StoredEvent]:
        return {
            event.id: StoredEvent(event.id, event.name, event.time_zone)
            for event in self.gleanin.events.values()
        }

    @events.setter
    def events(self, _none: dict[str, StoredEvent]) -> None:
        """Ignore the base class' empty dictionary."""

    @property
    def records(self) -> dict[str, StoredRecord]:
        return {
            record.id: StoredRecord(
                record.id,
                record.event_id,
                record.kind.name,
                record.external_id,
                {name: self.encoded(name, value) for name, value in record.fields.items()},
            )
            for record in self.gleanin.records.values()
        }

    @records.setter
    def records(self, _none: dict[str, StoredRecord]) -> None:
        """Ignore the base class' empty dictionary."""

    def answer(self, request: Request) -> Answer:
        raise AssertionError(f"There is no wire, but a request came: {request.url}")

    def create_record(
        self, event_id: str, type_: str, external_id: str | None, attributes: Mapping[str, Any]
    ) -> StoredRecord:
        fields = {
            name: tuple(value) if isinstance(value, list) else value for name, value in attributes.items()
        }
        record = self.gleanin.add_record(
            DestinationEventId(event_id),
            KINDS.named(type_),
            fields,
            ExternalId(external_id) if external_id else None,
        )
        return self.records[record.id]

    def update_record(self, record_id: str, attributes: Mapping[str, Any]) -> StoredRecord:
        self.gleanin.records[DestinationId(record_id)].fields.update(attributes)
        return self.records[record_id]

    def add_event(self, name: str, time_zone: str | None = None) -> str:
        return self.gleanin.add_event(self.new_id(), name, time_zone).id

    def remove_event(self, event_id: str) -> None:
        self.gleanin.remove_event(DestinationEventId(event_id))

    def remove_record(self, record_id: str) -> None:
        self.gleanin.delete_by_hand(DestinationId(record_id))

    def add_link(self, record_id: str, url: str) -> None:
        record = self.gleanin.records[DestinationId(record_id)]
        record.links = (*(record.links or ()), ShareLink("Campaign", url))
