"""Rows of pretalx's API for tests."""

from typing import Any

Json = Any


def submission(code: Json = "ABCDEF", **changes: Json) -> Json:
    return {
        "code": code,
        "title": "Engines",
        "speakers": [speaker()],
        "track": {"id": 1, "name": {"en": "Data", "de": "Daten"}},
        "tags": [],
        "state": "confirmed",
        "abstract": "Short.",
        "description": "Long.",
        "slots": [slot("2027-07-01T09:00:00+02:00")],
        **changes,
    }


def slot(start: str | None, end: str | None = None, number: int = 1) -> Json:
    """Return a slot; by default it ends at half past."""
    return {
        "id": number,
        "room": {"id": 1, "name": {"en": "Hall"}},
        "start": start,
        "end": end or _half_past(start),
    }


def speaker(code: Json = "SPEAKR", **changes: Json) -> Json:
    return {
        "code": code,
        "name": "Ada Lovelace",
        "email": "ada@example.org",
        "avatar_url": "https://pretalx.example.org/media/avatars/ada.png",
        "answers": [],
        **changes,
    }


def _half_past(start: str | None) -> str | None:
    return start and start.replace(":00:00", ":30:00")
