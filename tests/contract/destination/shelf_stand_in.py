"""The toy shelf: a list of shelves, and of each type of records on a shelf, without pages."""

from typing import Any

from gleanin_sync_testkit.destination import DestinationStandIn, StoredRecord
from gleanin_sync_testkit.wire import Answer, Request
from ports.plugins import RecordSchema

NOT_FOUND = Answer({"error": "Not Found"}, 404)

SCHEMAS = {
    "session": RecordSchema("talks", {"title": "name", "starts_at": "from", "ends_at": "to"}),
    "speaker": RecordSchema(
        "people", {"first_name": "given", "last_name": "family", "email": "email", "sessions": "talks"}
    ),
}


class ShelfStandIn(DestinationStandIn):
    url = "https://shelf.example.org"
    schemas = SCHEMAS

    def answer(self, request: Request) -> Answer:
        match request.method, self.parts(request):
            case "GET", ["shelves"]:
                return Answer(
                    [
                        {"id": event.id, "name": event.name, "zone": event.time_zone}
                        for event in self.events.values()
                    ]
                )
            case "GET", ["shelves", event_id, type_] if event_id in self.events:
                return Answer([_row(record) for record in self.list_records(event_id, type_)])
            case "POST", ["shelves", event_id, type_] if event_id in self.events:
                body = request.json
                return Answer(_row(self.create_record(event_id, type_, body.pop("external_id"), body)))
            case "PATCH", ["shelves", event_id, type_, record_id] if record_id in self.records:
                return Answer(_row(self.update_record(record_id, request.json)))
        return NOT_FOUND


def _row(record: StoredRecord) -> dict[str, Any]:
    return {"id": record.id, "external_id": record.external_id, **record.attributes}
