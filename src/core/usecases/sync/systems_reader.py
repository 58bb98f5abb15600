"""Read both systems of a mapping, before anything is planned."""

import asyncio
from collections.abc import (
    Awaitable,
    Callable,
    Container,
    Coroutine,
    Iterable,
    Mapping,
    Sequence,
)
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from core.domain.ids import DestinationId, SourceId
from core.domain.planning.destination_index import DestinationIndex
from core.domain.records.destination_records import DestinationEvent, DestinationRecord
from core.domain.records.digests import digest_of
from core.domain.records.feeds import Feed, SourceRow
from core.domain.records.kinds import KINDS, RecordKind, Scope
from core.domain.records.source_records import SourceEvent, Unreadable
from core.domain.records.spooled import InMemorySpool, Spool, Spooled
from core.domain.records.synced_records import ShareLink, presentable
from core.domain.runs import stop_reasons
from core.domain.runs.messages import not_all_read, rows_unreadable
from core.domain.runs.stop_reasons import StopReason, check_time_zones
from core.domain.runs.unchanged_marker import FEW, RowDigests, UnchangedMarker
from core.domain.selection.failures import RowFailed
from core.domain.selection.feed_rows import SelectionContext
from core.domain.selection.source_snapshot import SourceSnapshot, empty_snapshot
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.time_zones import zone_named
from core.usecases.sync.error_mapping import SyncStopped
from core.usecases.sync.known_records import KnownRecords
from ports.destination import Destination, RecordsNotReported, UnsupportedKind
from ports.source import Source, SourceIncomplete

Linked = tuple[ShareLink, ...] | None
"""Share links; None if the destination did not report any."""
OnPage = Callable[[int], Awaitable[None]]


async def _nothing(rows: int) -> None:
    pass


class LinkIndex:
    """The share links of all people in the destination."""

    def __init__(self, spool: Spool, kept_id: Callable[[DestinationId], DestinationId]) -> None:
        """Create an empty index.

        Args:
            spool: where they are kept.
            kept_id: returns an equal id that is kept already.
        """
        self._spool = spool
        self._kept_id = kept_id
        self.clear()

    def clear(self) -> None:
        self._at: dict[DestinationId, int] = {}
        self._all: Spooled[Linked] = Spooled(self._spool)

    def add(self, page: Iterable[DestinationRecord], hosts: Container[str]) -> None:
        """Add the links that may be shown."""
        for record in page:
            links = None if record.links is None else presentable(record.links, hosts)
            self._at[self._kept_id(record.id)] = self._all.append(links)

    def of(self, destination_id: DestinationId) -> Linked:
        """Return the links of one person; links of a person who is gone from the destination lead nowhere."""
        at = self._at.get(destination_id)
        return () if at is None else self._all[at]


@dataclass(frozen=True, slots=True)
class SystemsSnapshot:
    kinds: tuple[RecordKind, ...]
    """What the scope covers, in the order of writing."""
    events: tuple[SourceEvent, DestinationEvent]
    programme: SourceSnapshot
    index: DestinationIndex
    links: dict[str, LinkIndex] = field(default_factory=dict)
    """The share links of people in the destination, by the name of the kind's group."""
    unknown: dict[str, str] = field(default_factory=dict)
    """Why the destination does not list a kind, by the kind's name; such records cannot be written safely."""
    stop: StopReason | None = None
    """Why nothing may be written: masked e-mails (rule 16) or time zones (rule 7)."""
    shortfalls: list[str] = field(default_factory=list)
    """What could not be read of the event, and what follows (rule 34)."""
    digest: str = ""
    """A digest of all that was read, except for sessions if there are many."""
    has_many: bool = False
    """Many sessions, so that the change feed is asked whether to read them."""
    is_whole: bool = True
    """False if many sessions were not read because none of them has changed."""

    @property
    def zones(self) -> tuple[str | None, str | None]:
        """Return the two events' time zones, as the source and the destination report them."""
        source, destination = self.events
        return source.time_zone, destination.time_zone

    def are_as_at(self, marker: UnchangedMarker) -> bool:
        """Check whether both systems are unchanged; many sessions are compared by their outcomes instead."""
        return not self.shortfalls and self.digest == marker.digest


