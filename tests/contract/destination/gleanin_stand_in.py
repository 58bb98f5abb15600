"""Gleanin as its contract describes it: JSON:API, with an event's records in `included`."""

from typing import Any

from core.domain.records.kinds import EXHIBITOR_CONTACT, SESSION, SPEAKER
from gleanin_sync_testkit.destination import DestinationStandIn, StoredEvent, StoredRecord
from gleanin_sync_testkit.wire import Answer, Request
from ports.plugins import FieldValue, RecordSchema

NOT_FOUND = Answer({"errors": [{"status": "404", "title": "Not found"}]}, 404)

SCHEMAS = {
    SESSION.name: RecordSchema(
        "sessions",
        {name: name for name in ("title", "starts_at", "ends_at", "schedule", "description", "tracks")},
    ),
    SPEAKER.name: RecordSchema(
        "speakers",
        {
            **{
                name: name
                for name in ("first_name", "last_name", "name", "email", "job_title", "company_name")
            },
            "headshot": "headshot_url",
            "sessions": "session_ids",
        },
    ),
    EXHIBITOR_CONTACT.name: RecordSchema(
        "exhibitors", {"company_name": "company_name", "email": "email", "logo": "logo_url"}
    ),
}


class GleaninStandIn(DestinationStandIn):
    url = "https://gleanin.example/api/clients/v1"
    link_host = "app.gleanin.com"
    further_type = "partners"
    schemas = SCHEMAS

    def encoded(self, field_name: str, value: FieldValue) -> Any:
        return (
            [int(item) for item in value] if field_name == "sessions" else super().encoded(field_name, value)
        )

    def rejection(self, words: str) -> Answer:
        return Answer({"errors": [{"status": "422", "detail": words}]}, 422)

    def answer(self, request: Request) -> Answer:
        match request.method, self.parts(request):
            case "GET", ["events"] if not request.query.get("include"):
                page = self.page([*self.events.values()], int(request.query.get("start", "0")))
                return Answer({"data": [_event(event) for event in page.rows], **self._next(request, page)})
            case "GET", ["events", event_id] if event_id in self.events:
                return self._show(request, self.events[event_id])
            case "POST", [type_]:
                return self._create(type_, request.json["data"])
            case "PATCH", [type_, record_id] if self._has(type_, record_id):
                self.update_record(record_id, request.json["data"]["attributes"])
                return Answer({"data": _record(self.records[record_id])})
        return NOT_FOUND

    def _show(self, request: Request, event: StoredEvent) -> Answer:
        type_ = request.query.get("include")
        if type_ is None:
            return Answer({"data": _event(event)})
        records = self.list_records(event.id, type_)
        page = self.page(records, int(request.query.get("start", "0")))
        listed = [{"type": type_, "id": record.id} for record in records]
        data = {**_event(event), "relationships": {type_: {"data": listed}}}
        included = [_record(record) for record in page.rows]
        return Answer({"data": data, "included": included, **self._next(request, page)})

    def _create(self, type_: str, data: Any) -> Answer:
        attributes = dict(data["attributes"])
        event_id = str(attributes.pop("event_id"))
        if event_id not in self.events:
            return NOT_FOUND
        record = self.create_record(event_id, type_, attributes.pop("external_idx"), attributes)
        return Answer({"data": _record(record)}, 201)

    def _has(self, type_: str, record_id: str) -> bool:
        return record_id in self.records and self.records[record_id].type == type_

    def _next(self, request: Request, page: Any) -> dict[str, Any]:
        start = page.next_start
        return {} if start is None else {"links": {"next": self.link(request, start=start)}}


def _event(event: StoredEvent) -> dict[str, Any]:
    attributes = {"title": event.name, "state": "active", "time_zone": event.time_zone}
    return {"type": "events", "id": event.id, "attributes": attributes}


def _record(record: StoredRecord) -> dict[str, Any]:
    own = {"event_id": int(record.event_id), "external_idx": record.external_id}
    links = [{"campaign_id": 7, "title": "Campaign", "url": url} for url in record.links]
    attributes = {**own, **record.attributes, "campaign_links": links}
    return {"type": record.type, "id": record.id, "attributes": attributes}
