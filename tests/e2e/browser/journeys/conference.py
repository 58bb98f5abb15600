"""Saved events for the journeys: one in which everything syncs, and others for special cases."""

from typing import Any

from entrypoints.sandbox.loading import packaged
from entrypoints.sandbox.state import SandboxState

Json = dict[str, Any]
UPDATED_AT = "2026-10-01T09:00:00.000Z"
"""Of people and companies: a write to Sessionboard names the version that it has read."""

BRIGHT, CALM, FAR, LANTERN, LONG = 6101, 6102, 6103, 4201, 6104
"""Sessionboard's ids. Far Days has a different time zone in Gleanin; Lantern Conf has problems of every kind."""
NAMES = {
    BRIGHT: "Bright Days",
    CALM: "Calm Days",
    FAR: "Far Days",
    LANTERN: "Lantern Conf",
    LONG: "Long Days",
}


def person(number: int, first: str, last: str | None, role: str = "speaker", **more: Any) -> Json:
    return {
        "id": f"person-{number}",
        "first_name": first,
        "last_name": last,
        "email": f"{first.lower()}@example.org",
        "participant_role": {"core_role": role},
        "updated_at": UPDATED_AT,
        **more,
    }


def session(number: int, title: str, people: list[Json], **more: Any) -> Json:
    return {
        "id": f"session-{number}",
        "title": title,
        "status": "accepted",
        "is_abstract": False,
        "starts_at": f"2099-07-{1 + number // 9:02}T{8 + number % 9:02}:00:00Z",
        "ends_at": f"2099-07-{1 + number // 9:02}T{8 + number % 9:02}:45:00Z",
        "participants": people,
        **more,
    }


def contact(number: int, name: str, *, is_primary: bool) -> Json:
    return {
        "id": f"contact-{number}",
        "full_name": name,
        "email": f"{name.partition(' ')[0].lower()}@example.org",
        "is_primary": is_primary,
        "contact_updated_at": UPDATED_AT,
    }


def bright_days() -> Json:
    """Return an event in which everything syncs, with data for every setting."""
    ada, grace = person(1, "Ada", "Lovelace"), person(2, "Grace", "Hopper", title="Admiral")
    carla, moritz = person(3, "Carla", "Chair", "chairperson"), person(4, "Moritz", "Mod", "moderator")
    marked = {"track": {"id": "t1", "name": "Engines"}, "tags": [{"id": "g1", "name": "steam"}]}
    contacts = [
        contact(1, "Linus Kernel", is_primary=True),
        contact(2, "Dirk Team", is_primary=False),
    ]
    exhibitor = {"id": "exhibitor-1", "name": "Kernels Ltd", "contacts": contacts, "updated_at": UPDATED_AT}
    return {
        "event": {"id": BRIGHT, "name": NAMES[BRIGHT], "timezone": "Europe/Paris"},
        "sessions": [
            session(1, "Analytical engines", [ada, carla], **marked),
            session(2, "Compilers at sea", [grace, moritz], **marked),
        ],
        "exhibitors": [exhibitor],
    }


def calm_days() -> Json:
    """Return a small event whose time zone Gleanin reports."""
    return _event(CALM, [session(1, "Quiet rooms", [person(9, "Barbara", "Liskov")])], "Europe/Paris")


def far_days() -> Json:
    return _event(FAR, [session(1, "Far away", [person(10, "Fern", "Weh")])], "America/New_York")


def long_days(sessions: int = 60) -> Json:
    """Return an event with several pages of sessions, each with a different speaker."""
    people = [person(100 + number, f"Speaker{number}", "Long") for number in range(sessions)]
    return _event(LONG, [session(number, f"Session {number}", [each]) for number, each in enumerate(people)])


def _event(event_id: int, sessions: list[Json], zone_in_gleanin: str | None = None) -> Json:
    attributes = {"title": NAMES[event_id]} | ({"time_zone": zone_in_gleanin} if zone_in_gleanin else {})
    return {
        "event": {"id": event_id, "name": NAMES[event_id], "timezone": "Europe/Paris"},
        "sessions": sessions,
        "exhibitors": [],
        "gleanin": {"events": [attributes]},
    }


def state_of(*saved: Json, link_delay: float = 0) -> SandboxState:
    state = SandboxState(link_delay=link_delay)
    for each in saved:
        state.add(each)
    return state


def usual_world() -> SandboxState:
    return state_of(bright_days(), calm_days(), far_days(), packaged()[0])