@dataclass(frozen=True, slots=True)
class SystemsReader:
    mapping: EventMapping
    known: KnownRecords
    source: Source
    destination: Destination
    now: datetime
    intended: Mapping[str, AbstractSet[SourceId]] = field(default_factory=dict)
    """Creates whose result was not recorded, by the kind's name."""
    setup: Sequence[object] = ()
    """What else a plan depends on; it becomes a part of the digest."""
    spool: Spool = field(default_factory=InMemorySpool)
    """Where rows are kept until they are sent."""
    on_page: OnPage = _nothing
    """Awaited after each page, with the number of its rows."""

    async def read(self, scope: Scope, marker: UnchangedMarker | None = None) -> SystemsSnapshot:
        """Read what the scope needs, and check what concerns all records.

        With a marker of many sessions, they are not read if the change feed reports no change: they are
        left to `read_rest`.

        Raises:
            SyncStopped: the source tells no time zone that is known (rule 7).
            SourceError, DestinationError
        """
        source_event, destination_event = await _together(
            self.source.event(self.mapping.events.source_id),
            self.destination.event(self.mapping.events.destination_id),
        )
        zone = zone_named(source_event.time_zone)
        if zone is None:
            raise SyncStopped(stop_reasons.no_time_zone(source_event, self.mapping.systems.source))
        kinds = KINDS.in_scope(scope)
        context = SelectionContext(
            self.mapping.settings, zone, self.now, self.mapping.systems, self.spool, self.known.kept_id
        )
        programme = empty_snapshot(scope, context)
        snapshot = SystemsSnapshot(
            kinds,
            (source_event, destination_event),
            programme,
            self.known.destination_index(self.mapping, self.intended),
        )
        # A person's e-mail can belong to a contact of another kind, which the scope may not cover (rule 19).
        groups = tuple(dict.fromkeys(kind.group for kind in (*kinds, *KINDS.people)))
        reporting = {feed for feed in programme.rows if feed.reports_changes}
        put_off = reporting if await self._is_spared(marker) else set[Feed[SourceRow]]()
        rows = {
            feed: RowDigests(FEW if feed.reports_changes else None)
            for feed in programme.rows.keys() - put_off
        }
        await _together(
            *(self._read_part(feed, snapshot, rows[feed]) for feed in rows),
            *(self._read_destination(group, snapshot) for group in groups),
        )
        digest = digest_of(
            (
                *self.setup,
                source_event,
                destination_event,
                snapshot.index.digest,
                *(rows[feed].all for feed in programme.rows if feed in rows and not rows[feed].are_many),
            )
        )
        has_many = bool(put_off) or any(row.are_many for row in rows.values())
        stop = self._stop(programme, source_event, destination_event)
        return replace(snapshot, digest=digest, has_many=has_many, is_whole=not put_off, stop=stop)

    async def read_rest(self, snapshot: SystemsSnapshot) -> SystemsSnapshot:
        """Read the feeds that were left out, because something else has changed."""
        if snapshot.is_whole:
            return snapshot
        for feed in snapshot.programme.rows:
            if feed.reports_changes:
                await self._read_part(feed, snapshot, RowDigests(FEW))
        return replace(snapshot, is_whole=True, stop=self._stop(snapshot.programme, *snapshot.events))

    async def _is_spared(self, marker: UnchangedMarker | None) -> bool:
        """Ask the change feed, if that takes fewer requests than reading."""
        if marker is None:
            return False
        event_id, since = self.mapping.events.source_id, marker.changes_since
        return not await self.source.has_changed(event_id, since)

    async def _read_part(self, feed: Feed[SourceRow], snapshot: SystemsSnapshot, digests: RowDigests) -> None:
        """Read one feed, and add sentences about what could not be read (rule 34)."""
        part, unreadable = snapshot.programme.rows[feed], set[str]()
        try:
            async for page in self.source.records(self.mapping.events.source_id, feed):
                for row in page:
                    try:
                        part.add(row)
                    except RowFailed:
                        unreadable.add(row.id)
                    digests.add(row.id, row)
                    if isinstance(row, Unreadable):
                        unreadable.add(row.id)
                await self.on_page(len(page))
        except SourceIncomplete as error:
            part.incomplete = True
            snapshot.shortfalls.append(not_all_read(str(error)))
        if unreadable:
            snapshot.shortfalls.append(rows_unreadable(len(unreadable)))

    async def _read_destination(self, group: str, snapshot: SystemsSnapshot) -> None:
        """Read the records of a group, once for all of its kinds."""
        kinds = KINDS.sharing(group)
        links = LinkIndex(self.spool, partial(snapshot.index.kept_id, kinds[0]))
        snapshot.links[group] = links
        for kind in kinds:
            try:
                async for page in self.destination.records(self.mapping.events.destination_id, kind):
                    snapshot.index.add(kind, page)
                    if kind.is_person:
                        links.add(page, self.destination.link_hosts)
                    await self.on_page(len(page))
            except RecordsNotReported:
                return  # there are none; known records are requested by id before they are created again
            except UnsupportedKind as error:
                snapshot.unknown[kind.name] = str(error)
            else:
                return

    def _stop(
        self, programme: SourceSnapshot, source_event: SourceEvent, destination_event: DestinationEvent
    ) -> StopReason | None:
        if programme.masked:
            return stop_reasons.masked_emails(programme.masked, self.mapping.systems.source)
        instants = programme.instants
        return check_time_zones(source_event, destination_event, self.mapping, instants, self.now)


async def _together(*work: Coroutine[Any, Any, Any]) -> Any:
    """Await everything concurrently; the first failure cancels the rest, and is raised unchanged."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(coroutine) for coroutine in work]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
