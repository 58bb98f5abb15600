"""A destination with pages by position and a count, for the stand-in that docs/plugins.md shows."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from ports.plugins import (
    Access,
    BeforeWrite,
    DestinationError,
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
    ShareLink,
    UnsupportedKind,
    WriteForbidden,
    WriteOutcomeUnknown,
)

Row = dict[str, Any]
PAGE_SIZE = 3
SCHEMAS = {
    "session": RecordSchema(
        "talks", {"title": "title", "starts_at": "start", "ends_at": "end", "description": "abstract"}
    ),
    "speaker": RecordSchema(
        "people",
        {
            "name": "full_name",
            "email": "mail",
            "job_title": "role",
            "company_name": "firm",
            "sessions": "talk_ids",
        },
    ),
}


@dataclass(frozen=True)
class Ledger:
    http: Http
    schemas: Mapping[str, RecordSchema]
    secret: str = field(repr=False)
    max_in_flight: int = 4
    link_hosts: AbstractSet[str] = frozenset({"links.example.org"})

    async def events(self) -> Sequence[DestinationEvent]:
        rows = [row async for page in self._pages("events") for row in page]
        return [DestinationEvent(DestinationEventId(_id(row)), row["name"], row["zone"]) for row in rows]

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        for event in await self.events():
            if event.id == event_id:
                return event
        raise DestinationEventGone("The ledger has no such event.")

    async def records(
        self, event_id: DestinationEventId, kind: RecordKind
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        try:
            async for rows in self._pages(_path(event_id, self._schema(kind))):
                yield list(map(_record, rows))
        except RecordGone as error:
            await self.event(event_id)
            raise DestinationUnreadable("The ledger has no such list.") from error

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        schema = self._schema(kind)
        body = {"reference": external_id, **schema.constants, **_attributes(schema, fields)}
        try:
            answer = await self._write("POST", _path(event_id, schema), body)
        except RecordGone:
            await self.event(event_id)
            raise
        if answer.status == HTTPStatus.ACCEPTED:
            raise WriteOutcomeUnknown("The ledger creates it later.")
        return _written_id(answer)

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        destination_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        schema = self._schema(kind)
        body = _attributes(schema, {change.field: change.new for change in changes})
        _written_id(await self._write("PATCH", _path(event_id, schema, destination_id), body))

    def _schema(self, kind: RecordKind) -> RecordSchema:
        if kind.name not in self.schemas:
            raise UnsupportedKind(f"The ledger takes no {kind.plural}.")
        return self.schemas[kind.name]

    async def _pages(self, path: str) -> AsyncIterator[list[Row]]:
        """Yield the pages of a list, which is complete."""
        found: set[str] = set()
        offset, count = 0, 1
        while offset < count:
            document = await self._read(path, offset)
            try:
                rows, count = document["results"], int(document["count"])
                found.update(map(_id, rows))
            except (KeyError, TypeError, ValueError) as error:
                raise DestinationUnreadable("The ledger did not return a list.") from error
            yield rows
            offset += PAGE_SIZE
        if len(found) != count:
            raise DestinationUnreadable(f"The ledger listed {len(found)} of {count} entries.")

    async def _read(self, path: str, offset: int) -> Any:
        try:
            answer = await self.http.read(path, {"offset": offset, "limit": PAGE_SIZE})
        except HttpUnavailable as error:
            raise DestinationUnavailable(str(error)) from error
        if answer.body.lstrip().startswith(b"<"):
            raise DestinationUnavailable("A web page was returned instead of the ledger.")
        if answer.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise DestinationRefused("The ledger refused the token.")
        if answer.status == HTTPStatus.NOT_FOUND:
            raise RecordGone("The ledger has no such list.")
        document = _json(answer)
        if answer.status != HTTPStatus.OK or document is None:
            raise DestinationUnreadable(f"The ledger did not return a list (HTTP {answer.status}).")
        return document

    async def _write(self, method: str, path: str, body: object) -> HttpAnswer:
        try:
            answer = await self.http.write(method, path, body)
        except HttpUnavailable as error:
            if error.not_executed:
                raise DestinationUnavailable(str(error)) from error
            raise WriteOutcomeUnknown(str(error)) from error
        if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise self._failure(answer)
        return answer

    def _failure(self, answer: HttpAnswer) -> DestinationError:
        if answer.status == HTTPStatus.UNAUTHORIZED:
            return DestinationRefused("The ledger refused the token.")
        if answer.status == HTTPStatus.FORBIDDEN:
            return WriteForbidden("The ledger forbids this entry.")
        if answer.status == HTTPStatus.NOT_FOUND:
            return RecordGone("The ledger has no such entry.")
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return WriteOutcomeUnknown(f"The ledger failed (HTTP {answer.status}).")
        document = _json(answer)
        reason = document.get("detail") if isinstance(document, dict) else None
        words = [word for word in str(reason or "").split() if "@" not in word and self.secret not in word]
        return RecordRejected(" ".join(words) or f"The ledger rejected it (HTTP {answer.status}).")


def _attributes(schema: RecordSchema, fields: Mapping[str, object]) -> dict[str, object]:
    return {schema.attributes[name]: value for name, value in fields.items() if name in schema.attributes}


def _path(event_id: str, schema: RecordSchema, *record_id: str) -> str:
    quoted = [quote(part, safe="") for part in (event_id, schema.type, *record_id)]
    return "/".join(("events", *quoted))


def _json(answer: HttpAnswer) -> Any:
    try:
        return json.loads(answer.body)
    except ValueError:
        return None


def _id(row: Row) -> str:
    return str(int(row["id"]))


def _written_id(answer: HttpAnswer) -> DestinationId:
    try:
        return DestinationId(_id(_json(answer)))
    except (KeyError, TypeError, ValueError) as error:
        raise WriteOutcomeUnknown("The ledger did not confirm an entry.") from error


def _record(row: Row) -> DestinationRecord:
    reference, mail = row.get("reference"), row.get("mail")
    talks, links = row.get("talk_ids"), row.get("links")
    return DestinationRecord(
        DestinationId(_id(row)),
        ExternalId(reference) if isinstance(reference, str) else None,
        mail if isinstance(mail, str) else None,
        tuple(DestinationId(str(talk)) for talk in talks) if isinstance(talks, list) else (),
        tuple(ShareLink("Link", str(link)) for link in links) if isinstance(links, list) else None,
    )


@asynccontextmanager
async def _open(access: Access, http: OpenHttp, before_write: BeforeWrite | None) -> AsyncIterator[Ledger]:
    headers = {"Authorization": f"Key {access.token.value}"}
    async with http(access.url, headers, before_write) as opened:
        yield Ledger(opened, {**SCHEMAS, **access.schemas}, access.token.value)


PLUGIN = DestinationPlugin("ledger", "Ledger", _open)
