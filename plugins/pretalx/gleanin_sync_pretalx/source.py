"""pretalx as a source of events and sessions."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from gleanin_sync_pretalx.client import PretalxClient
from gleanin_sync_pretalx.events import EventReader, path_of, to_event
from gleanin_sync_pretalx.pages import read_list
from gleanin_sync_pretalx.questions import QuestionNames, find_questions
from gleanin_sync_pretalx.sessions import EXPAND, EXPAND_ANSWERS, SubmissionParser
from gleanin_sync_pretalx.values import Row, text_or_none
from ports.plugins import (
    SESSIONS,
    Feed,
    FeedReader,
    SourceEvent,
    SourceEventId,
)

OLDEST_FIRST = "created,code"
"""The order of submissions: what is added while they are read comes last, and moves no other row."""


@dataclass(frozen=True, slots=True)
class PretalxSource:
    client: PretalxClient
    question_names: QuestionNames
    readers: Mapping[str, FeedReader]
    """How feeds are read that other kinds bring, by the feed's name."""

    async def events(self) -> Sequence[SourceEvent]:
        events, _ = await EventReader(self.client).list()
        return events

    async def event(self, event_id: SourceEventId) -> SourceEvent:
        return to_event(await EventReader(self.client).read(event_id))

    async def records(self, event_id: SourceEventId, feed: Feed[Any]) -> AsyncIterator[Sequence[Any]]:
        reader = self.readers.get(feed.name)
        if feed.name != SESSIONS.name and reader is None:
            return  # pretalx has no exhibitors, nor what kinds for other sources are made of
        event = await EventReader(self.client).read(event_id)
        pages = (
            self._sessions(event_id, text_or_none(event, "locale"))
            if reader is None
            else self._further(event_id, feed.name, reader)
        )
        async for page in pages:
            yield page

    async def has_changed(self, event_id: SourceEventId, since: datetime) -> bool:  # noqa: ARG002 - as in the port
        """Return True: pretalx has no filter by date of change."""
        return True

    async def _sessions(self, event_id: SourceEventId, language: str | None) -> AsyncIterator[Sequence[Any]]:
        questions = await find_questions(self.client, path_of(event_id), self.question_names)
        expand = EXPAND_ANSWERS if self.question_names else EXPAND
        params = {"expand": ",".join(expand), "o": OLDEST_FIRST}
        parse = SubmissionParser(language, questions)
        async for rows in read_list(
            self.client, f"{path_of(event_id)}submissions/", params, "submissions", "code"
        ):
            yield [session for row in rows for session in parse(row)]

    async def _further(
        self, event_id: SourceEventId, name: str, reader: FeedReader
    ) -> AsyncIterator[Sequence[Any]]:
        params = {key: value if isinstance(value, int) else str(value) for key, value in reader.query.items()}
        async for rows in read_list(self.client, path_of(event_id) + reader.path, params, name, "id"):
            yield [record for row in rows for record in reader.parse(cast("Row", row))]
