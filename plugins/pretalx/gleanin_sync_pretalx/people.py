"""People: speakers of pretalx, who have one field for their name."""

from gleanin_sync_pretalx.questions import Questions, answer_to
from gleanin_sync_pretalx.values import Row, WrongValue, code_or_none, text_or_none
from ports.plugins import Person, SourceId


def to_person(row: Row, questions: Questions) -> Person:
    """Return a speaker as a person.

    E-mail and avatar are absent where pretalx does not show them to the token's user.

    Raises:
        WrongValue: the speaker has no code, or the answers cannot be read.
    """
    code = code_or_none(row)
    if code is None:
        raise WrongValue("One of its speakers has no code.")
    name = text_or_none(row, "name")
    first_name, last_name = split_name(name or "")
    return Person(
        id=SourceId(code),
        first_name=first_name,
        last_name=last_name,
        full_name=name,
        email=text_or_none(row, "email"),
        job_title=answer_to(row, questions.job_title),
        company_name=answer_to(row, questions.company),
        headshot=text_or_none(row, "avatar_url"),
    )


def split_name(name: str) -> tuple[str | None, str | None]:
    """Split a name at its last blank; a single word is a first name."""
    *first, last = name.split() or [""]
    return (" ".join(first), last) if first else (last or None, None)
