"""Questions that pretalx asks its speakers: the answers to some of them are job title and company."""

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from dataclasses import dataclass

from gleanin_sync_pretalx.client import Forbidden, NotFound, PretalxClient
from gleanin_sync_pretalx.pages import read_list
from gleanin_sync_pretalx.values import Row, localized, objects, text_or_none
from ports.plugins import SourceEventRefused, SourceIncomplete, SourceUnreadable

SEPARATOR = ";"
"""Between the names of questions of different events."""


@dataclass(frozen=True, slots=True)
class QuestionNames:
    """The questions as an admin named them: by number, by identifier, or by their text in any language."""

    job_title: str = ""
    company: str = ""

    def __bool__(self) -> bool:
        return bool(self.job_title.strip() or self.company.strip())


@dataclass(frozen=True, slots=True)
class Questions:
    """The numbers of the questions whose answers are read."""

    job_title: Collection[int] = ()
    company: Collection[int] = ()


async def find_questions(client: PretalxClient, event_path: str, names: QuestionNames) -> Questions:
    """Return the questions of an event that have these names.

    Raises:
        SourceRefused: the token may not read the questions.
        SourceIncomplete: not all questions were read, and there is none of a name among those that were.
        SourceUnreadable: there is no question of a name. Reading on would clear everybody's job title or company.
    """
    if not names:
        return Questions()
    rows: list[Row] = []
    try:
        async for row in _questions(client, event_path):
            rows.append(row)  # noqa: PERF401 - those before an error count
    except SourceIncomplete:
        # What is missing does not matter if it is none of those that were asked for.
        if any(name.strip() and not _named(rows, name) for name in (names.job_title, names.company)):
            raise
    return Questions(_found(rows, names.job_title), _found(rows, names.company))


def answer_to(person: Row, questions: Collection[int]) -> str | None:
    """Return a person's answer to the first of some questions that has one.

    Raises:
        WrongValue: the answers are no list of objects.
    """
    if not questions:
        return None
    answers = objects(person, "answers", "the answers of a speaker")
    given = {_number(answer.get("question")): text_or_none(answer, "answer") for answer in answers}
    return next((answer for number in questions if (answer := given.get(number))), None)


async def _questions(client: PretalxClient, event_path: str) -> AsyncIterator[Row]:
    try:
        async for rows in read_list(client, f"{event_path}questions/", {}, "questions", "id"):
            for row in rows:
                if isinstance(row, dict) and row.get("target") == "speaker":
                    yield row
    except (Forbidden, NotFound) as error:
        raise SourceEventRefused(
            "pretalx does not let the token read the event's questions, so job titles and companies cannot be read. "
            "Allow it to read the list of questions, or name no questions in the access."
        ) from error


def _found(rows: Sequence[Row], names: str) -> Sequence[int]:
    found = _named(rows, names)
    if names.strip() and not found:
        known = ", ".join(f'"{name}"' for row in rows if (name := localized(row.get("question"), None)))
        raise SourceUnreadable(
            f'Its speakers are not asked "{names.strip()}" in this event, or the token may not see it. '
            f"The questions that it may see: {known or 'none'}. Correct the name in the organization's access to pretalx."
        )
    return found


def _named(rows: Sequence[Row], names: str) -> Sequence[int]:
    wanted = {name.strip().casefold() for name in names.split(SEPARATOR)} - {""}
    return [
        number
        for row in rows
        if (number := _number(row)) is not None and not wanted.isdisjoint(_names_of(row))
    ]


def _names_of(row: Row) -> Iterator[str]:
    question = row.get("question")
    texts = question.values() if isinstance(question, dict) else (question,)
    for name in (str(row.get("id")), row.get("identifier"), *texts):
        if isinstance(name, str):
            yield name.strip().casefold()


def _number(question: object) -> int | None:
    """Return the number of a question, which may be expanded."""
    value = question.get("id") if isinstance(question, dict) else question
    return value if isinstance(value, int) else None
