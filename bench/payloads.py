"""The bodies that the bare loop and dlt send: built from plain dictionaries, without any checks."""

import json
from datetime import datetime
from typing import Any

Json = dict[str, Any]


def session_body(event_id: str, session: Json) -> bytes:
    track = session["track"].get("name")
    attributes = {
        "event_id": int(event_id),
        "external_idx": session["id"],
        "title": session["title"],
        "starts_at": _with_milliseconds(session["starts_at"]),
        "ends_at": _with_milliseconds(session["ends_at"]),
        "schedule": f"{session['starts_at']}-{session['ends_at']}",
        "description": session["description"],
        "tracks": [track] if track else [],
    }
    return json.dumps({"data": {"type": "sessions", "attributes": attributes}}).encode()


def speaker_body(event_id: str, person: Json, sessions: list[int]) -> bytes:
    attributes = {
        "event_id": int(event_id),
        "external_idx": person["id"],
        "first_name": person["first_name"],
        "last_name": person["last_name"],
        "name": f"{person['first_name']} {person['last_name']}",
        "email": person["email"],
        "company_name": person["company_name"],
        "headshot_url": person["photo_url"],
        "session_ids": sessions,
    }
    if person.get("title"):
        attributes["job_title"] = person["title"]
    return json.dumps({"data": {"type": "speakers", "attributes": attributes}}).encode()


def _with_milliseconds(instant: str | datetime) -> str:
    """Return an instant in Gleanin's format; dlt has turned it into a datetime before."""
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
