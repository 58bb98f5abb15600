"""Speakers: the fields of a person on the agenda (rule 14)."""

from core.domain.records.fields import Fields, FieldValue
from core.domain.records.pictures import picture_url
from core.domain.records.source_records import Person
from core.domain.selection.candidates import filled
from core.domain.tenancy.event_mappings import MappingSettings


def speaker_fields(person: Person, associations: tuple[str, ...]) -> tuple[Fields, tuple[str, ...]]:
    """Return a speaker's fields, and notes about what was left out (rule 14)."""
    headshot, left_out = picture_url(person.headshot)
    pairs: tuple[tuple[str, FieldValue | None], ...] = (
        ("first_name", person.first_name),
        ("last_name", person.last_name),
        ("name", " ".join(filter(None, (person.first_name, person.last_name)))),
        ("email", person.email),
        ("job_title", person.job_title),
        ("company_name", person.company_name),
        ("headshot", headshot),
        ("sessions", associations),
    )
    return filled(pairs), (left_out,) if left_out else ()


def waived_fields(settings: MappingSettings) -> frozenset[str]:
    """Return the required fields that the mapping's settings do not require (rule 14)."""
    return frozenset({"last_name"}) if settings.one_name_is_enough else frozenset()
