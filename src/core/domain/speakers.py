"""Speakers: with which fields somebody on the agenda goes (rule 14)."""

from urllib.parse import urlsplit

from core.domain import reasons
from core.domain.fields import Fields, FieldValue
from core.domain.selection import filled
from core.domain.source import Person


def speaker_fields(person: Person, ties: tuple[str, ...]) -> tuple[Fields, tuple[str, ...]]:
    """Map a person to a speaker's fields; the second part notes what was left out (rule 14)."""
    headshot = person.headshot
    notes: tuple[str, ...] = ()
    if headshot and is_heic(headshot):
        headshot, notes = None, (reasons.HEIC_LEFT_OUT,)
    names = [name.strip() for name in (person.first_name, person.last_name) if name and name.strip()]
    pairs: tuple[tuple[str, FieldValue | None], ...] = (
        ("first_name", person.first_name),
        ("last_name", person.last_name),
        ("name", " ".join(names)),
        ("email", person.email),
        ("job_title", person.job_title),
        ("company_name", person.company_name),
        ("headshot", headshot),
        ("sessions", ties),
    )
    return filled(pairs), notes


def is_heic(url: str) -> bool:
    if ".heic" not in url.lower():
        return False
    try:
        path = urlsplit(url.strip()).path
    except ValueError:
        path = url.strip()
    return path.lower().endswith(".heic")
