"""The destination over HTTP."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus

from adapters.gleanin import responses, wire
from adapters.gleanin.client import GleaninClient, NoApiAnswer, NotGiven
from adapters.http_client.client import HttpClient, OpenTransport
from adapters.http_client.concurrency_limit import CEILING, AdaptiveLimit
from adapters.http_client.parsing import ParsingLane, parsing_threads
from adapters.http_client.retries import RetryPolicy
from adapters.http_client.transport import HardenedTransport
from core.domain.addresses import check_address
from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.destination_records import DestinationEvent, DestinationRecord
from core.domain.records.fields import Fields
from core.domain.records.kinds import RecordKind
from core.domain.tenancy.secrets import Token
from ports.destination import (
    BeforeWrite,
    DestinationEventGone,
    DestinationUnreadable,
    RecordGone,
    UnsupportedKind,
    WriteOutcomeUnknown,
)

_MOST_PAGES = 100_000


class GleaninDestination:
    def __init__(self, client: GleaninClient, link_hosts: AbstractSet[str]) -> None:
        self._client = client
        self.link_hosts = link_hosts

    @property
    def max_in_flight(self) -> int:
        return self._client.max_in_flight

    async def events(self) -> Sequence[DestinationEvent]:
        found: dict[DestinationEventId, DestinationEvent] = {}
        try:
            async for document in self._pages(wire.EVENTS):
                for event in responses.events_in(document):
                    found.setdefault(event.id, event)
        except DestinationEventGone as error:
            message = (
                f"{self._client.host} has no list of events. Check the address of Gleanin in the settings."
            )
            raise DestinationUnreadable(message) from error
        return tuple(found.values())

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        url = self._client.url(wire.event_path(_asked(event_id)))
        try:
            return responses.event_in(await self._client.read(url, responses.parse), event_id)
        except (DestinationEventGone, NoApiAnswer):
            # Only the list is documented: one that has the event knows better.
            for event in await self.events():
                if event.id == event_id:
                    return event
            raise

    async def records(
        self, event_id: DestinationEventId, kind: RecordKind
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        shape = wire.shape_of(kind)
        reading = responses.EventRecords(event_id, shape)
        try:
            async for part in self._read(wire.records_path(_asked(event_id), shape), reading):
                yield part
        except (DestinationEventGone, NoApiAnswer):
            await self.event(event_id)
            reading = responses.EventRecords(event_id, shape)
            async for part in self._read(wire.all_records_path(shape), reading):
                yield part
        except NotGiven as error:
            raise UnsupportedKind(
                f"Gleanin does not tell which {shape.type} an event has: {error}"
            ) from error
        reading.require_all()

    async def _read(
        self, path: str, reading: responses.EventRecords
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        async for document in self._pages(path):
            for part in reading.page(document):
                yield part

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        shape = wire.shape_of(kind)
        body = wire.create_body(shape, event_id, external_id, fields)
        try:
            answer = await self._client.write("POST", shape.type, body)
        except RecordGone:
            await self.event(event_id)  # what is missing may be the event
            raise
        created = wire.written_id(answer.body)
        if answer.status == HTTPStatus.ACCEPTED:
            raise WriteOutcomeUnknown("Gleanin accepted a record, to create it later.")
        if created is None:
            raise WriteOutcomeUnknown("Gleanin took a record, but its answer does not have the record's id.")
        return created

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        gleanin_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        shape = wire.shape_of(kind)
        body = wire.update_body(shape, gleanin_id, changes)
        try:
            answer = await self._client.write("PATCH", wire.record_path(shape, gleanin_id), body)
        except RecordGone:
            await self.event(event_id)
            raise
        if answer.body and not wire.confirms(answer.body, gleanin_id):
            raise WriteOutcomeUnknown(
                "Gleanin's answer to a change is not about the record that was changed."
            )

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
            if url in seen or len(seen) >= _MOST_PAGES:
                raise DestinationUnreadable("Gleanin's pages go round in circles.")
            seen.add(url)


def _asked(event_id: DestinationEventId) -> DestinationEventId:
    """Refuse what would make another path of the request."""
    if not event_id.strip("."):
        raise DestinationEventGone(f"There is no event {event_id!r} in Gleanin.")
    return event_id


@dataclass(slots=True)
class GleaninDestinations:
    """Opens Gleanin for a token; all that use one token share one limit, for as long as this lives."""

    base_url: str
    allow_private: bool = False
    transport: OpenTransport = HardenedTransport
    policy: RetryPolicy = field(default_factory=RetryPolicy)
    ceiling: int = CEILING
    link_hosts: AbstractSet[str] = wire.LINK_HOSTS
    threads: Executor = field(default_factory=parsing_threads)
    """Shared by all connections; they parse what is not small."""
    limits: dict[str, AdaptiveLimit] = field(default_factory=dict, repr=False)
    """By token; shared by those who wait longer or shorter."""

    @asynccontextmanager
    async def open(
        self, token: Token, before_write: BeforeWrite | None = None
    ) -> AsyncIterator[GleaninDestination]:
        """Open Gleanin.

        Raises:
            InvalidInput: the base URL is none, or one that is not allowed.
        """
        async with self.client(token, before_write) as client:
            yield GleaninDestination(client, self.link_hosts)

    @asynccontextmanager
    async def client(
        self, token: Token, before_write: BeforeWrite | None = None
    ) -> AsyncIterator[GleaninClient]:
        base_url = check_address(self.base_url, allow_private=self.allow_private)
        headers = {**wire.HEADERS, "Authorization": f"Bearer {token.value}"}
        limit = self._limit(base_url, token)
        async with self.transport() as transport:
            policy = self.policy.started()
            http = HttpClient(transport, base_url, "Gleanin", headers, policy, limit, before_write)
            yield GleaninClient(http, token, ParsingLane(self.threads), limit.ceiling)

    def _limit(self, base_url: str, token: Token) -> AdaptiveLimit:
        key = hashlib.sha256(f"{base_url} {token.value}".encode()).hexdigest()
        return self.limits.setdefault(key, AdaptiveLimit(self.ceiling))
