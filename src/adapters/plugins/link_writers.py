"""The link writers of the installed sources. What a plug-in raises becomes an error of the port that names it."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial

from adapters.plugins import guard
from adapters.plugins.guard import pages_of, sentence_of
from adapters.plugins.sources import naming
from adapters.plugins.write_fence import WriteFence, WriteInProgress, current_write
from core.domain.errors import DomainError
from core.domain.ids import SourceEventId
from core.domain.links.link_homes import HolderType, LinkField, LinkHome
from core.domain.links.write_back import LinkHolder
from core.domain.links.write_quota import WriteLimits
from core.domain.tenancy.access_fields import AccessRequirements
from core.domain.tenancy.secrets import SystemCredentials
from ports.destination import BeforeWrite
from ports.link_writer import LinkWrite, LinkWriter, LinkWriteUnknown, LinkWritten
from ports.plugins import Access, OpenHttp, SourcePlugin
from ports.source import SourceError, SourceFailed, SourceMissing


@dataclass(frozen=True, slots=True)
class PluginLinkWriter:
    """A link writer of a plug-in, opened."""

    writer: LinkWriter
    package: str
    fence: WriteFence

    @property
    def limits(self) -> WriteLimits:
        with naming(self.package):
            return self.writer.limits

    async def fields(self, event_id: SourceEventId, holder: HolderType) -> Sequence[LinkField]:
        with naming(self.package):
            return await self.writer.fields(event_id, holder)

    async def create_field(self, event_id: SourceEventId, holder: HolderType, name: str) -> None:
        with self._writing():
            await self.writer.create_field(event_id, holder, name)

    def holders(
        self, event_id: SourceEventId, holder: HolderType, field: str
    ) -> AsyncIterator[Sequence[LinkHolder]]:
        return pages_of(lambda: self.writer.holders(event_id, holder, field), partial(naming, self.package))

    async def write(
        self, event_id: SourceEventId, holder: HolderType, field: str, writes: Sequence[LinkWrite]
    ) -> Sequence[LinkWritten]:
        with self._writing():
            written = await self.writer.write(event_id, holder, field, writes)
            if [each.id for each in written] != [each.id for each in writes]:
                message = "it did not return what became of each link"
                raise ValueError(message)
            return written

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Raise what a plug-in raises during a write as an error that names it; if the write has left, as unknown."""
        write = WriteInProgress()
        before = current_write.set(write)
        try:
            yield
        except (SourceError, DomainError):
            raise
        except Exception as error:
            if self.fence.has_raised(error):
                raise  # nothing may be written any more, and the write has not left
            failure = LinkWriteUnknown if write.has_left else SourceFailed
            raise failure(sentence_of(self.package, error)) from error
        finally:
            current_write.reset(before)


@dataclass(frozen=True, slots=True)
class InstalledLinkWriters:
    """Finds link writers by the source's identifier."""

    find: Callable[[str], tuple[SourcePlugin, str]]
    """Returns a plug-in and its distribution; raises SourceMissing."""
    open_http: OpenHttp
    homes_of: Callable[[str], Mapping[str, LinkHome]]
    """Returns the homes that kinds of other plug-ins have in a source."""

    def homes(self, source: str) -> Mapping[str, LinkHome]:
        try:
            plugin, _ = self.find(source)
        except SourceMissing:
            return {}
        return {} if plugin.open_link_writer is None else {**plugin.link_homes, **self.homes_of(source)}

    def open(
        self, source: str, credentials: SystemCredentials, before_write: BeforeWrite
    ) -> AbstractAsyncContextManager[LinkWriter]:
        return self._opened(source, credentials, before_write)

    @asynccontextmanager
    async def _opened(
        self, source: str, credentials: SystemCredentials, before_write: BeforeWrite
    ) -> AsyncIterator[LinkWriter]:
        plugin, package = self.find(source)
        open_writer = plugin.open_link_writer
        if open_writer is None:
            raise SourceMissing(f"{plugin.display_name} takes no links.")
        requirements = AccessRequirements(plugin.system, plugin.access_fields, plugin.needs_token)
        access = Access(credentials.url, credentials.token, fields=requirements.complete(credentials))

        fence = WriteFence(before_write)

        def start() -> AbstractAsyncContextManager[LinkWriter]:
            return open_writer(access, self.open_http, fence)

        async with guard.opened(start, partial(naming, package)) as writer:
            yield PluginLinkWriter(writer, package, fence)
