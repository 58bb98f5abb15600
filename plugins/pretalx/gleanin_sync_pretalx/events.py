"""Events of pretalx: those that are public, and those that the token's user may see."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gleanin_sync_pretalx.client import EVENTS, NotFound, PretalxClient
from gleanin_sync_pretalx.values import Row, json_type_of, localized, text_or_none
from ports.plugins import (
    SourceEvent,
    SourceEventGone,
    SourceEventId,
    SourceUnavailable,
    SourceUnreadable,
)

_SLUG = re.compile(r"[\w.-]*\w[\w.-]*", re.ASCII)
"""Short names of events; anything else could lead to another path."""


@dataclass(frozen=True, slots=True)
class EventReader:
    client: PretalxClient

    async def list(self) -> tuple[Sequence[SourceEvent], bool]:
        """Return the events that can be read, and whether that is all of them; pretalx lists them on one page."""
        try:
            rows = await self.client.read(EVENTS)
        except NotFound as error:
            raise SourceUnreadable(str(error)) from error
        if not isinstance(rows, list):
            raise SourceUnreadable(f"pretalx returned {json_type_of(rows)} instead of a list of events.")
        readable = {_slug_of(row): row for row in rows if isinstance(row, dict) and _slug_of(row)}
        return [*map(to_event, readable.values())], len(readable) == len(rows)

    async def read(self, event_id: SourceEventId) -> Row:
        """Return one event, with its language.

        Raises:
            SourceEventGone: pretalx lists its events, and this is not one of them.
            SourceUnavailable: pretalx lists the event, but does not find it.
        """
        if not _SLUG.fullmatch(event_id):
            raise _gone(event_id)
        try:
            document = await self.client.read(path_of(event_id))
        except NotFound as error:
            await self._check_listed(event_id)
            raise SourceUnavailable(
                f"pretalx lists the event {event_id!r:.60}, but answers that it does not exist (404)."
            ) from error
        if not isinstance(document, dict) or _slug_of(document) != event_id:
            raise SourceUnreadable(f"pretalx answered with something else than the event {event_id!r:.60}.")
        return document

    async def _check_listed(self, event_id: SourceEventId) -> None:
        """Check the list: a web server before pretalx can answer 404, too."""
        events, is_complete = await self.list()
        if event_id in {event.id for event in events}:
            return
        if not is_complete:
            raise SourceUnreadable(
                f"One of pretalx's events cannot be read, and no other one is {event_id!r:.60}."
            )
        raise _gone(event_id)


def to_event(row: Row) -> SourceEvent:
    """Return an event; only the row of a single event says which language is its first."""
    slug = _slug_of(row)
    name = localized(row.get("name"), text_or_none(row, "locale"))
    return SourceEvent(SourceEventId(slug), name or slug, text_or_none(row, "timezone"))


def path_of(event_id: SourceEventId) -> str:
    return f"{EVENTS}{event_id}/"


def _slug_of(row: Row) -> str:
    slug = text_or_none(row, "slug") or ""
    return slug if _SLUG.fullmatch(slug) else ""


def _gone(event_id: SourceEventId) -> SourceEventGone:
    return SourceEventGone(f"pretalx has no event {event_id!r:.60}, or the token may not see it.")
