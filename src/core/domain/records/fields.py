"""The mapped fields of a record: what is sent of it."""

from collections.abc import Mapping

FieldValue = str | tuple[str, ...]
Fields = Mapping[str, FieldValue]
"""By the field's name; an empty field is absent (rule 20)."""
