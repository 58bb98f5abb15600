"""The form in which fields are compared (rule 21)."""

from core.domain.fields import Fields


def canonical(fields: Fields) -> Fields:
    return fields


def stable_text(text: str) -> str:
    return text
