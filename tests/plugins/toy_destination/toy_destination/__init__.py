"""A destination that keeps records on a toy shelf: one list for each type of an event's records."""

import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from ports.plugins import (
    SESSION,
    SPEAKER,
    Access,
    BeforeWrite,
    DestinationEvent,
    DestinationEventGone,
    DestinationEventId,
    DestinationId,
    DestinationPlugin,
    DestinationRecord,
    DestinationRefused,
    DestinationUnavailable,
    ExternalId,
    FieldChange,
    Fields,
    Http,
    HttpAnswer,
    HttpUnavailable,
    OpenHttp,
    RecordGone,
    RecordKind,
    RecordRejected,
    RecordSchema,
    RecordsNotReported,
    WriteOutcomeUnknown,
)

SCHEMAS = {
    SESSION.name: RecordSchema("talks", {"title": "name", "starts_at": "from", "ends_at": "to"}),
    SPEAKER.name: RecordSchema(
        "people", {"first_name": "given", "last_name": "family", "email": "email", "sessions": "talks"}
    ),
}


@dataclass(frozen=True)
class ToyShelf:
    http: Http
    schemas: Mapping[str, RecordSchema]

    @property
    def max_in_flight(self) -> int:
        return 2

    @property
    def link_hosts(self) -> AbstractSet[str]:
        return frozenset()

    async def events(self) -> Sequence[DestinationEvent]:
        return [
            DestinationEvent(DestinationEventId(row["id"]), row["name"], row["zone"])
            for row in await self._read("shelves")
        ]

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        for event in await self.events():
            if event.id == event_id:
                return event
        raise DestinationEventGone(f"There is no shelf {event_id!r}.")

    async def records(
        self, event_id: DestinationEventId, kind: RecordKind
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        if kind.name not in self.schemas:
            raise RecordsNotReported(f"The shelf has no {kind.plural}.")
        yield [
            DestinationRecord(
                DestinationId(row["id"]),
                ExternalId(row["external_id"]),
                row.get("email"),
                tuple(map(DestinationId, row.get("talks", ()))),
            )
            for row in await self._read(f"shelves/{event_id}/{self.schemas[kind.name].type}")
        ]

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        if fields.get("title") == "break the shelf":
            raise ZeroDivisionError("the shelf broke")
        schema = self.schemas[kind.name]
        body = {"external_id": external_id, **schema.constants, **_attributes(schema, fields)}
        written = await self._write("POST", f"shelves/{event_id}/{schema.type}", body)
        if fields.get("title") == "drop it":
            raise ZeroDivisionError("the shelf broke later")
        return DestinationId(json.loads(written.body)["id"])

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        destination_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        schema = self.schemas[kind.name]
        body = _attributes(schema, {change.field: change.new for change in changes})
        await self._write("PATCH", f"shelves/{event_id}/{schema.type}/{destination_id}", body)
        if "drop it" in body.values():
            raise ZeroDivisionError("the shelf broke later")

    async def _read(self, path: str) -> list[dict[str, Any]]:
        try:
            answer = await self.http.read(path)
        except HttpUnavailable as error:
            raise DestinationUnavailable(str(error)) from error
        _check_access(answer)
        rows: list[dict[str, Any]] = json.loads(answer.body)
        return rows

    async def _write(self, method: str, path: str, body: object) -> HttpAnswer:
        try:
            answer = await self.http.write(method, path, body)
        except HttpUnavailable as error:
            if error.not_executed:
                raise DestinationUnavailable(str(error)) from error
            raise WriteOutcomeUnknown(str(error)) from error
        _check_access(answer)
        if answer.status == 404:
            raise RecordGone("It is not on the shelf any more.")
        if answer.status >= 500:
            raise WriteOutcomeUnknown(f"The shelf shook ({answer.status}).")
        if answer.status >= 400:
            raise RecordRejected(f"The shelf refused it ({answer.status}).")
        return answer


def _attributes(schema: RecordSchema, fields: Mapping[str, object]) -> dict[str, object]:
    return {schema.attributes[name]: value for name, value in fields.items() if name in schema.attributes}


def _check_access(answer: HttpAnswer) -> None:
    if answer.status == 401:
        raise DestinationRefused("The shelf refused the token (401).")


@asynccontextmanager
async def _open(access: Access, http: OpenHttp, before_write: BeforeWrite | None) -> AsyncIterator[ToyShelf]:
    headers = {"Authorization": f"Token {access.token.value}"}
    async with http(access.url, headers, before_write) as opened:
        yield ToyShelf(opened, {**SCHEMAS, **access.schemas})


PLUGIN = DestinationPlugin(
    "toy-shelf",
    "Toy Shelf",
    _open,
    url=os.environ.get("TOY_SHELF_URL", "https://shelf.example.org"),
    access_help="Behind the shelf.",
)
