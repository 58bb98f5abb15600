"""People who are not in order: none is left out silently (rule 34)."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.domain.records.feeds import SESSIONS
from core.domain.records.source_records import Unreadable
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.comparing import UNDER_ITS_ID, check_contains
from gleanin_sync_testkit.source.json_places import ODD_VALUES, Path, changed, places, words
from gleanin_sync_testkit.source.odd_rows import is_there
from gleanin_sync_testkit.source.stand_in import PEOPLE
from gleanin_sync_testkit.source.system import System
from ports.source import SourceIncomplete, SourceUnreadable

NO_PEOPLE = (7, "odd", ["odd"], {"odd": "timeout"}, True)
"""Instead of a person or a list of people: nothing of it says that there is nobody."""


class OddPeopleTests(SourceTests):
    @requirement("Leaves out nobody silently who cannot be read", rule=34, needs=("reads_json",))
    async def test_unreadable_people_are_not_left_out(self, system: System) -> None:
        ada, bob = system.examples.person(1), system.examples.person(2)
        people = [
            part.person for part in system.stand_in.expected(system.examples.session(1, ada, bob)).people
        ]
        good = system.put(SESSIONS, [system.examples.session(2, ada)])
        rows = [*system.stand_in.events[system.event.id].rows(SESSIONS.name)]
        system.put(SESSIONS, [system.examples.session(1, ada, bob), system.examples.session(2, ada)])
        json = system.stand_in.events[system.event.id].rows(SESSIONS.name)[0]
        for path in _places_of_people(json, bob.id):
            for odd in NO_PEOPLE:
                system.stand_in.put_raw(system.event.id, SESSIONS.name, [changed(json, path, odd), *rows])
                reading = await system.read()
                check_contains(reading, good)
                if isinstance(reading.error, (SourceIncomplete, SourceUnreadable)):
                    continue
                row = next(
                    (row for row in reading.complete if is_there(system, [row.id], _id_of(system))), None
                )
                assert row is not None, (
                    f"{reading.words} left out the row with {odd!r} at {words(path)}. {UNDER_ITS_ID}"
                )
                assert isinstance(row, Unreadable) or len(row.people) >= len(people), (
                    f"{reading.words} left out a person, as {words(path)} is {odd!r}: it looks as if that person "
                    "had left. Return the row as Unreadable."
                )

    @requirement(
        "Leaves out nobody silently who is missing in the list of people", rule=34, needs=("reads_json",)
    )
    async def test_people_missing_in_their_list(self, system: System) -> None:
        ada, bob = system.examples.person(1), system.examples.person(2)
        system.put(SESSIONS, [system.examples.session(1, ada, bob), system.examples.session(2, ada)])
        people = [*system.stand_in.events[system.event.id].rows(PEOPLE)]
        if not people:
            pytest.skip("the source has no list of people")
        for odd in ([people[0]], [people[0], None], [people[0], {}], [people[0], "odd"]):
            system.stand_in.put_raw(system.event.id, PEOPLE, odd)
            reading = await system.read()
            if reading.error is not None:
                continue
            row = next((row for row in reading.rows if is_there(system, [row.id], _id_of(system))), None)
            assert row is not None, (
                f"{reading.words} left out a session of which one person is not in the list. {UNDER_ITS_ID}"
            )
            assert isinstance(row, Unreadable) or len(row.people) > 1, (
                f"{reading.words} left out a person who is not in the list of people: it looks as if that person had "
                "left. Return the row as Unreadable."
            )

    @requirement(
        "Returns sessions whatever is odd about the rows of their people", rule=29, needs=("reads_json",)
    )
    async def test_odd_values_of_people_in_their_list(self, system: System) -> None:
        system.put(
            SESSIONS, [system.examples.session(1, system.examples.person(1)), system.examples.session(2)]
        )
        people = [*system.stand_in.events[system.event.id].rows(PEOPLE)]
        if not people:
            pytest.skip("the source has no list of people")
        for path, _ in places(people[0]):
            for value, odd in ODD_VALUES.items():
                system.stand_in.put_raw(system.event.id, PEOPLE, [changed(people[0], path, odd), *people[1:]])
                reading = await system.read()
                assert reading.error is None, (
                    f"{reading.words} ended with {reading.error!r}, as {words(path)} of a person is {value}."
                )
                assert len(reading.rows) == 2, f"{reading.words} left out a session."


def _places_of_people(json: Any, person_id: str) -> Iterator[Path]:
    """Yield the place of a person in a row, and that of the list that the person is in."""
    for path, value in places(json):
        inner = [value] if not isinstance(value, dict) else [*value.values()]
        if path and isinstance(path[-1], int) and any(str(item) == person_id for item in inner):
            yield path
            yield path[:-1]


def _id_of(system: System) -> str:
    return system.examples.session(1).id
