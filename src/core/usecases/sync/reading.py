"""Read both sides of a mapping, before anything is planned."""

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Coroutine, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.domain import stops
from core.domain.checkpoint import FEW, Checkpoint, RowDigests
from core.domain.digests import digest_of
from core.domain.gleanin_side import GleaninEvent, GleaninRecord, GleaninSide
from core.domain.identifiers import GleaninId, SessionboardEventId
from core.domain.kinds import PEOPLE, RecordKind, Scope, kinds_in
from core.domain.mappings import EventMapping
from core.domain.messages import not_all_read, rows_unreadable
from core.domain.programme import Part, Programme, empty_programme
from core.domain.source import Exhibitor, Session, SourceEvent, Unreadable
from core.domain.stops import Stop, judge_time_zones
from core.domain.synced import ShareLink, presentable
from core.domain.time_zones import zone_named
from core.usecases.sync.failures import SyncStopped
from core.usecases.sync.memory import Remembered
from ports.destination import Destination, KindUnknown, RecordsNotTold
from ports.session_source import SessionSource, SourceIncomplete

IN_CHANGE_FEED = frozenset({Scope.AGENDA})
"""A contact's edit need not move its exhibitor, so exhibitors are read each time: they are few."""
Links = dict[GleaninId, tuple[ShareLink, ...] | None]
"""Of everybody who is in Gleanin; None where nothing was told of links."""
Feed = Callable[[SessionboardEventId], AsyncIterator[Sequence[Session | Exhibitor | Unreadable]]]


@dataclass(frozen=True, slots=True)
class BothSides:
    kinds: tuple[RecordKind, ...]
    """What the scope covers, in the order of writing."""
    programme: Programme
    gleanin: GleaninSide
    links: dict[str, Links] = field(default_factory=dict)
    """The share links that people in Gleanin have, by the kind's name."""
    unknown: dict[str, str] = field(default_factory=dict)
    """Why Gleanin gives no records of a kind, by the kind's name: none of them can be written safely."""
    zones: tuple[str | None, str | None] = (None, None)
    """The two events' time zones, as Sessionboard and Gleanin tell them."""
    stop: Stop | None = None
    """Why nothing may be written: masked e-mails (rule 16) or time zones (rule 7)."""
    shortfalls: list[str] = field(default_factory=list)
    """What could not be read of the programme, and what follows (rule 34)."""
    digest: str = ""
    """Of all that was read, but for sessions where these are many."""
    has_many: bool = False
    """Sessions, so that the change feed is asked for them."""
    is_as_before: bool = False
    """Nothing has changed since the checkpoint; if it has many sessions, they were not read."""


@dataclass(frozen=True, slots=True)
class Reader:
    mapping: EventMapping
    remembered: Remembered
    source: SessionSource
    destination: Destination
    now: datetime
    setup: Sequence[object] = ()
    """What else a plan depends on: it becomes a part of the digest."""

    async def read(self, scope: Scope, checkpoint: Checkpoint | None = None) -> BothSides:
        """Read what the scope needs, and check what concerns all records.

        With a checkpoint that has many sessions, they are read only if something differs from what it has proved.

        Raises:
            SyncStopped: Sessionboard tells no time zone that is known (rule 7).
            SourceError, DestinationError
        """
        source_event, gleanin_event = await _together(
            self.source.event(self.mapping.events.sessionboard_id),
            self.destination.event(self.mapping.events.gleanin_id),
        )
        zone = zone_named(source_event.time_zone)
        if zone is None:
            raise SyncStopped(stops.no_time_zone(source_event))
        kinds = kinds_in(scope)
        programme = empty_programme(scope, self.mapping.settings, zone, self.now)
        sides = BothSides(
            kinds,
            programme,
            self.remembered.gleanin_side(self.mapping.connection_id),
            zones=(source_event.time_zone, gleanin_event.time_zone),
        )
        # A person's e-mail can belong to a contact of another kind, which the scope may not cover (rule 19).
        there = tuple(dict.fromkeys((*kinds, *PEOPLE)))
        put_off = IN_CHANGE_FEED if await self._is_spared(checkpoint) else frozenset()
        rows = {each: RowDigests(FEW if each in IN_CHANGE_FEED else None) for each in programme.parts}

        async def read(scopes: AbstractSet[Scope]) -> None:
            read = (self._read_part(each, programme.parts[each], rows[each]) for each in scopes)
            sides.shortfalls.extend(
                shortfall for shortfalls in await _together(*read) for shortfall in shortfalls
            )

        await _together(
            read(programme.parts.keys() - put_off), *(self._read_gleanin(kind, sides) for kind in there)
        )
        digest = digest_of(
            (
                *self.setup,
                source_event,
                gleanin_event,
                sides.gleanin.digest,
                *(each.all for each in rows.values()),
            )
        )
        has_many = bool(put_off) or any(each.are_many for each in rows.values())
        is_whole = not sides.shortfalls
        if is_whole and checkpoint and checkpoint.digest == digest and (put_off or not has_many):
            return replace(sides, is_as_before=True)
        await read(put_off)
        stop = self._stop(programme, source_event, gleanin_event)
        return replace(sides, digest=digest, has_many=has_many, stop=stop)

    async def _is_spared(self, checkpoint: Checkpoint | None) -> bool:
        """Ask the change feed, where that takes fewer requests than to read."""
        if checkpoint is None or not checkpoint.has_many:
            return False
        event_id, since = self.mapping.events.sessionboard_id, checkpoint.changes_since
        return not await self.source.has_changed(event_id, since)

    async def _read_part(self, scope: Scope, part: Part, rows: RowDigests) -> list[str]:
        """Read one part of the programme, and return what could not be read of it, in sentences (rule 34)."""
        feeds: dict[Scope, Feed] = {
            Scope.AGENDA: self.source.sessions,
            Scope.EXHIBITORS: self.source.exhibitors,
        }
        shortfalls, unreadable = list[str](), set[str]()
        try:
            async for page in feeds[scope](self.mapping.events.sessionboard_id):
                for row in page:
                    part.add(row)
                    rows.add(row.id, row)
                    if isinstance(row, Unreadable):
                        unreadable.add(row.id)
        except SourceIncomplete as error:
            part.incomplete = True
            shortfalls.append(not_all_read(str(error)))
        if unreadable:
            shortfalls.append(rows_unreadable(len(unreadable)))
        return shortfalls

    async def _read_gleanin(self, kind: RecordKind, sides: BothSides) -> None:
        links = sides.links.setdefault(kind.name, {})
        try:
            async for page in self.destination.records(self.mapping.events.gleanin_id, kind):
                sides.gleanin.add(kind, page)
                if kind.is_person:
                    links.update(linked(page, self.destination.link_hosts))
        except RecordsNotTold:
            pass  # there are none; what we remember all the same is asked for by its id before it is created again
        except KindUnknown as error:
            sides.unknown[kind.name] = str(error)

    def _stop(
        self, programme: Programme, source_event: SourceEvent, gleanin_event: GleaninEvent
    ) -> Stop | None:
        if programme.masked:
            return stops.masked_emails(programme.masked)
        instants = programme.instants
        return judge_time_zones(source_event, gleanin_event, self.mapping, instants, self.now)


def linked(
    page: Iterable[GleaninRecord], hosts: Container[str]
) -> Iterator[tuple[GleaninId, tuple[ShareLink, ...] | None]]:
    """Give the share links of each record that may be shown."""
    return (
        (record.id, None if record.links is None else presentable(record.links, hosts)) for record in page
    )


async def _together(*work: Coroutine[Any, Any, Any]) -> Any:
    """Await all at once; the first failure ends the others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
