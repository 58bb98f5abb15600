"""The installed sources. What a plug-in raises becomes an error of the port that names it."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from adapters.plugins.rows import row_by_row
from core.domain.errors import DomainError
from core.domain.ids import SourceEventId
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.source_records import SourceEvent, Unreadable
from core.domain.systems import ExternalSystem
from core.domain.tenancy.secrets import Token
from ports.plugins import Access, FeedReader, OpenHttp, SourcePlugin
from ports.source import Source, SourceError, SourceFailed, SourceOpener

R = TypeVar("R", bound=SourceRow)
MAX_DETAIL_LENGTH = 300
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

    async def records(
        self, event_id: SourceEventId, feed: Feed[R]
    ) -> AsyncIterator[Sequence[R | Unreadable]]:
        with naming(self.package):
            pages = self.source.records(event_id, feed)
        while True:
            with naming(self.package):
                try:
                    page = await anext(pages)
                except StopAsyncIteration:
                    return
            yield page

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

    def normalize_url(self, url: str) -> str:
        return self.normalize(url)

    def open(self, url: str, token: Token) -> AbstractAsyncContextManager[Source]:
        return self._opened(Access(url, token, readers=self.readers))

    @asynccontextmanager
    async def _opened(self, access: Access) -> AsyncIterator[Source]:
        with naming(self.package):
            manager = self.plugin.open(access, self.open_http)
            source = await manager.__aenter__()
        try:
            yield PluginSource(source, self.package)
        except BaseException as error:
            with naming(self.package):
                is_handled = await manager.__aexit__(type(error), error, error.__traceback__)
            if not is_handled:
                raise
        else:
            with naming(self.package):
                await manager.__aexit__(None, None, None)


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


@contextmanager
def naming(package: str) -> Iterator[None]:
    """Raise what is no error of the port as one that names the plug-in."""
    try:
        yield
    except (SourceError, DomainError):
        raise
    except Exception as error:
        raise SourceFailed(f"{package} failed: {described(error)}. Report this to its authors.") from error


def described(error: BaseException) -> str:
    """Return an unexpected error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:MAX_DETAIL_LENGTH].rstrip(".")
