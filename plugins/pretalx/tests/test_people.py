"""Speakers become people."""

import pytest

from gleanin_sync_pretalx.people import split_name, to_person
from gleanin_sync_pretalx.questions import Questions
from gleanin_sync_pretalx.values import WrongValue
from plugins.pretalx.tests.rows import speaker
from ports.plugins import picture_url

NONE = Questions()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ada Lovelace", ("Ada", "Lovelace")),
        ("Ada King Lovelace", ("Ada King", "Lovelace")),
        ("  Ada \t Lovelace\n", ("Ada", "Lovelace")),
        ("Ada\u00a0Lovelace", ("Ada", "Lovelace")),
        ("Sukarno", ("Sukarno", None)),
        ("", (None, None)),
        (" ", (None, None)),
    ],
)
def test_a_name_is_split_at_its_last_blank(name: str, expected: tuple[str | None, str | None]) -> None:
    assert split_name(name) == expected


def test_a_speaker_is_a_person() -> None:
    person = to_person(speaker(), NONE)
    assert (person.id, person.first_name, person.last_name) == ("SPEAKR", "Ada", "Lovelace")
    assert (person.full_name, person.email) == ("Ada Lovelace", "ada@example.org")
    assert person.headshot == "https://pretalx.example.org/media/avatars/ada.png"
    assert (person.job_title, person.company_name) == (None, None)


@pytest.mark.parametrize("field", ["email", "avatar_url", "name"])
@pytest.mark.parametrize("value", [None, 7, ["x"], ""])
def test_a_person_without_a_field_is_one(field: str, value: object) -> None:
    row = speaker()
    row[field] = value
    person = to_person(row, NONE)
    assert person.id == "SPEAKR"
    assert None in {person.email, person.headshot, person.full_name}


def test_what_the_tokens_user_may_not_see_is_absent() -> None:
    row = speaker()
    del row["email"], row["avatar_url"], row["answers"]
    person = to_person(row, NONE)
    assert (person.email, person.headshot) == (None, None)


def test_a_signed_address_of_a_picture_is_sent_and_a_relative_one_is_not() -> None:
    signed = "https://bucket.example.org/avatars/ada.png?X-Amz-Signature=abc&X-Amz-Expires=3600"
    assert picture_url(to_person(speaker(avatar_url=signed), NONE).headshot)[0] == signed
    url, note = picture_url(to_person(speaker(avatar_url="/media/avatars/ada.png"), NONE).headshot)
    assert url is None
    assert note


def test_answers_are_job_title_and_company() -> None:
    answers = [{"question": 8, "answer": "Analyst"}, {"question": {"id": 9}, "answer": "Engines"}]
    person = to_person(speaker(answers=answers), Questions(job_title=(8,), company=(9,)))
    assert (person.job_title, person.company_name) == ("Analyst", "Engines")


@pytest.mark.parametrize("answer", [None, "", 7])
def test_the_first_question_with_an_answer_counts(answer: object) -> None:
    answers = [{"question": 8, "answer": answer}, {"question": 11, "answer": "Boss"}]
    assert to_person(speaker(answers=answers), Questions(job_title=(8, 11))).job_title == "Boss"


@pytest.mark.parametrize("answers", [[15], 7, {"question": 8}])
def test_answers_that_were_not_expanded_are_not_taken_for_none(answers: object) -> None:
    with pytest.raises(WrongValue, match=r"(T|t)he answers of a speaker"):
        to_person(speaker(answers=answers), Questions(job_title=(8,)))
    assert to_person(speaker(answers=answers), NONE).job_title is None
