"""The mapped fields of a record, which are sent to the destination."""

from collections.abc import Mapping

FieldValue = str | tuple[str, ...]
Fields = Mapping[str, FieldValue]
"""Values by field name; an empty field is absent (rule 20)."""
