"""A saved event with an example of everything that the commands show."""

from typing import Any

EVENT_ID, EVENT_NAME = 4101, "DevDays 2099"
MARKUP = "[bold]Grace[/] \x1b[31mHopper\x1b[0m"
MARKUP_READ = MARKUP.replace("\x1b", "")
"""The text as read: without control characters (rule 18)."""
FORMULA = "=HYPERLINK(1)"


def person(number: int, first: str, last: str | None, email: str | None, **more: Any) -> dict[str, Any]:
    return {
        "id": f"person-{number}",
        "first_name": first,
        "last_name": last,
        "email": email,
        "participant_role": {"core_role": "speaker"},
        **more,
    }


def session(number: int, title: str, people: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "id": f"session-{number}",
        "title": title,
        "status": "accepted",
        "is_abstract": False,
        "starts_at": f"2099-07-21T{8 + number:02}:00:00Z",
        "ends_at": f"2099-07-21T{8 + number:02}:45:00Z",
        "participants": people,
        **more,
    }


def conference() -> dict[str, Any]:
    """Return an event with two eligible sessions and one other, two eligible people and a blocked one, an exhibitor."""
    grace = person(1, MARKUP, "of the Navy", "grace@example.org", title="Admiral")
    ada = person(2, FORMULA, "Lovelace", "ada@example.org")
    nameless = person(3, "Prince", None, "prince@example.org")
    contact = {"id": "contact-1", "full_name": "Linus", "email": "linus@example.org", "is_primary": True}
    return {
        "event": {"id": EVENT_ID, "name": EVENT_NAME, "timezone": "Europe/Paris"},
        "sessions": [
            session(1, "Opening [/] 👩🏽\u200d💻 <b>all</b>", [grace]),
            session(2, "Engines", [grace, ada, nameless]),
            session(3, "Maybe", [], status="pending"),
        ],
        "exhibitors": [{"id": "exhibitor-1", "name": "Kernels Ltd", "contacts": [contact]}],
    }


def clean_conference() -> dict[str, Any]:
    """Return an event in which every record can be synced."""
    return {
        "event": {"id": 4102, "name": "Clean 2099", "timezone": "Europe/Paris"},
        "sessions": [session(1, "Clean code", [person(9, "Barbara", "Liskov", "barbara@example.org")])],
        "exhibitors": [],
    }


def masked_conference() -> dict[str, Any]:
    return {
        "event": {"id": 4103, "name": "Masked 2099", "timezone": "Europe/Paris"},
        "sessions": [session(1, "Secrets", [person(8, "Jane", "Doe", "j***@a***.com")])],
        "exhibitors": [],
    }
