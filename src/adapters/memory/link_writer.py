"""A source's records that hold share links, in memory: as strict as the sandbox, with faults on request."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from core.domain.ids import SourceEventId, SourceId
from core.domain.links.link_homes import HolderType, LinkField, LinkHome
from core.domain.links.write_back import LinkHolder
from core.domain.links.write_quota import WriteLimits
from core.domain.tenancy.secrets import SystemCredentials
from ports.destination import BeforeWrite
from ports.link_writer import LinkWrite, LinkWriter, LinkWritten, Written
from ports.source import SourceError, SourceIncomplete, SourceMissing

CONTACTS, EXHIBITORS = HolderType("contacts"), HolderType("exhibitors")
HOMES = {"speaker": LinkHome(CONTACTS), "exhibitor_contact": LinkHome(CONTACTS, EXHIBITORS)}
_PAGE = 100


async def _nothing() -> None:
    pass


@dataclass(slots=True)
class StoredHolder:
    id: SourceId
    label: str = ""
    values: dict[str, str] = field(default_factory=dict)
    version: int = 1
    primary: SourceId | None = None


@dataclass(slots=True)
class InMemoryLinkHolders:
    """What an event's records hold, and every write that was executed."""

    holders: dict[HolderType, dict[SourceId, StoredHolder]] = field(default_factory=dict)
    fields: dict[HolderType, list[LinkField]] = field(default_factory=dict)
    requests: list[tuple[HolderType, Sequence[LinkWrite]]] = field(default_factory=list)
    pages_read: int = 0
    limits: WriteLimits = WriteLimits(100, 100, timedelta(minutes=15), 10_000)  # noqa: RUF009 - frozen
    errors: list[SourceError] = field(default_factory=list)
    """Raised in place of the next writes, one each."""
    errors_after: list[BaseException] = field(default_factory=list)
    """Raised after the next writes were executed, one each."""
    before_next: list[Callable[[], None]] = field(default_factory=list)
    """Called before the next writes are executed, one each, as somebody who edits meanwhile."""
    refused: dict[SourceId, str] = field(default_factory=dict)
    unreadable: SourceError | None = None
    unlisted: SourceError | None = None
    """Raised in place of the list of fields."""
    unreadable_holders: dict[HolderType, SourceError] = field(default_factory=dict)
    is_incomplete: bool = False
    makes_fields: bool = True
    """Whether an ordered field is listed."""
    gate: Callable[[], Awaitable[None]] = _nothing
    """Awaited before each write asks whether it may be sent."""
    loses: set[SourceId] = field(default_factory=set)
    """Records that accept a value and do not keep it."""

    def add(self, holder: HolderType, *ids: str, primary: str | None = None) -> None:
        known = self.holders.setdefault(holder, {})
        for each in ids:
            who = SourceId(primary) if primary else None
            known[SourceId(each)] = StoredHolder(SourceId(each), each, primary=who)

    def edit(self, holder: HolderType, record_id: str, name: str, value: str) -> None:
        """Enter a value as a person does."""
        record = self.holders[holder][SourceId(record_id)]
        record.values[name] = value
        record.version += 1

    def value(self, holder: HolderType, record_id: str, name: str) -> str | None:
        return self.holders[holder][SourceId(record_id)].values.get(name)

    @property
    def writes(self) -> int:
        return len(self.requests)


@dataclass(frozen=True, slots=True)
class InMemoryLinkWriter:
    source: InMemoryLinkHolders
    before_write: BeforeWrite

    @property
    def limits(self) -> WriteLimits:
        return self.source.limits

    async def fields(self, event_id: SourceEventId, holder: HolderType) -> Sequence[LinkField]:
        del event_id
        if self.source.unlisted is not None:
            raise self.source.unlisted
        return tuple(self.source.fields.get(holder, ()))

    async def create_field(self, event_id: SourceEventId, holder: HolderType, name: str) -> None:
        del event_id
        await self.before_write()
        source = self.source
        if source.errors:
            raise source.errors.pop(0)
        if source.makes_fields:
            known = source.fields.setdefault(holder, [])
            known.append(LinkField(f"{name.lower().replace(' ', '_')}_{len(known)}", name))
        if source.errors_after:
            raise source.errors_after.pop(0)

    async def holders(
        self, event_id: SourceEventId, holder: HolderType, field: str
    ) -> AsyncIterator[Sequence[LinkHolder]]:
        del event_id
        source = self.source
        if error := source.unreadable_holders.get(holder, source.unreadable):
            raise error
        records = [*source.holders.get(holder, {}).values()]
        for start in range(0, len(records), _PAGE):
            source.pages_read += 1
            yield [_read(record, field) for record in records[start : start + _PAGE]]
        if source.is_incomplete:
            raise SourceIncomplete("The source announced more records than it listed.")

    async def write(
        self, event_id: SourceEventId, holder: HolderType, field: str, writes: Sequence[LinkWrite]
    ) -> Sequence[LinkWritten]:
        del event_id
        source = self.source
        if len(writes) > source.limits.batch:
            message = "too many records in one request"
            raise ValueError(message)
        await source.gate()
        await self.before_write()
        if source.errors:
            raise source.errors.pop(0)
        if source.before_next:
            source.before_next.pop(0)()
        source.requests.append((holder, tuple(writes)))
        answers = [self._execute(holder, field, write) for write in writes]
        if source.errors_after:
            raise source.errors_after.pop(0)
        return answers

    def _execute(self, holder: HolderType, field: str, write: LinkWrite) -> LinkWritten:
        source = self.source
        record = source.holders.get(holder, {}).get(write.id)
        if record is None:
            return LinkWritten(write.id, Written.GONE)
        if problem := source.refused.get(write.id):
            return LinkWritten(write.id, Written.REFUSED, problem=problem)
        if write.guard != str(record.version):
            return LinkWritten(write.id, Written.CONFLICT)
        record.version += 1
        if write.id not in source.loses:
            record.values[field] = write.value
        return LinkWritten(write.id, Written.DONE, record.values.get(field, ""))


def _read(record: StoredHolder, field: str) -> LinkHolder:
    value = record.values.get(field)
    return LinkHolder(
        record.id, value, str(record.version or ""), record.label, "***" in (value or ""), record.primary
    )


@dataclass(slots=True)
class InMemoryLinkWriters:
    source: InMemoryLinkHolders = field(default_factory=InMemoryLinkHolders)
    homes_by_kind: Mapping[str, LinkHome] = field(default_factory=lambda: dict(HOMES))

    def homes(self, source: str) -> Mapping[str, LinkHome]:
        del source
        return self.homes_by_kind

    @asynccontextmanager
    async def open(
        self, source: str, credentials: SystemCredentials, before_write: BeforeWrite
    ) -> AsyncIterator[LinkWriter]:
        del credentials
        if not self.homes_by_kind:
            raise SourceMissing(f"{source} takes no links.")
        yield InMemoryLinkWriter(self.source, before_write)
