"""Rows: all of them, each once, and equal in every field."""

import asyncio
from datetime import datetime

from core.domain.records.feeds import EXHIBITORS, SESSIONS
from core.domain.records.source_records import Session, Unreadable
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.comparing import UNDER_ITS_ID, check_contains, check_each_once, check_same
from gleanin_sync_testkit.source.json_places import changed, places
from gleanin_sync_testkit.source.reading import read_records
from gleanin_sync_testkit.source.system import System

NO_TIMES = ("tomorrow", "2027-13-45T99:00:00Z", "2027-05-01T09:00:00+99:00", "T")
ODD_TIMES = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2027-05-01", "99999")
"""Some sources may read these as times."""


class RowTests(SourceTests):
    @requirement("Returns every field of every session and of its people as the source has it", rule=14)
    async def test_sessions_are_equal(self, system: System) -> None:
        put = system.put(SESSIONS, system.examples.varied_sessions())
        check_same(await system.read(), put)

    @requirement("Returns exhibitors with their contacts", rule=17, needs=("has_exhibitors",))
    async def test_exhibitors_are_equal(self, system: System) -> None:
        examples = system.examples
        contacts = examples.person(1), examples.person(2), examples.person(3, email="ada.1@example.org")
        rows = [examples.exhibitor(1, *contacts), examples.exhibitor(2), examples.exhibitor(3, logo=None)]
        put = system.put(EXHIBITORS, rows)
        check_same(await system.read(EXHIBITORS), put)

    @requirement("Passes e-mails on as they are, masked ones too", rule=16)
    async def test_masked_emails_pass(self, system: System) -> None:
        masked = [system.examples.person(number, email=f"a{number}***@e***.org") for number in range(2)]
        put = system.put(SESSIONS, [system.examples.session(1, *masked)])
        check_same(await system.read(), put)

    @requirement("Passes on two people with the same e-mail", rule=15)
    async def test_equal_emails_pass(self, system: System) -> None:
        people = [system.examples.person(number, email="shared@example.org") for number in range(2)]
        put = system.put(SESSIONS, [system.examples.session(1, *people)])
        check_same(await system.read(), put)

    @requirement("Ends without a row and without an error where a list is empty")
    async def test_empty_lists(self, system: System) -> None:
        check_same(await system.read(SESSIONS), [])
        check_same(await system.read(EXHIBITORS), [])

    @requirement("Returns the same when it is read twice")
    async def test_second_reading_is_equal(self, system: System) -> None:
        put = system.put(SESSIONS, system.examples.varied_sessions())
        async with system.opened() as source:
            check_same(await read_records(source, system.event.id, SESSIONS), put)
            check_same(await read_records(source, system.event.id, SESSIONS), put)

    @requirement("Returns the same when two readings run at once")
    async def test_concurrent_readings_are_equal(self, system: System) -> None:
        put = system.put(SESSIONS, system.examples.varied_sessions())
        others = (
            system.put(EXHIBITORS, system.examples.exhibitors(3)) if self.capabilities.has_exhibitors else put
        )
        second = EXHIBITORS if self.capabilities.has_exhibitors else SESSIONS
        async with system.opened() as source:
            one, other = await asyncio.gather(
                read_records(source, system.event.id, SESSIONS), read_records(source, system.event.id, second)
            )
        check_same(one, put)
        check_same(other, others)

    @requirement("Has the same id for a row wherever it stands and whatever is edited", rule=32)
    async def test_ids_are_stable(self, system: System) -> None:
        put = system.put_sessions(5)
        first = {row.title: row.id for row in (await system.read()).complete}
        system.put(SESSIONS, list(reversed(system.examples.sessions(5)[1:])))
        people = {part.person.id for row in put for part in row.people}
        for row in (await system.read()).complete:
            assert isinstance(row, Session)
            assert row.id == first[row.title], (
                f"{row.title} has the id {row.id!r} after {first[row.title]!r}."
            )
            assert {part.person.id for part in row.people} <= people, (
                f"{row.title} has people with other ids."
            )
        edited = [
            system.examples.session(number, system.examples.person(1, first_name="Augusta"), title="Edited")
            for number in range(1, 6)
        ]
        expected = system.put(SESSIONS, edited)
        check_same(await system.read(), expected)

    @requirement("Returns only one of two rows with one id, and all others", needs=("reads_json",))
    async def test_equal_ids(self, system: System) -> None:
        put = system.put_sessions(3)
        rows = system.stand_in.events[system.event.id].rows(SESSIONS.name)
        system.stand_in.put_raw(system.event.id, SESSIONS.name, [*rows, rows[1]])
        reading = await system.read()
        check_each_once(reading)
        check_contains(reading, put)

    @requirement(
        "Guesses no time zone: a time without its offset is no time",
        rule=13,
        needs=("has_offsets", "reads_json"),
    )
    async def test_naive_times_are_not_guessed(self, system: System) -> None:
        good = system.put(SESSIONS, [system.examples.session(1), system.examples.session(2)])
        rows = system.stand_in.events[system.event.id].rows(SESSIONS.name)
        naive, found = rows[0], 0
        for path, value in places(rows[0]):
            if (time := without_offset(value)) is not None:
                naive, found = changed(naive, path, time), found + 1
        assert found, (
            "No time of the stand-in's session has an offset: write them so, or declare has_offsets=False."
        )
        system.stand_in.put_raw(system.event.id, SESSIONS.name, [naive, rows[1]])
        reading = await system.read()
        check_contains(reading, good[1:])
        row = next((row for row in reading.complete if row.id == good[0].id), None)
        assert row is not None, f"{reading.words} left out the row whose times have no offset. {UNDER_ITS_ID}"
        assert isinstance(row, Unreadable) or (row.starts_at, row.ends_at) == (None, None), (
            f"{reading.words} guessed the zone of a time without an offset: {row.starts_at}, {row.ends_at}. "
            "Leave the time out, with its text in unreadable_times, or return an Unreadable."
        )

    @requirement("Takes what is no time for none, and does not stop at it", rule=13, needs=("reads_json",))
    async def test_broken_times(self, system: System) -> None:
        good = system.put(SESSIONS, [system.examples.session(1), system.examples.session(2)])
        rows = [*system.stand_in.events[system.event.id].rows(SESSIONS.name)]
        paths = [path for path, value in places(rows[0]) if is_time(value)]
        for text in (*NO_TIMES, *ODD_TIMES):
            broken = rows[0]
            for path in paths:
                broken = changed(broken, path, text)
            system.stand_in.put_raw(system.event.id, SESSIONS.name, [broken, rows[1]])
            reading = await system.read()
            check_contains(reading, good[1:])
            assert good[0].id in {row.id for row in reading.complete}, (
                f"{reading.words} left out the row whose times are {text!r}. {UNDER_ITS_ID}"
            )
            row = next(row for row in reading.rows if row.id == good[0].id)
            if isinstance(row, Session) and paths and text in NO_TIMES:
                assert row.starts_at is None, f"{reading.words} read {text!r} as {row.starts_at}."


def without_offset(value: object) -> str | None:
    """Return a time without its offset; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
    except ValueError:
        return None
    return None if time.tzinfo is None else time.replace(tzinfo=None).isoformat()


def is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).year > 2000
    except ValueError:
        return False
