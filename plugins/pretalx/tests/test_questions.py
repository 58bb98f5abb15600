"""Questions are found by number, identifier or text, and a name that nothing has is not passed over."""

from collections.abc import Mapping
from typing import Any

import pytest

from gleanin_sync_pretalx.questions import QuestionNames, Questions, find_questions
from gleanin_sync_testkit.wire import Answer
from plugins.pretalx.tests.in_memory import client_of, page
from ports.plugins import SourceEventRefused, SourceIncomplete, SourceUnreadable

ROWS: tuple[Mapping[str, Any], ...] = (
    {"id": 8, "question": {"en": "Job title", "de": "Beruf"}, "target": "speaker", "identifier": "J0B"},
    {"id": 9, "question": "Company", "target": "speaker"},
    {"id": 10, "question": {"en": "Sponsor"}, "target": "submission"},
    {"id": 11, "question": {"en": "Function"}, "target": "speaker"},
)


async def found(names: QuestionNames, answer: Answer | None = None) -> Questions:
    async with client_of(lambda _: answer or page(*ROWS, None, {"id": "odd", "target": "speaker"})) as client:
        return await find_questions(client, "events/conf/", names)


@pytest.mark.parametrize(
    "name", ["8", "J0B", "j0b", "Job title", " job TITLE ", "Beruf", "Position; Beruf", "beruf;;"]
)
async def test_a_question_is_found(name: str) -> None:
    assert await found(QuestionNames(job_title=name)) == Questions(job_title=[8], company=[])


async def test_several_questions_are_found() -> None:
    questions = await found(QuestionNames(job_title="Job title; Function", company="9"))
    assert questions == Questions(job_title=[8, 11], company=[9])


async def test_nothing_is_asked_for_without_names() -> None:
    async with client_of(lambda _: pytest.fail("it asked")) as client:
        assert await find_questions(client, "events/conf/", QuestionNames(" ", "")) == Questions()


@pytest.mark.parametrize("name", ["Position", "Sponsor", "10", "odd"])
async def test_a_name_that_no_question_has_stops(name: str) -> None:
    with pytest.raises(SourceUnreadable, match=f'not asked "{name}".*"Job title", "Company", "Function"'):
        await found(QuestionNames(company=name))


async def test_an_event_without_questions_says_so() -> None:
    with pytest.raises(SourceUnreadable, match="may see: none") as caught:
        await found(QuestionNames(company="Company"), page())
    assert "Correct the name in the organization's access to pretalx." in str(caught.value), "what to do"


@pytest.mark.parametrize("status", [403, 404])
async def test_it_is_said_that_questions_may_not_be_read(status: int) -> None:
    with pytest.raises(SourceEventRefused, match="does not let the token read the event's questions"):
        await found(QuestionNames(company="Company"), Answer({"detail": "no"}, status=status))


async def test_questions_that_are_missing_do_not_matter_if_the_named_ones_are_there() -> None:
    incomplete = page(*ROWS, count=9)
    assert await found(QuestionNames(job_title="Beruf"), incomplete) == Questions(job_title=[8], company=[])
    with pytest.raises(SourceIncomplete, match="reports 9 questions but returned 4"):
        await found(QuestionNames(job_title="Beruf", company="Firma"), incomplete)
