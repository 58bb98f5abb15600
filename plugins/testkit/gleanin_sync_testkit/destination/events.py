"""Requirements: events, and which of them are gone."""

import pytest

from gleanin_sync_testkit.destination.base import ID, DestinationSuiteBase, new_event, read_all
from gleanin_sync_testkit.destination.expectations import raises
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.destination.samples import sample
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.wire import Answer
from ports.plugins import (
    DestinationError,
    DestinationEventGone,
    DestinationEventId,
    DestinationRefused,
    DestinationUnavailable,
    DestinationUnreadable,
)

ODD_IDS = (
    "no-such-event",
    "",
    " ",
    ".",
    "..",
    "../events",
    "{}/",
    "{}?a=b",
    "{}#a",
    "{}/../{}",
    "%2e%2e",
    "🐝",
)
"""Ids of no event; {} stands for the id of one that there is."""
WEB_PAGE = b"  <!doctype html><html><title>Just a moment...</title></html>"
HTML = {"content-type": "text/html; charset=utf-8"}


class EventTests(DestinationSuiteBase):
    @requirement("Events are listed with their ids and names")
    async def test_events(self, rig: Rig) -> None:
        async with self.opened(rig) as destination:
            assert [*await destination.events()] == [], "There is no event, but events() returns one"
            event = new_event(rig, "PyCon <b>& 🐝")
            (listed,) = await destination.events()
            assert (listed.id, listed.name) == (event, "PyCon <b>& 🐝"), (
                f"The event {event} 'PyCon <b>& 🐝' is listed as {listed.id} {listed.name!r}"
            )
            assert await destination.event(event) == listed, "event() must return the same as events()"

    @requirement("All events are listed, each once", needs=("has_several_events",))
    async def test_several_events(self, rig: Rig) -> None:
        rig.stand_in.page_size = 3
        ids = [new_event(rig, f"Event {number}") for number in range(8)]
        async with self.opened(rig) as destination:
            listed = {event.id: event.name for event in await destination.events()}
            assert len(await destination.events()) == len(ids), "events() must list each event once"
            assert listed == {key: f"Event {number}" for number, key in enumerate(ids)}
            for key in ids:
                event = await destination.event(key)
                assert event.id == key, f"event({key!r}) returned the event {event.id!r}"

    @requirement("An event has its time zone", rule=7, needs=("tells_time_zone",))
    async def test_time_zone(self, rig: Rig) -> None:
        event = new_event(rig, "EuroPython", "Europe/Prague")
        async with self.opened(rig) as destination:
            (listed,) = await destination.events()
            assert listed.time_zone == "Europe/Prague", f"events() reports {listed.time_zone!r}"
            single = await destination.event(event)
            assert single.time_zone == "Europe/Prague", f"event() reports {single.time_zone!r}"

    @requirement("An event without a time zone has none", rule=7)
    async def test_no_time_zone(self, rig: Rig) -> None:
        new_event(rig)
        async with self.opened(rig) as destination:
            (listed,) = await destination.events()
            assert listed.time_zone is None, f"A zone that nobody entered is reported: {listed.time_zone!r}"

    @requirement("An event that does not exist is gone, whatever its id looks like")
    @pytest.mark.parametrize("odd", ODD_IDS)
    async def test_unknown_event_is_gone(self, rig: Rig, odd: str) -> None:
        event = new_event(rig)
        unknown = DestinationEventId(odd.replace("{}", event))
        kind, schema = self.any_kind(rig)
        async with self.opened(rig) as destination:
            await destination.create(event, kind, ID, sample(kind))
            before = rig.state()
            with raises(
                DestinationEventGone, when=f"When event({unknown!r}) asks for an event that does not exist"
            ):
                await destination.event(unknown)
            with raises(
                DestinationEventGone,
                DestinationUnreadable,
                when=f"When records of the event {unknown!r} are read, which does not exist",
            ):
                await read_all(destination, unknown, kind)
            with raises(
                DestinationEventGone,
                when=f"When a record is created in the event {unknown!r}, which does not exist",
            ):
                await destination.create(unknown, kind, ID, sample(kind))
        assert rig.state() == before, f"The id {unknown!r} reached another event: what is stored has changed"
        assert len(rig.stored(event, schema)) == 1

    @requirement("An event that was deleted is gone, for reading and for creating", rule=29)
    async def test_deleted_event_is_gone(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        async with self.opened(rig) as destination:
            record = await destination.create(event, kind, ID, sample(kind))
            rig.stand_in.remove_event(event)
            with raises(DestinationEventGone, when="When the event was deleted and event() asks for it"):
                await destination.event(event)
            with raises(DestinationEventGone, when="When the event was deleted and its records are read"):
                await read_all(destination, event, kind)
            with raises(
                DestinationEventGone, when="When the event was deleted and a record is created in it"
            ):
                await destination.create(event, kind, ID, sample(kind))
            assert record not in rig.stand_in.records

    @requirement("An event counts as gone only if that is certain", rule=29, needs=("is_http",))
    @pytest.mark.parametrize(
        ("answer", "allowed"),
        [
            (Answer({"error": "down"}, 500), (DestinationUnavailable,)),
            (Answer({"error": "down"}, 503), (DestinationUnavailable,)),
            (None, (DestinationUnavailable,)),
            (Answer({"error": "token"}, 401), (DestinationRefused,)),
            (Answer({"error": "not yours"}, 403), (DestinationRefused,)),
            (Answer(None, 404, HTML, WEB_PAGE), (DestinationUnavailable, DestinationUnreadable)),
            (Answer(None, 403, HTML, WEB_PAGE), (DestinationUnavailable, DestinationUnreadable)),
            (Answer(None, 200, HTML, WEB_PAGE), (DestinationUnavailable, DestinationUnreadable)),
            (
                Answer(None, 302, {"location": "/elsewhere"}, b""),
                (DestinationUnavailable, DestinationUnreadable),
            ),
            (Answer(None, body=b'{"'), (DestinationUnavailable, DestinationUnreadable)),
            (Answer("text"), (DestinationUnavailable, DestinationUnreadable)),
        ],
        ids=[
            "500",
            "503",
            "cut",
            "401",
            "403",
            "404 page",
            "403 page",
            "200 page",
            "302",
            "broken JSON",
            "text",
        ],
    )
    async def test_uncertain_event_is_not_gone(
        self, rig: Rig, answer: Answer | None, allowed: tuple[type[DestinationError], ...]
    ) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        rig.fail(writes=False, answer=answer, times=None)
        said = "cuts the connection" if answer is None else f"answers {_brief(answer)}"
        async with self.opened(rig) as destination:
            with raises(*allowed, when=f"When the service {said} and event() is called"):
                await destination.event(event)
            with raises(*allowed, when=f"When the service {said} and events() is called"):
                await destination.events()
            with raises(*allowed, when=f"When the service {said} and records() is called"):
                await read_all(destination, event, kind)

    @requirement(
        "A refused token is reported as such, for reading and for writing", rule=1, needs=("has_token",)
    )
    async def test_refused_token(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, schema = self.any_kind(rig)
        async with self.opened(rig, token="another-token-9999") as destination:  # noqa: S106 - nobody's
            with raises(DestinationRefused, when="When the token is refused and events() is called"):
                await destination.events()
            with raises(DestinationRefused, when="When the token is refused and records() is called"):
                await read_all(destination, event, kind)
            with raises(DestinationRefused, when="When the token is refused and a record is created"):
                await destination.create(event, kind, ID, sample(kind))
        async with self.opened(rig) as destination:
            assert await destination.events(), "The valid token must be accepted after another was refused"
        assert rig.stored(event, schema) == []


def _brief(answer: Answer) -> str:
    return f"HTTP {answer.status} with {(answer.body if answer.body is not None else answer.json)!r:.60}"
