"""The installed sources. What a plug-in raises becomes an error of the port that names it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from adapters.plugins import guard
from adapters.plugins.guard import checked_finding, pages_of
from adapters.plugins.rows import row_by_row
from core.domain.errors import NothingToProbe
from core.domain.ids import SourceEventId
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.source_records import SourceEvent, Unreadable
from core.domain.systems import ExternalSystem
from core.domain.tenancy.access_fields import AccessRequirements
from core.domain.tenancy.secrets import SystemCredentials
from ports.plugins import Access, FeedReader, OpenHttp, SourcePlugin
from ports.probe import Finding
from ports.source import Source, SourceError, SourceFailed, SourceOpener

R = TypeVar("R", bound=SourceRow)
NormalizeUrl = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class PluginSource:
    """A source of a plug-in, opened."""

    source: Source
    package: str

    async def events(self) -> Sequence[SourceEvent]:
        with naming(self.package):
            return await self.source.events()

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        with naming(self.package):
            return await self.source.event(event_id)

    def records(self, event_id: SourceEventId, feed: Feed[R]) -> AsyncIterator[Sequence[R | Unreadable]]:
        return pages_of(lambda: self.source.records(event_id, feed), partial(naming, self.package))

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:
        with naming(self.package):
            return await self.source.has_changed(event_id, since)


@dataclass(frozen=True, slots=True)
class PluginSourceOpener:
    plugin: SourcePlugin
    package: str
    """The distribution that brings the plug-in."""
    open_http: OpenHttp
    normalize: NormalizeUrl
    readers: Mapping[str, FeedReader]
    """By the name of the feed."""

    @property
    def system(self) -> ExternalSystem:
        return self.plugin.system

    @property
    def requirements(self) -> AccessRequirements:
        return AccessRequirements(self.system, self.plugin.access_fields, self.plugin.needs_token)

    def normalize_url(self, url: str) -> str:
        return self.normalize(url)

    async def probe(self, credentials: SystemCredentials) -> Sequence[Finding]:
        probe = self.plugin.probe
        if probe is None:
            raise NothingToProbe(self.system)
        with naming(self.package):
            return [
                checked_finding(found) for found in await probe(self._access(credentials), self.open_http)
            ]

    def _access(self, credentials: SystemCredentials) -> Access:
        fields = self.requirements.complete(credentials)
        return Access(credentials.url, credentials.token, readers=self.readers, fields=fields)

    def open(self, credentials: SystemCredentials) -> AbstractAsyncContextManager[Source]:
        return self._opened(credentials)

    @asynccontextmanager
    async def _opened(self, credentials: SystemCredentials) -> AsyncIterator[Source]:
        access = self._access(credentials)

        def start() -> AbstractAsyncContextManager[Source]:
            return self.plugin.open(access, self.open_http)

        async with guard.opened(start, partial(naming, self.package)) as source:
            yield PluginSource(source, self.package)


@dataclass(frozen=True, slots=True)
class InstalledSources:
    """Finds sources by their identifier."""

    find: Callable[[str], tuple[SourcePlugin, str]]
    """Returns a plug-in and its distribution; raises SourceMissing."""
    open_http: OpenHttp
    normalize: NormalizeUrl
    readers: Callable[[str], Mapping[str, FeedReader]]
    """Returns how a source reads the feeds that kinds of other plug-ins bring."""

    def named(self, identifier: str) -> SourceOpener:
        plugin, package = self.find(identifier)
        readers = row_by_row(self.readers(identifier))
        return PluginSourceOpener(plugin, package, self.open_http, self.normalize, readers)


def naming(package: str) -> AbstractContextManager[None]:
    """Return a context in which what is no error of the port is raised as one that names the plug-in."""
    return guard.naming(package, SourceError, SourceFailed)
