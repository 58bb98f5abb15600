"""Events: listed, found, and gone only if that is certain."""

from functools import partial

from core.domain.records.source_records import SourceEvent
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.comparing import check_same
from gleanin_sync_testkit.source.examples import UNKNOWN
from gleanin_sync_testkit.source.reading import Reading, read_event, read_events
from gleanin_sync_testkit.source.stand_in import StoredEvent
from gleanin_sync_testkit.source.system import System, key_of
from gleanin_sync_testkit.wire import Answer, Fault
from ports.source import SourceError, SourceEventGone, SourceUnreadable

ODD_EVENTS: tuple[object, ...] = (None, {}, 7, "odd", [], {"odd": {"odd": 1}})


class EventTests(SourceTests):
    @requirement("Lists its events with their names and time zones")
    async def test_events_are_listed(self, system: System) -> None:
        check_same(await system.perform(read_events), [system.event])

    @requirement("Lists all events, however many there are", needs=("has_several_events",))
    async def test_all_events_are_listed(self, system: System) -> None:
        numbers = range(2, min(system.stand_in.page_size, 120) * 2 + 2)
        others = [system.examples.event(number, f"PyConf {number}") for number in numbers]
        for event in others:
            system.stand_in.put_event(event)
        check_same(await system.perform(read_events), [system.event, *others])

    @requirement("Finds an event by its id")
    async def test_event_is_found(self, system: System) -> None:
        if system.capabilities.has_several_events:
            system.stand_in.put_event(system.examples.event(2, "Another one"))
        check_same(await system.perform(lambda source: read_event(source, system.event.id)), [system.event])

    @requirement(
        "Returns an event without a time zone as one without, and guesses none", needs=("tells_time_zone",)
    )
    async def test_missing_time_zone_is_not_guessed(self, system: System) -> None:
        event = SourceEvent(system.event.id, system.event.name, None)
        system.stand_in.put_event(event)
        check_same(await system.perform(read_events), [event])

    @requirement("Says that an event is gone once it is no longer in the source")
    async def test_removed_event_is_gone(self, system: System) -> None:
        system.put_sessions(2)
        if system.capabilities.has_several_events:
            system.stand_in.put_event(system.examples.event(2, "Another one"))
        system.stand_in.remove_event(system.event.id)
        gone = (
            (SourceEventGone,)
            if system.capabilities.has_several_events
            else (SourceEventGone, SourceUnreadable)
        )
        reading = await system.perform(lambda source: read_event(source, system.event.id))
        reading.failed(*gone, why="the event is not in the source any more")
        (await system.read()).failed(*gone, why="the event is not in the source any more")

    @requirement("Says of an unknown event that it is gone")
    async def test_unknown_event_is_gone(self, system: System) -> None:
        system.put_sessions(2)
        unknown = system.stand_in.make_id(UNKNOWN)
        why = f"there is no event {unknown!r}"
        reading = await system.perform(lambda source: read_event(source, unknown))
        reading.failed(SourceEventGone, why=why)
        (await system.read(event_id=unknown)).failed(SourceEventGone, why=why)

    @requirement("Reads nothing of another event for an id with odd characters")
    async def test_odd_id_reaches_no_other_event(self, system: System) -> None:
        system.put_sessions(2)
        real = system.event.id
        for odd in (
            "",
            ".",
            "..",
            f"{real}/sessions",
            f"x/../{real}",
            f"{real}?x=1",
            f"{real}#x",
            f"{real}/",
            "日本",
        ):
            why = f"there is no event {odd!r}: quote an id where it becomes part of a path"
            (await system.perform(partial(read_event, event_id=odd))).failed(SourceError, why=why)
            (await system.read(event_id=odd)).failed(SourceError, why=why)

    @requirement(
        "Lists the other events when one of them cannot be read", rule=29, needs=("has_several_events",)
    )
    async def test_unreadable_event_does_not_hide_others(self, system: System) -> None:
        _put_odd_events(system)
        async with system.opened() as source:
            check_same(await read_events(source), [system.event])
            check_same(await read_event(source, system.event.id), [system.event])

    @requirement(
        "Does not say that an event is gone if it may be one that cannot be read",
        rule=34,
        needs=("has_several_events",),
    )
    async def test_event_is_not_gone_while_one_is_unreadable(self, system: System) -> None:
        _put_odd_events(system)
        unknown = system.stand_in.make_id(UNKNOWN)
        reading = await system.perform(lambda source: read_event(source, unknown))
        if not any(unknown in request.url for request in system.wire.requests):
            _check_not_gone(reading, "some events in the list cannot be read")

    @requirement("Takes no 404 for an empty list of events", needs=("is_http",))
    async def test_missing_list_of_events_is_an_error(self, system: System) -> None:
        requests = await system.requests_of(read_events)
        fault = system.fail(requests[0], Answer({"error": "not found"}, status=404))
        reading = await system.perform(read_events)
        reading.failed(SourceError, why="its list of events was answered with 404")
        if system.capabilities.has_several_events:
            _check_not_gone(reading, "the list of events was answered with 404, as from a wrong address")
            fault.met = 0
            reading = await system.perform(lambda source: read_event(source, system.event.id))
            if fault.met:
                _check_not_gone(reading, "the list of events was answered with 404, as from a wrong address")

    @requirement(
        "Reads the events that there are before a list of them breaks off, or says so", needs=("is_http",)
    )
    async def test_broken_list_of_events_is_not_silent(self, system: System) -> None:
        if system.capabilities.has_several_events:
            for number in range(2, system.stand_in.page_size + 2):
                system.stand_in.put_event(system.examples.event(number, f"PyConf {number}"))
        requests = await system.requests_of(read_events)
        keys = [key_of(request) for request in requests[1:]]
        system.wire.faults = [
            Fault(Answer({"error": "odd"}, status=400), matches=lambda sent: key_of(sent) in keys, times=None)
        ]
        reading = await system.perform(lambda source: read_event(source, system.stand_in.make_id(UNKNOWN)))
        if keys and not any(
            system.stand_in.make_id(UNKNOWN) in request.url for request in system.wire.requests
        ):
            _check_not_gone(reading, "the list of events broke off")


def _put_odd_events(system: System) -> None:
    for number, odd in enumerate(ODD_EVENTS):
        system.stand_in.events[f"odd-{number}"] = StoredEvent(odd)
    system.stand_in.save()


def _check_not_gone(reading: Reading, why: str) -> None:
    error = reading.failed(SourceError, why=why)
    assert not isinstance(error, SourceEventGone), (
        f"{reading.words} says that the event is gone, although {why}. Raise SourceUnreadable or SourceIncomplete."
    )
