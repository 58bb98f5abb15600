"""The destination over HTTP."""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from adapters.gleanin import responses, wire
from adapters.gleanin.client import GleaninClient, NotFoundPage, ReadRejected
from adapters.gleanin.system import GLEANIN
from adapters.http_client.address_rules import check_base_url
from adapters.http_client.client import HttpClient, OpenTransport
from adapters.http_client.concurrency_limit import CEILING, AdaptiveLimit
from adapters.http_client.parsing import ParsingLane, parsing_threads
from adapters.http_client.retries import RetryPolicy
from adapters.http_client.transport import HardenedTransport
from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.destination_records import DestinationEvent, DestinationRecord
from core.domain.records.fields import Fields
from core.domain.records.kinds import RecordKind
from core.domain.systems import ExternalSystem
from core.domain.tenancy.secrets import Token
from ports.destination import (
    BeforeWrite,
    DestinationEventGone,
    DestinationUnreadable,
    RecordGone,
    UnsupportedKind,
    WriteOutcomeUnknown,
)
from ports.plugins import RecordSchema

_MAX_PAGES = 100_000


class GleaninDestination:
    def __init__(
        self,
        client: GleaninClient,
        link_hosts: AbstractSet[str],
        schemas: Mapping[str, RecordSchema] | None = None,
    ) -> None:
        self._client = client
        self.link_hosts = link_hosts
        self._schemas = schemas or {}

    def _schema(self, kind: RecordKind) -> wire.ResourceSchema:
        if own := wire.SCHEMAS.get(kind.name):
            return own
        if further := self._schemas.get(kind.name):
            return wire.further_schema(further, is_person=kind.is_person)
        raise UnsupportedKind(f"Gleanin has no {kind.plural} that this program can write.")

    @property
    def max_in_flight(self) -> int:
        return self._client.max_in_flight

    async def events(self) -> Sequence[DestinationEvent]:
        events: dict[DestinationEventId, DestinationEvent] = {}
        try:
            async for document in self._pages(wire.EVENTS):
                for event in responses.events_in(document):
                    events.setdefault(event.id, event)
        except DestinationEventGone as error:
            message = f"{self._client.host} has no list of events. Check Gleanin's address in the settings."
            raise DestinationUnreadable(message) from error
        return tuple(events.values())

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        url = self._client.url(wire.event_path(_checked(event_id)))
        try:
            return responses.event_in(await self._client.read(url, responses.parse), event_id)
        except (DestinationEventGone, NotFoundPage):
            # Only the list of events is documented, so it decides whether the event exists.
            for event in await self.events():
                if event.id == event_id:
                    return event
            raise

    async def records(
        self, event_id: DestinationEventId, kind: RecordKind
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        schema = self._schema(kind)
        reader = responses.EventRecordReader(event_id, schema)
        try:
            async for batch in self._read(wire.records_path(_checked(event_id), schema), reader):
                yield batch
        except (DestinationEventGone, NotFoundPage):
            await self.event(event_id)
            reader = responses.EventRecordReader(event_id, schema)
            async for batch in self._read(wire.all_records_path(schema), reader):
                yield batch
        except ReadRejected as error:
            raise UnsupportedKind(f"Gleanin does not list an event's {schema.type}: {error}") from error
        reader.require_all()

    async def _read(
        self, path: str, reader: responses.EventRecordReader
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        async for document in self._pages(path):
            for batch in reader.read_page(document):
                yield batch

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        schema = self._schema(kind)
        body = wire.create_body(schema, event_id, external_id, fields)
        try:
            response = await self._client.write("POST", schema.type, body)
        except RecordGone:
            await self.event(event_id)  # raises if the event is what is missing
            raise
        created = wire.written_id(response.body)
        if response.status == HTTPStatus.ACCEPTED:
            raise WriteOutcomeUnknown("Gleanin accepted a record but has not created it yet.")
        if created is None:
            raise WriteOutcomeUnknown("Gleanin accepted a record, but its response has no record id.")
        return created

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        destination_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        schema = self._schema(kind)
        body = wire.update_body(schema, destination_id, changes)
        try:
            response = await self._client.write("PATCH", wire.record_path(schema, destination_id), body)
        except RecordGone:
            await self.event(event_id)
            raise
        if response.body and not wire.confirms(response.body, destination_id):
            raise WriteOutcomeUnknown("Gleanin's response to an update is not about the updated record.")

    async def _pages(self, path: str) -> AsyncIterator[wire.Document]:
        url = self._client.url(path)
        seen = {url}
        while True:
            document = await self._client.read(url, responses.parse)
            link = document.next
            yield document
            if link is None:
                return
            url = self._client.next_page(url, link)
            if url in seen or len(seen) >= _MAX_PAGES:
                raise DestinationUnreadable("Gleanin's list of pages never ends.")
            seen.add(url)


def _checked(event_id: DestinationEventId) -> DestinationEventId:
    """Return the id; raise for one that would change the path of the request, such as ".."."""
    if not event_id.strip("."):
        raise DestinationEventGone(f"Gleanin has no event {event_id!r}.")
    return event_id


@dataclass(slots=True)
class GleaninDestinations:
    """Opens Gleanin for a token. Everything that uses the same token shares one concurrency limit."""

    base_url: str
    allow_private: bool = False
    transport: OpenTransport = HardenedTransport
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    ceiling: int = CEILING
    link_hosts: AbstractSet[str] = wire.LINK_HOSTS
    threads: Executor = field(default_factory=parsing_threads)
    """Shared by all connections, for parsing large responses."""
    limits: dict[str, AdaptiveLimit] = field(default_factory=dict, repr=False)
    """By token; shared by instances with other retry policies."""
    schemas: Mapping[str, RecordSchema] = field(default_factory=dict)
    """How kinds are written that other plug-ins bring, by the kind's name."""

    @property
    def system(self) -> ExternalSystem:
        return GLEANIN

    @asynccontextmanager
    async def open(
        self, token: Token, before_write: BeforeWrite | None = None
    ) -> AsyncIterator[GleaninDestination]:
        """Open Gleanin.

        Raises:
            InvalidInput: the base URL is invalid or not allowed.
        """
        async with self.client(token, before_write) as client:
            yield GleaninDestination(client, self.link_hosts, self.schemas)

    @asynccontextmanager
    async def client(
        self, token: Token, before_write: BeforeWrite | None = None
    ) -> AsyncIterator[GleaninClient]:
        base_url = check_base_url(self.base_url, allow_private=self.allow_private)
        headers = {**wire.HEADERS, "Authorization": f"Bearer {token.value}"}
        limit = self._limit(base_url, token)
        async with self.transport() as transport:
            policy = self.policy.started()
            http = HttpClient(transport, base_url, "Gleanin", headers, policy, limit, before_write)
            yield GleaninClient(http, token, ParsingLane(self.threads), limit.ceiling)

    def _limit(self, base_url: str, token: Token) -> AdaptiveLimit:
        key = hashlib.sha256(f"{base_url} {token.value}".encode()).hexdigest()
        return self.limits.setdefault(key, AdaptiveLimit(self.ceiling))
