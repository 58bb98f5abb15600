"""Writes share links into custom fields of Sessionboard's records (rule 38)."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus

from adapters.http_client.client import HttpClient
from adapters.http_client.errors import HostUnavailable, Throttled
from adapters.http_client.responses import Response
from adapters.http_client.retries import RetryPolicy
from adapters.sessionboard import link_wire as wire
from adapters.sessionboard.client import MIB, SessionboardClient, headers_with
from adapters.sessionboard.lists import OLDEST_FIRST, SessionboardLists, event_path
from adapters.sessionboard.parsing import WrongShape, parse
from adapters.sessionboard.source import SessionboardSources
from core.domain.ids import SourceEventId
from core.domain.links.link_homes import HolderType, LinkField
from core.domain.links.write_back import LinkHolder
from core.domain.links.write_quota import WriteLimits
from core.domain.records.source_records import Unreadable
from core.domain.tenancy.secrets import Token
from ports.destination import BeforeWrite
from ports.link_writer import (
    LinkQuotaUsedUp,
    LinkWrite,
    LinkWriteForbidden,
    LinkWriter,
    LinkWriteUnknown,
    LinkWritten,
    Written,
)
from ports.source import (
    SourceEventGone,
    SourceIncomplete,
    SourceRefused,
    SourceUnavailable,
    SourceUnreadable,
)

NO_VERSION = "Sessionboard does not tell the record's version, which a write needs."


class _Conflict(Exception):
    """The whole request was refused because a record has changed."""


@dataclass(frozen=True, slots=True)
class SessionboardLinkWriter:
    client: SessionboardClient
    writing: HttpClient
    """Never waits: what a limit leaves over goes with the next sync. Its limits do not concern reading."""

    @property
    def limits(self) -> WriteLimits:
        return wire.LIMITS

    async def fields(self, event_id: SourceEventId, holder: HolderType) -> Sequence[LinkField]:
        path, search = f"{event_path(event_id)}/fields", wire.fields_search(holder)
        rows: list[LinkField | Unreadable] = []
        async for page in SessionboardLists(self.client).read(
            wire.FIELD_SCHEMA, "custom fields", "POST", path, search
        ):
            rows += page
        return [row for row in rows if isinstance(row, LinkField)]

    async def create_field(self, event_id: SourceEventId, holder: HolderType, name: str) -> None:
        path = f"{event_path(event_id)}/fields/create"
        try:
            await self._send(path, wire.new_field(holder, name), wire.write_scope(HolderType("fields")))
        except _Conflict as error:
            raise SourceUnreadable("Sessionboard refused to make the field (HTTP 409).") from error

    async def holders(
        self, event_id: SourceEventId, holder: HolderType, field: str
    ) -> AsyncIterator[Sequence[LinkHolder]]:
        path, search = f"{event_path(event_id)}/{holder}", {"sort": OLDEST_FIRST}
        unreadable = 0
        lists = SessionboardLists(self.client)
        async for page in lists.read(wire.holder_schema(field), holder, "POST", path, search):
            readable = [row for row in page if isinstance(row, LinkHolder)]
            unreadable += len(page) - len(readable)
            if readable:
                yield readable
        if unreadable:
            raise SourceIncomplete(f"{unreadable} of Sessionboard's {holder} cannot be read.")

    async def write(
        self, event_id: SourceEventId, holder: HolderType, field: str, writes: Sequence[LinkWrite]
    ) -> Sequence[LinkWritten]:
        guarded = [write for write in writes if write.guard]
        found = await self._write(event_id, holder, field, guarded) if guarded else ()
        by_id = {each.id: each for each in found}
        return [
            by_id.get(write.id) or LinkWritten(write.id, Written.REFUSED, problem=NO_VERSION)
            for write in writes
        ]

    async def _write(
        self, event_id: SourceEventId, holder: HolderType, field: str, writes: Sequence[LinkWrite]
    ) -> Sequence[LinkWritten]:
        path = f"{event_path(event_id)}/{holder}/bulk"
        try:
            body = await self._send(path, wire.bulk(field, writes), wire.write_scope(holder))
        except _Conflict:
            return [LinkWritten(write.id, Written.CONFLICT) for write in writes]
        try:
            results = wire.read_results(parse(body), field, writes)
        except WrongShape:
            results = None
        if results is None:
            raise LinkWriteUnknown("Sessionboard's answer does not say what became of each link.")
        return results

    async def _send(self, path: str, body: Mapping[str, object], scope: str) -> bytes:
        """Send a write once, and return the body of the answer.

        Raises:
            _Conflict: the whole was refused because of a record's version.
            LinkQuotaUsedUp, LinkWriteForbidden, SourceError: nothing was written.
            LinkWriteUnknown: it may have been.
        """
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        url, check = self.writing.url(path), partial(_checked, scope=scope)
        try:
            return await self.writing.send("POST", url, check, lambda _: 8 * MIB, body=content, is_write=True)
        except HostUnavailable as error:
            cause = error.__cause__
            if isinstance(cause, Throttled):
                raise LinkQuotaUsedUp(str(error), cause.retry_after) from error
            if error.not_executed:
                raise SourceUnavailable(str(error)) from error
            raise LinkWriteUnknown(str(error)) from error


def _checked(response: Response, *, scope: str) -> bytes:
    """Return the body of an answer to a write.

    Raises:
        TransientError: a server error or a web page: the write may have been executed.
        _Conflict, LinkWriteForbidden, SourceError: it was not.
        LinkWriteUnknown: it was, or may have been, but the answer cannot be read.
    """
    status = response.status
    if response.is_server_error or (response.is_web_page and not response.is_redirect):
        raise response.as_transient()
    if status == HTTPStatus.UNAUTHORIZED:
        raise SourceRefused("The Sessionboard token was refused (401). It may be revoked.")
    if status == HTTPStatus.FORBIDDEN:
        raise LinkWriteForbidden(
            f"Sessionboard refuses the write (403). The token needs the scope {scope}, and the feature must be on for "
            "this event."
        )
    if status == HTTPStatus.NOT_FOUND:
        raise SourceEventGone("Sessionboard no longer has this event, or the token has no access to it.")
    if status == HTTPStatus.CONFLICT:
        raise _Conflict
    if not response.is_success:
        raise SourceUnreadable(f"Sessionboard refused the write (HTTP {status}).")
    if response.problem:
        raise LinkWriteUnknown(f"Sessionboard {response.problem}.")
    return response.take_body()


@asynccontextmanager
async def open_link_writer(
    sources: SessionboardSources, url: str, token: Token, before_write: BeforeWrite
) -> AsyncIterator[LinkWriter]:
    """Open Sessionboard for reading as a source does, and for writing links.

    Raises:
        InvalidInput: the URL is invalid or not allowed.
    """
    async with sources.open_client(url, token) as client:
        policy: RetryPolicy = replace(client.http.policy, max_attempts=1, max_total_wait=0)
        http = client.http
        writing = HttpClient(
            http.transport, http.base, http.system, headers_with(token), policy, before_write=before_write
        )
        yield SessionboardLinkWriter(client, writing)
