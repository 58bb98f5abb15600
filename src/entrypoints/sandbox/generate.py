"""Generates an event of any size for benchmarks, reproducible with a seed."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib import resources
from typing import Any
from uuid import UUID

from entrypoints.sandbox.search import ProgrammeSearch

Json = dict[str, Any]
EVENT_ID = 9001
DAYS_AHEAD = 30
DAYS = 4
SLOTS = 8
"""Slots per day, one per hour from nine o'clock (UTC)."""
REPEAT_EVERY = 10
"""In every tenth session, a speaker of the previous session speaks again."""
CREATED = datetime(2025, 1, 2, 9, tzinfo=UTC)

_PROSE: dict[str, list[str]] = json.loads(
    (resources.files("entrypoints.sandbox") / "data" / "prose.json").read_text("utf-8")
)
WORDS, SENTENCES = _PROSE["words"], _PROSE["sentences"]
FIRST_NAMES, LAST_NAMES = _PROSE["first_names"], _PROSE["last_names"]
TITLES = ("Head of Programmes", "Event Manager", "Community Lead", "Producer", "Founder", None)
TRACKS = ("Practice", "Research", "Community", "Technology")


@dataclass(frozen=True, slots=True)
class Size:
    sessions: int
    people_per_session: float = 1.2
    exhibitors: int = 0
    seed: int = 1
    event_id: int = EVENT_ID


def generated_programme(size: Size) -> ProgrammeSearch:
    """Generate an event without holding all of it as objects. Every person speaks, and every record can be synced."""
    return ProgrammeSearch.of(_event(size), _sessions(size), map(_exhibitor, range(size.exhibitors)))


def _event(size: Size) -> Json:
    return {
        "id": size.event_id,
        "name": f"Generated event {size.event_id} of {size.sessions:,} sessions",
        "timezone": "Europe/Vienna",
        "features": {"translated_fields": False},
    }


def _sessions(size: Size) -> Iterator[Json]:
    dice = random.Random(size.seed)  # noqa: S311 - prose for a benchmark
    # Nothing else depends on the clock.
    first_day = datetime.now(UTC).date() + timedelta(days=DAYS_AHEAD)
    before: list[Json] = []
    for number in range(size.sessions):
        start, end = (round(size.people_per_session * n) for n in (number, number + 1))
        people = [_person(n, dice) for n in range(start, end)]
        again = before[:1] if number % REPEAT_EVERY == REPEAT_EVERY - 1 else []
        yield _session(number, people + again, first_day, dice)
        before = people


def _session(number: int, people: list[Json], first_day: date, dice: random.Random) -> Json:
    day, slot = number % DAYS, number // DAYS % SLOTS
    starts = datetime.combine(first_day + timedelta(days=day), time(9 + slot), UTC)
    track = number % len(TRACKS)
    return {
        "id": _uuid(1, number),
        "friendly_id": f"SESS-{number + 1}",
        "friendly_id_raw": number + 1,
        "title": f"{_word(dice).title()} and {_word(dice)}: lesson {number + 1}",
        "description": _description(dice),
        "status": "accepted",
        "custom_status_id": None,
        "custom_status": None,
        "starts_at": _instant(starts),
        "ends_at": _instant(starts + timedelta(minutes=45)),
        "is_public": True,
        "is_abstract": False,
        "composition_status": {
            "role": "standalone",
            "is_linked": False,
            "is_read_only": False,
            "source_count": 0,
            "target": None,
        },
        "created_at": _instant(CREATED + timedelta(seconds=number)),
        "updated_at": _instant(CREATED + timedelta(days=10, seconds=number)),
        "capacity": 120,
        "custom_fields": [],
        "speakers": people,
        "chairpersons": [],
        "moderators": [],
        "participants": [],
        "sponsors": [],
        "exhibitors": [],
        "content": [],
        "tags": [{"id": _uuid(4, n), "name": WORDS[n]} for n in {number % 7, number % 11}],
        "language": {},
        "track": {"id": _uuid(5, track), "event_id": EVENT_ID, "name": TRACKS[track], "order": track},
        "level": {},
        "format": {"id": _uuid(6, 0), "name": "Talk"},
        "room": {"id": _uuid(7, number % 20), "name": f"Room {number % 20 + 1}"},
        "subsessions": [],
        "admin_url": None,
    }


def _person(number: int, dice: random.Random) -> Json:
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    return {
        "id": _uuid(2, number),
        "friendly_id": f"CONT-{number + 1}",
        "full_name": f"{first} {last}",
        "first_name": first,
        "last_name": last,
        "email": f"person{number + 1}@example.org",
        "photo_url": f"https://cdn.example.org/photos/{number + 1}.jpg",
        "company_name": f"{dice.choice(LAST_NAMES)} Events",
        "title": dice.choice(TITLES),
        "about": _description(dice),
        "is_public": True,
        "created_at": _instant(CREATED + timedelta(seconds=number)),
        "updated_at": _instant(CREATED + timedelta(days=8, seconds=number)),
        "custom_fields": [],
    }


def _exhibitor(number: int) -> Json:
    name = f"{LAST_NAMES[number % len(LAST_NAMES)]} {number + 1}"
    made = _instant(CREATED + timedelta(seconds=number))
    return {
        "id": _uuid(3, number),
        "friendly_id": f"EXH-{number + 1}",
        "friendly_id_raw": number + 1,
        "name": name,
        "description": None,
        "logo_image_url": f"https://cdn.example.org/logos/{number + 1}.png",
        "created_at": made,
        "updated_at": made,
        "custom_fields": [],
        "contacts": [
            {
                "id": _uuid(8, number),
                "full_name": f"{name} Desk",
                "first_name": name,
                "last_name": "Desk",
                "email": f"desk{number + 1}@example.org",
                "company_name": name,
                "is_primary": True,
                "contact_created_at": made,
                "contact_updated_at": made,
                "relationship_created_at": made,
                "relationship_updated_at": made,
            }
        ],
        "admin_url": None,
    }


def _description(dice: random.Random) -> str:
    """Return 300 to 600 characters of text."""
    length, text = dice.randint(300, 510), ""
    while len(text) < length:
        text += " " * bool(text) + dice.choice(SENTENCES).format(_word(dice), _word(dice), _word(dice))
    return text


def _word(dice: random.Random) -> str:
    return WORDS[int(dice.random() * len(WORDS))]


def _uuid(kind: int, number: int) -> str:
    return str(UUID(int=(kind << 96) + number, version=4))


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
