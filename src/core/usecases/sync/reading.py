"""Read both sides of a mapping, before anything is planned."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from core.domain import stops
from core.domain.agenda import Agenda
from core.domain.exhibitors import ExhibitorList
from core.domain.gleanin_side import GleaninEvent, GleaninSide
from core.domain.identifiers import GleaninId
from core.domain.kinds import PEOPLE, SESSION, RecordKind, Scope, kinds_in
from core.domain.mappings import EventMapping
from core.domain.programme import Programme
from core.domain.source import SourceEvent
from core.domain.stops import Stop, judge_time_zones
from core.domain.synced import ShareLink, presentable
from core.domain.time_zones import zone_named
from core.usecases.sync.failures import SyncStopped
from ports.destination import Destination, RecordsNotTold
from ports.session_source import SessionSource

Links = dict[GleaninId, tuple[ShareLink, ...]]


@dataclass(frozen=True, slots=True)
class BothSides:
    kinds: tuple[RecordKind, ...]
    """What the scope covers, in the order of writing."""
    programme: Programme
    gleanin: GleaninSide
    links: dict[str, Links] = field(default_factory=dict)
    """The share links that people in Gleanin have, by the kind's name."""
    untold: set[str] = field(default_factory=set)
    """Names of the kinds of which Gleanin said nothing: it has none, or does not tell."""
    stop: Stop | None = None
    """Why nothing may be written: masked e-mails (rule 16) or time zones (rule 7)."""


@dataclass(frozen=True, slots=True)
class Reader:
    mapping: EventMapping
    source: SessionSource
    destination: Destination
    now: datetime

    async def read(self, scope: Scope) -> BothSides:
        """Read what the scope needs, and check what concerns all records.

        Raises:
            SyncStopped: Sessionboard tells no time zone, so that its sessions cannot be read (rule 7).
            SourceError, DestinationError
        """
        source_event, gleanin_event = await _together(
            self.source.event(self.mapping.events.sessionboard_id),
            self.destination.event(self.mapping.events.gleanin_id),
        )
        kinds = kinds_in(scope)
        programme = self._empty_programme(kinds, source_event)
        sides = BothSides(kinds, programme, GleaninSide(self.mapping.connection_id))
        # A person's e-mail can belong to a contact of another kind, which the scope may not cover (rule 19).
        there = tuple(dict.fromkeys((*kinds, *PEOPLE)))
        await _together(
            self._read_sessions(programme.agenda),
            self._read_exhibitors(programme.exhibitors),
            *(self._read_gleanin(kind, sides) for kind in there),
        )
        return replace(sides, stop=self._stop(programme, source_event, gleanin_event))

    def _empty_programme(self, kinds: tuple[RecordKind, ...], event: SourceEvent) -> Programme:
        agenda = None
        if SESSION in kinds:
            zone = zone_named(event.time_zone)
            if zone is None:
                raise SyncStopped(stops.no_time_zone(event))
            agenda = Agenda(self.mapping.settings, zone, self.now)
        exhibits = any(kind.scope is Scope.EXHIBITORS for kind in kinds)
        return Programme(agenda, ExhibitorList(self.mapping.settings) if exhibits else None)

    async def _read_sessions(self, agenda: Agenda | None) -> None:
        if agenda is not None:
            async for page in self.source.sessions(self.mapping.events.sessionboard_id):
                for row in page:
                    agenda.add(row)

    async def _read_exhibitors(self, exhibitors: ExhibitorList | None) -> None:
        if exhibitors is not None:
            async for page in self.source.exhibitors(self.mapping.events.sessionboard_id):
                for row in page:
                    exhibitors.add(row)

    async def _read_gleanin(self, kind: RecordKind, sides: BothSides) -> None:
        links = sides.links.setdefault(kind.name, {})
        try:
            async for page in self.destination.records(self.mapping.events.gleanin_id, kind):
                sides.gleanin.add(kind, page)
                if kind.is_person:
                    links.update((record.id, presentable(record.links)) for record in page)
        except RecordsNotTold:
            sides.untold.add(kind.name)

    def _stop(
        self, programme: Programme, source_event: SourceEvent, gleanin_event: GleaninEvent
    ) -> Stop | None:
        if programme.masked:
            return stops.masked_emails(programme.masked)
        if programme.agenda is None:
            return None
        return judge_time_zones(
            source_event, gleanin_event, self.mapping, programme.agenda.instants, self.now
        )


async def _together(*work: Coroutine[Any, Any, Any]) -> Any:
    """Await all at once; the first failure ends the others, and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
