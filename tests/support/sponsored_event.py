"""An event, as Sessionboard has it, whose people are exhibitors, sponsors and speakers at once (rule 44)."""

from typing import Any

Json = dict[str, Any]
EVENT = 77


def contact(name: str, *, is_primary: bool = True, **changed: Any) -> Json:
    first, last = name.split(" ")
    person = {"id": first.lower(), "full_name": name, "first_name": first, "last_name": last}
    since = {"relationship_created_at": "2026-11-03T10:00:00Z", "contact_created_at": "2026-11-01T10:00:00Z"}
    email = f"{first.lower()}@example.org"
    return {**person, "email": email, "is_primary": is_primary, **since, **changed}


def company(company_id: str, name: str, *contacts: Json, tier: str | None = None) -> Json:
    fields = [{"id": "f1", "name": "Level", "internal_name": "level", "type": "dropdown", "value": tier}]
    logo = f"https://img.example.org/{company_id}.png"
    common = {"id": company_id, "name": name, "logo_image_url": logo, "contacts": [*contacts]}
    return {**common, "custom_fields": fields if tier else []}


def saved_event() -> Json:
    """Return an event with Acme, an exhibitor and a sponsor, whose primary contact, Eve, is a speaker, too."""
    eve = {key: value for key, value in contact("Eve Acme").items() if key != "is_primary"}
    talk = {
        "id": "talk",
        "title": "On anvils",
        "status": "accepted",
        "starts_at": "2031-07-01T10:00:00Z",
        "ends_at": "2031-07-01T11:00:00Z",
        "participants": [{**eve, "participant_role": {"core_role": "speaker"}}],
    }
    return {
        "event": {"id": EVENT, "name": "Anvil Days", "timezone": "Europe/Paris"},
        "sessions": [talk],
        "exhibitors": [
            company("x-acme", "Acme Ltd", contact("Eve Acme"), contact("Xan Acme", is_primary=False))
        ],
        "sponsors": [
            company(
                "s-acme",
                "Acme Ltd",
                contact("Eve Acme"),
                contact("Pat Acme", is_primary=False),
                tier="Gold",
            ),
            company("s-wonka", "Wonka", contact("Wil Wonka")),
            company("s-none", "Nobody Ltd"),
        ],
    }
