"""Instants as text."""

from datetime import UTC, datetime


def instant_text(at: datetime) -> str:
    """Return an instant as APIs write it: ISO 8601 in UTC, with milliseconds and `Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
