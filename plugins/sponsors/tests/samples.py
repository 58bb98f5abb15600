"""Sponsors as Sessionboard sends them."""

from collections.abc import Iterable, Mapping
from typing import Any

from gleanin_sync_sponsors.parsing import sponsors_of
from gleanin_sync_sponsors.sponsor import Sponsor

Json = dict[str, Any]


def contact(contact_id: str, **changed: Any) -> Json:
    """Return a contact with everything; the e-mail is derived from the id."""
    return {
        "id": contact_id,
        "friendly_id": "CONT-1",
        "full_name": f"{contact_id.title()} Lovelace",
        "first_name": contact_id.title(),
        "last_name": "Lovelace",
        "email": f"{contact_id}@example.org",
        "photo_url": None,
        "company_name": "Engines Ltd",
        "title": "Sales",
        "is_primary": True,
        "contact_created_at": "2026-11-01T10:00:00.000Z",
        "contact_updated_at": "2026-11-02T10:00:00.000Z",
        "relationship_created_at": "2026-11-03T10:00:00.000Z",
        "relationship_updated_at": None,
        **changed,
    }


def sponsor(sponsor_id: str, name: str, contacts: Iterable[Json], **changed: Any) -> Json:
    return {
        "id": sponsor_id,
        "friendly_id": "SPON-1",
        "name": name,
        "description": "<p>We make <em>things</em>.</p>",
        "logo_image_url": f"https://img.example.org/{sponsor_id}.png",
        "updated_at": "2026-11-04T10:00:00.000Z",
        "custom_fields": [tier("Gold")],
        "contacts": [*contacts],
        **changed,
    }


def tier(value: Any, internal_name: Any = "tier") -> Json:
    return {"id": "f1", "name": "Level", "internal_name": internal_name, "type": "dropdown", "value": value}


def read(*rows: Mapping[str, Any]) -> list[Sponsor]:
    """Return the sponsors of objects that can be read completely."""
    found = [row for sent in rows for row in sponsors_of(sent)]
    sponsors = [row for row in found if isinstance(row, Sponsor)]
    assert len(sponsors) == len(found), found
    return sponsors


ACME = sponsor("acme", "Acme Ltd", [contact("ada")])
UMBRELLA = sponsor(
    "umbrella", "Umbrella", [contact("bob"), contact("cyd", is_primary=False)], custom_fields=[tier("Silver")]
)
