"""The installed destinations. What a plug-in raises becomes an error of the port that names it."""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
)
from dataclasses import dataclass, replace
from functools import partial
from typing import NoReturn

from adapters.plugins import guard
from adapters.plugins.guard import checked_finding, pages_of, sentence_of
from adapters.plugins.write_fence import WriteFence, WriteInProgress, current_write
from core.domain.errors import DomainError, NothingToProbe
from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.destination_records import DestinationEvent, DestinationRecord
from core.domain.records.fields import Fields
from core.domain.records.kinds import RecordKind
from core.domain.systems import ExternalSystem
from core.domain.tenancy.access_fields import AccessRequirements
from core.domain.tenancy.secrets import SystemCredentials
from ports.destination import (
    BeforeWrite,
    Destination,
    DestinationError,
    DestinationEventGone,
    DestinationFailed,
    DestinationOpener,
    FailedBeforeWrite,
    FailedInWrite,
)
from ports.plugins import Access, DestinationPlugin, OpenHttp, RecordSchema
from ports.probe import Finding

NormalizeUrl = Callable[[str], str]
_DIGEST_LENGTH = 8
"""Hexadecimal digits that tell the servers of a destination apart."""


@dataclass(frozen=True, slots=True)
class PluginDestination:
    """A destination of a plug-in, opened."""

    destination: Destination
    package: str
    further_link_hosts: AbstractSet[str]
    prefix: str
    """Put before the ids of its events: those of two destinations may be equal, and what is stored must tell them apart."""
    fence: WriteFence

    @property
    def max_in_flight(self) -> int:
        return self.destination.max_in_flight

    @property
    def link_hosts(self) -> AbstractSet[str]:
        return self.destination.link_hosts | self.further_link_hosts

    async def events(self) -> Sequence[DestinationEvent]:
        with naming(self.package):
            return [self._ours(event) for event in await self.destination.events()]

    async def event(self, event_id: DestinationEventId) -> DestinationEvent:
        with naming(self.package):
            return self._ours(await self.destination.event(self._theirs(event_id)))

    def records(
        self, event_id: DestinationEventId, kind: RecordKind
    ) -> AsyncIterator[Sequence[DestinationRecord]]:
        return pages_of(
            lambda: self.destination.records(self._theirs(event_id), kind), partial(naming, self.package)
        )

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        # Without a context manager: two of these calls are made for every record.
        write = WriteInProgress()
        before = current_write.set(write)
        try:
            return await self.destination.create(self._theirs(event_id), kind, external_id, fields)
        except (DestinationError, DomainError):
            raise
        except Exception as error:  # noqa: BLE001 - raised again by name
            self._raise_named(write, error)
        finally:
            current_write.reset(before)

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        destination_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        write = WriteInProgress()
        before = current_write.set(write)
        try:
            await self.destination.update(self._theirs(event_id), kind, destination_id, changes)
        except (DestinationError, DomainError):
            raise
        except Exception as error:  # noqa: BLE001 - raised again by name
            self._raise_named(write, error)
        finally:
            current_write.reset(before)

    def _raise_named(self, write: WriteInProgress, error: Exception) -> NoReturn:
        """Raise what a plug-in raised during a write as an error about this record that names the plug-in.

        If the write has left, what became of it is not known, so it is looked up before it is sent again.
        """
        if self.fence.has_raised(error):
            raise error  # it stops the run, and the write has not left
        sentence = sentence_of(self.package, error)
        if self.fence.before_write is None or write.has_left:
            raise FailedInWrite(sentence) from error
        raise FailedBeforeWrite(sentence) from error

    def _ours(self, event: DestinationEvent) -> DestinationEvent:
        return replace(event, id=DestinationEventId(self.prefix + event.id)) if self.prefix else event

    def _theirs(self, event_id: DestinationEventId) -> DestinationEventId:
        if not event_id.startswith(self.prefix):
            raise DestinationEventGone(f"There is no event {event_id!r:.60}.")
        return DestinationEventId(event_id[len(self.prefix) :])


@dataclass(frozen=True, slots=True)
class PluginDestinationOpener:
    plugin: DestinationPlugin
    package: str
    url: str
    """The base URL; empty if an admin enters it."""
    open_http: OpenHttp
    normalize: NormalizeUrl
    further_link_hosts: AbstractSet[str]
    prefix: str
    schemas: Mapping[str, RecordSchema]
    """By the name of the kind."""

    @property
    def system(self) -> ExternalSystem:
        return self.plugin.system

    @property
    def requirements(self) -> AccessRequirements:
        plugin = self.plugin
        return AccessRequirements(self.system, plugin.access_fields, plugin.needs_token, not self.url)

    def normalize_url(self, url: str) -> str:
        return self.normalize(url)

    def open(
        self, credentials: SystemCredentials, before_write: BeforeWrite | None = None
    ) -> AbstractAsyncContextManager[Destination]:
        return self._opened(credentials, before_write)

    async def probe(self, credentials: SystemCredentials) -> Sequence[Finding]:
        probe = self.plugin.probe
        if probe is None:
            raise NothingToProbe(self.system)
        access = self._access(credentials)
        with naming(self.package):
            return [checked_finding(found) for found in await probe(access, self.open_http)]

    @asynccontextmanager
    async def _opened(
        self, credentials: SystemCredentials, before_write: BeforeWrite | None
    ) -> AsyncIterator[Destination]:
        access, prefix = self._access(credentials), self._prefix(credentials)
        fence = WriteFence(before_write)

        def start() -> AbstractAsyncContextManager[Destination]:
            return self.plugin.open(access, self.open_http, fence if before_write else None)

        async with guard.opened(start, partial(naming, self.package)) as destination:
            yield PluginDestination(destination, self.package, self.further_link_hosts, prefix, fence)

    def _access(self, credentials: SystemCredentials) -> Access:
        url = credentials.url or self.url
        fields = self.requirements.complete(credentials)
        return Access(url, credentials.token, schemas=self.schemas, fields=fields)

    def _prefix(self, credentials: SystemCredentials) -> str:
        """Return what is put before the ids of events; where an admin entered the URL, it tells the servers apart."""
        if not credentials.url:
            return self.prefix
        return f"{self.prefix}{hashlib.sha256(credentials.url.encode()).hexdigest()[:_DIGEST_LENGTH]}:"


@dataclass(frozen=True, slots=True)
class InstalledDestinations:
    """Finds destinations by their identifier."""

    find: Callable[[str], tuple[DestinationPlugin, str]]
    """Returns a plug-in and its distribution; raises DestinationMissing."""
    schemas: Callable[[str], Mapping[str, RecordSchema]]
    """Returns how a destination writes the kinds that other plug-ins bring."""
    open_http: OpenHttp
    urls: Mapping[str, str]
    """Base URLs from the settings, by identifier."""
    further_link_hosts: AbstractSet[str] = frozenset()
    without_prefix: str = ""
    """The identifier of the destination whose events are stored under their own ids."""
    normalize: NormalizeUrl = str
    """Returns the normal form of a URL that an admin enters."""

    def named(self, identifier: str) -> DestinationOpener:
        plugin, package = self.find(identifier)
        return PluginDestinationOpener(
            plugin,
            package,
            self.urls.get(identifier, plugin.url),
            self.open_http,
            self.normalize,
            self.further_link_hosts,
            "" if identifier == self.without_prefix else f"{identifier}:",
            self.schemas(identifier),
        )


def naming(package: str) -> AbstractContextManager[None]:
    """Return a context in which what is no error of the port is raised as one that names the plug-in."""
    return guard.naming(package, DestinationError, DestinationFailed)
