"""The steps of random histories: edits of the programme or the destination, and faults of the next sync."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from gleanin_sync_testkit.destination.lost_answers import BROKEN, LOST
from gleanin_sync_testkit.destination.syncing import Conference
from gleanin_sync_testkit.programmes import person, session
from gleanin_sync_testkit.wire import Answer

Act = Callable[[Conference, int], None]
"""Acts on a conference; the number says on which of its records, or when."""


def _change_title(conference: Conference, number: int) -> None:
    for talk in _chosen(conference.talks, number):
        conference.talks[talk] = replace(conference.talks[talk], title=f"Title {number}")


def _change_name(conference: Conference, number: int) -> None:
    for group in (conference.people, conference.staff):
        for key in _chosen(group, number):
            group[key] = replace(group[key], first_name=f"Name {number}")


def _change_email(conference: Conference, number: int) -> None:
    for key in _chosen(conference.people, number):
        conference.people[key] = replace(conference.people[key], email=f"{key}.{number}@example.org")


def _empty_job_title(conference: Conference, number: int) -> None:
    for key in _chosen(conference.people, number):
        conference.people[key] = replace(conference.people[key], job_title=None)


def _add(conference: Conference, number: int) -> None:
    if conference.talks:
        conference.talks[f"talk{number}"] = session(f"talk{number}")
        conference.people[f"person{number}"] = person(f"person{number}")
    if conference.staff:
        conference.staff[f"staff{number}"] = person(f"staff{number}")


def _remove(conference: Conference, number: int) -> None:
    for group in (conference.talks, conference.people, conference.staff):
        for key in _chosen(group, number) if len(group) > 1 else ():
            del group[key]


def _delete_in_destination(conference: Conference, number: int) -> None:
    for key in _chosen(conference.rig.stand_in.records, number):
        conference.rig.stand_in.remove_record(key)


EDITS: Mapping[str, Act] = {
    "change a title": _change_title,
    "change a name": _change_name,
    "change an e-mail": _change_email,
    "empty a job title": _empty_job_title,
    "add": _add,
    "remove": _remove,
    "delete in the destination": _delete_in_destination,
}


def _none(_conference: Conference, _number: int) -> None:
    pass


def _losing(answer: Answer | None, *, is_executed: bool = False, is_late: bool = False) -> Act:
    def lose(conference: Conference, number: int) -> None:
        conference.rig.fail(
            writes=True, answer=answer, is_executed=is_executed, is_late=is_late, after=number % 4
        )

    return lose


def _unsent(conference: Conference, number: int) -> None:
    conference.rig.fail(writes=True, is_unsent=True, after=number % 4, times=3)


def _reading(answer: Answer | None) -> Act:
    def fail(conference: Conference, number: int) -> None:
        conference.rig.fail(writes=False, answer=answer, after=number % 6, times=None)

    return fail


FAULTS: Mapping[str, Act] = {
    "sync": _none,
    "sync with a lost answer": _losing(None, is_executed=True),
    "sync with a cut": _losing(None),
    "sync with a late write": _losing(LOST["HTTP 504"], is_late=True),
    "sync with a web page": _losing(BROKEN["a web page"], is_executed=True),
    "sync with an accepted write": _losing(Answer({}, 202), is_late=True),
    "sync with a 500": _losing(LOST["HTTP 500"]),
    "sync with a 429": _losing(Answer(None, 429, {"retry-after": "0"})),
    "sync with a 422": _losing(Answer({"error": "no"}, 422)),
    "sync with a 403": _losing(Answer({"error": "no"}, 403)),
    "sync without a connection": _unsent,
    "sync with a failing read": _reading(Answer({"error": "oops"}, 500)),
    "sync with a broken read": _reading(Answer(None, body=b'{"')),
}
KILLED = "killed sync"


def _chosen(group: Mapping[str, object], number: int) -> list[str]:
    """Return one of the keys, if there is any."""
    return [[*group][number % len(group)]] if group else []
