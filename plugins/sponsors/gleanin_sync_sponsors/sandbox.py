"""Sponsors for the sandbox: of its packaged conference, and two of any other event."""

import json
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any


def rows_of(event: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return objects as Sessionboard has them; ids of other events begin with the event's."""
    text = (resources.files(__package__) / "sandbox.json").read_text("utf-8")
    by_event: dict[str, list[dict[str, Any]]] = json.loads(text)
    if found := by_event.get(str(event.get("id"))):
        return found
    return [_of_event(str(event.get("id")), sponsor) for sponsor in by_event["other"]]


def _of_event(event_id: str, sponsor: dict[str, Any]) -> dict[str, Any]:
    contacts = [{**contact, "id": f"{event_id}-{contact['id']}"} for contact in sponsor["contacts"]]
    return {**sponsor, "id": f"{event_id}-{sponsor['id']}", "contacts": contacts}
