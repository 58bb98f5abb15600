"""Sessions: the submissions of an event, each as often as it takes place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gleanin_sync_pretalx.pages import digest_of
from gleanin_sync_pretalx.people import to_person
from gleanin_sync_pretalx.questions import Questions
from gleanin_sync_pretalx.slots import slots_of
from gleanin_sync_pretalx.values import (
    Row,
    WrongValue,
    code_or_none,
    json_type_of,
    localized,
    object_or_none,
    objects,
    text,
    text_or_none,
)
from ports.plugins import Participation, ParticipationRole, Session, SourceId, Unreadable

EXPAND = ("speakers", "track", "tags", "slots", "slots.room")
"""What pretalx would give as ids otherwise."""
EXPAND_ANSWERS = (*EXPAND, "speakers.answers")
CONFIRMED = "confirmed"
ACCEPTED = "accepted"
"""In pretalx, the organizers have accepted the submission, and its speakers have not confirmed it yet."""
_IS_CONFIRMED = {CONFIRMED: True, ACCEPTED: False}
MAX_LABEL_LENGTH = 200


@dataclass(frozen=True, slots=True)
class SubmissionParser:
    language: str | None
    """Of the event."""
    questions: Questions

    def __call__(self, row: object) -> Sequence[Session | Unreadable]:
        """Return the sessions of a submission; one unreadable row if anything is wrong that decides what becomes of it."""
        if not isinstance(row, dict):
            return [_unreadable({}, f"It is {json_type_of(row)} instead of an object.", row)]
        try:
            return [*self._sessions(row)]
        except WrongValue as error:
            return [_unreadable(row, str(error), row)]

    def _sessions(self, row: Row) -> Iterator[Session]:
        code = code_or_none(row)
        if code is None:
            raise WrongValue("It has no code.")
        title = text(row, "title", "the title")
        state = text(row, "state", "the state")
        if state is None:
            raise WrongValue("It has no state.")
        track = object_or_none(row, "track", "the track") or {}
        tags = [localized(tag.get("tag"), self.language) for tag in objects(row, "tags", "the tags")]
        people = tuple(
            Participation(to_person(speaker, self.questions), ParticipationRole.SPEAKER)
            for speaker in objects(row, "speakers", "the speakers")
        )
        for number, slot in enumerate(slots_of(row), start=1):
            yield Session(
                id=session_id(code, number),
                title=title,
                description=text_or_none(row, "abstract") or text_or_none(row, "description"),
                status=ACCEPTED if state == CONFIRMED else state,
                starts_at=slot.starts_at,
                ends_at=slot.ends_at,
                unreadable_times=slot.unreadable,
                is_confirmed=_IS_CONFIRMED.get(state),
                track=localized(track.get("name"), self.language),
                tags=tuple(tag for tag in tags if tag),
                people=people,
            )


def session_id(code: str, number: int) -> SourceId:
    """Return the id of a submission's first, second … session; the first has the submission's code."""
    return SourceId(code if number == 1 else f"{code}-{number}")


def _unreadable(row: Row, problem: str, content: object) -> Unreadable:
    row_id = code_or_none(row) or f"without-code-{digest_of(content)}"
    label = (text_or_none(row, "title") or "")[:MAX_LABEL_LENGTH]
    return Unreadable(SourceId(row_id), "".join(filter(str.isprintable, label)) or row_id, problem)
