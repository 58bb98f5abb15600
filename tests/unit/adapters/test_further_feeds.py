"""Feeds of installed kinds, as Sessionboard's adapters read them."""

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, cast

from adapters.plugins.rows import row_by_row
from adapters.sessionboard.client import SessionboardClient
from adapters.sessionboard.saved_events import SavedEvent
from adapters.sessionboard.source import SessionboardSource
from core.domain.ids import SourceEventId, SourceId
from core.domain.records.feeds import Feed
from core.domain.records.source_records import Person, Unreadable
from ports.plugins import FeedReader

HELPERS: Feed[Any] = Feed("helpers", Person)
EVENT = SourceEventId("77")


def parse(row: Mapping[str, Any]) -> list[Person]:
    return [Person(SourceId(row["id"]), full_name=row["name"])]


READERS = row_by_row({"helpers": FeedReader("helpers", parse)})


async def rows_of(pages: AsyncIterator[Any]) -> list[Any]:
    return [row async for page in pages for row in page]


def saved(folder: Path, **lists: object) -> Path:
    path = folder / "event.json"
    event = {"id": 77, "name": "Event", "timezone": "Europe/Paris"}
    path.write_text(json.dumps({"event": event, "sessions": [], **lists}))
    return path


async def test_rule_43_a_saved_event_has_the_rows_under_the_name_of_the_feed(tmp_path: Path) -> None:
    path = saved(tmp_path, helpers=[{"id": "h1", "name": "Hedy"}, {"id": "h2"}])
    first, second = await rows_of(SavedEvent(path, readers=READERS).records(EVENT, HELPERS))
    assert first == Person(SourceId("h1"), full_name="Hedy")
    assert isinstance(second, Unreadable)


async def test_rule_43_a_saved_event_without_such_rows_or_a_reader_for_them_has_none(tmp_path: Path) -> None:
    assert await rows_of(SavedEvent(saved(tmp_path), readers=READERS).records(EVENT, HELPERS)) == []
    path = saved(tmp_path, helpers=[{"id": "h1"}])
    assert await rows_of(SavedEvent(path).records(EVENT, HELPERS)) == []


async def test_rule_43_a_feed_that_only_other_sources_have_is_empty_and_nothing_is_requested() -> None:
    source = SessionboardSource(cast("SessionboardClient", None))
    assert await rows_of(source.records(EVENT, HELPERS)) == []
