"""A destination that keeps records on a toy shelf: one list for each type of an event's records."""

import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

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
    DestinationUnreadable,
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
    UnsupportedKind,
    WriteForbidden,
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
    secret: str = field(repr=False)

    @property
    def max_in_flight(self) -> int:
        return 2

    @property
    def link_hosts(self) -> AbstractSet[str]:
        return frozenset()

    async def events(self) -> Sequence[DestinationEvent]:
        return [
            DestinationEvent(DestinationEventId(_id(row)), _text(row, "name") or _id(row), _text(row, "zone"))
            for row in _rows(await self._read("shelves"))
        ]

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        for event in await self.events():
            if event.id == event_id:
                return event
        raise DestinationEventGone(f"There is no shelf {event_id!r:.60}.")

    async def records(
        self, event_id: DestinationEventId, kind: RecordKind
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        answer = await self._read(_path(event_id, self._schema(kind)))
        if answer.status == HTTPStatus.NOT_FOUND:
            await self.event(event_id)  # raises if the shelf is what is missing
        yield list(map(_record, _rows(answer)))

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        if fields.get("title") == "break the shelf":
            raise ZeroDivisionError("the shelf broke")
        schema = self._schema(kind)
        body = {"external_id": external_id, **schema.constants, **_attributes(schema, fields)}
        try:
            answer = await self._write("POST", _path(event_id, schema), body)
        except RecordGone:
            await self.event(event_id)  # likewise
            raise
        if fields.get("title") == "drop it":
            raise ZeroDivisionError("the shelf broke later")
        created = _json(answer)
        if answer.status == HTTPStatus.ACCEPTED or not _is_row(created):
            raise WriteOutcomeUnknown("The shelf did not say what it created.")
        return DestinationId(created["id"])

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        destination_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        schema = self._schema(kind)
        body = _attributes(schema, {change.field: change.new for change in changes})
        answer = await self._write("PATCH", _path(event_id, schema, destination_id), body)
        if "drop it" in body.values():
            raise ZeroDivisionError("the shelf broke later")
        if not _is_row(_json(answer)):
            raise WriteOutcomeUnknown("The shelf did not say what it changed.")

    def _schema(self, kind: RecordKind) -> RecordSchema:
        if kind.name not in self.schemas:
            raise UnsupportedKind(f"The shelf takes no {kind.plural}.")
        return self.schemas[kind.name]

    async def _read(self, path: str) -> HttpAnswer:
        try:
            answer = await self.http.read(path)
        except HttpUnavailable as error:
            raise DestinationUnavailable(str(error)) from error
        if _is_page(answer):
            raise DestinationUnavailable(f"A web page was returned instead of the shelf ({answer.status}).")
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise DestinationRefused(f"The shelf refused the token ({answer.status}).")
        return answer

    async def _write(self, method: str, path: str, body: object) -> HttpAnswer:
        try:
            answer = await self.http.write(method, path, body)
        except HttpUnavailable as error:
            if error.not_executed:
                raise DestinationUnavailable(str(error)) from error
            raise WriteOutcomeUnknown(str(error)) from error
        match answer.status:
            case HTTPStatus.UNAUTHORIZED:
                raise DestinationRefused(f"The shelf refused the token ({answer.status}).")
            case HTTPStatus.FORBIDDEN:
                raise WriteForbidden(self._words(answer))
            case HTTPStatus.NOT_FOUND:
                raise RecordGone("It is not on the shelf any more.")
            case status if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
                raise WriteOutcomeUnknown(f"The shelf shook ({status}).")
            case status if status >= HTTPStatus.MULTIPLE_CHOICES:
                raise RecordRejected(self._words(answer))
        return answer

    def _words(self, answer: HttpAnswer) -> str:
        """Return why the shelf refused a record, without secrets and e-mail addresses."""
        document = _json(answer)
        reason = document.get("error") if isinstance(document, dict) else None
        words = [word for word in str(reason or "").split() if "@" not in word and self.secret not in word]
        return f"The shelf refused it ({answer.status}). {' '.join(words)}".strip()


def _attributes(schema: RecordSchema, fields: Mapping[str, object]) -> dict[str, object]:
    return {schema.attributes[name]: value for name, value in fields.items() if name in schema.attributes}


def _path(event_id: str, schema: RecordSchema, *ids: str) -> str:
    """Return the path of an event's records, or of one of them; ids cannot lead to another path."""
    return "/".join(("shelves", quote(event_id, safe=""), schema.type, *(quote(one, safe="") for one in ids)))


def _json(answer: HttpAnswer) -> Any:
    """Return the document in an answer; None if there is none."""
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def _rows(answer: HttpAnswer) -> list[dict[str, Any]]:
    document = _json(answer)
    if answer.status != HTTPStatus.OK or not isinstance(document, list):
        raise DestinationUnreadable(f"The shelf did not return a list ({answer.status}).")
    return document


def _is_row(row: object) -> bool:
    return isinstance(row, dict) and isinstance(row.get("id"), str) and bool(row["id"])


def _is_page(answer: HttpAnswer) -> bool:
    return "html" in answer.headers.get("content-type", "")


def _id(row: dict[str, Any]) -> str:
    if not _is_row(row):
        raise DestinationUnreadable("Something on the shelf has no id.")
    return str(row["id"])


def _text(row: dict[str, Any], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) else None


def _record(row: dict[str, Any]) -> DestinationRecord:
    record_id, external_id, talks = _id(row), _text(row, "external_id"), row.get("talks")
    return DestinationRecord(
        DestinationId(record_id),
        ExternalId(external_id) if external_id else None,
        _text(row, "email"),
        tuple(DestinationId(talk) for talk in talks if isinstance(talk, str))
        if isinstance(talks, list)
        else (),
    )


@asynccontextmanager
async def _open(access: Access, http: OpenHttp, before_write: BeforeWrite | None) -> AsyncIterator[ToyShelf]:
    headers = {"Authorization": f"Token {access.token.value}"}
    async with http(access.url, headers, before_write) as opened:
        yield ToyShelf(opened, {**SCHEMAS, **access.schemas}, access.token.value)


PLUGIN = DestinationPlugin(
    "toy-shelf",
    "Toy Shelf",
    _open,
    url=os.environ.get("TOY_SHELF_URL", "https://shelf.example.org"),
    access_help="Behind the shelf.",
)
