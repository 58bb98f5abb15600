"""The question whether anything has changed: it is denied only if that is certain."""

from datetime import datetime, timedelta, timezone

import pytest

from core.domain.ids import SourceEventId
from core.domain.records.feeds import SESSIONS
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.source.base import SourceTests
from gleanin_sync_testkit.source.examples import UNKNOWN
from gleanin_sync_testkit.source.faults import GARBAGE, LONG, SHORT
from gleanin_sync_testkit.source.reading import error_of
from gleanin_sync_testkit.source.system import System
from gleanin_sync_testkit.wire import Answer, Fault
from ports.source import SourceError, SourceUnavailable

FEED = ("has_change_feed",)
MINUTE = timedelta(minutes=1)


class ChangeTests(SourceTests):
    @requirement("Says of an unknown event that it has changed, or is unavailable")
    async def test_unknown_event_has_changed(self, system: System) -> None:
        for unknown in (system.stand_in.make_id(UNKNOWN), "", "..", f"{system.event.id}/sessions", "日本"):
            answer = await asked(system, system.stand_in.now, unknown)
            assert answer is True or isinstance(answer, SourceUnavailable), (
                f"has_changed({unknown!r}) is {answer!r}, although there is no such event. Return True: "
                "the reading that follows says what is wrong."
            )

    @pytest.mark.parametrize("garbage", ["HTTP 401", "HTTP 403", "HTTP 404", *GARBAGE, "an object", "a list"])
    @requirement("Says that something has changed when the answer is unclear", rule=34, needs=("is_http",))
    async def test_doubt_is_a_change(self, system: System, garbage: str) -> None:
        answers = GARBAGE | {
            **{f"HTTP {status}": Answer({"detail": "kit"}, status=status) for status in (401, 403, 404)},
            "an object": Answer({}),
            "a list": Answer([None]),
        }
        put = _published(system)
        system.stand_in.now += 60 * MINUTE
        for after in range(3):
            fault = Fault(answers[garbage], after=after, times=None)
            system.wire.faults = [fault]
            answer = await asked(system, system.stand_in.now)
            if after and not fault.met:
                break
            assert answer is True or isinstance(answer, SourceUnavailable), (
                f"has_changed is {answer!r} after {garbage}. Return True when in doubt."
            )
        assert put

    @requirement(
        "Is unavailable, or says that something has changed, while the source cannot be reached",
        needs=("is_http",),
    )
    async def test_unreachable_source(self, system: System) -> None:
        _published(system)
        for fault in (None, Answer(status=500, body=b"odd"), Answer(status=429, body=b"", headers=LONG)):
            system.wire.faults = [Fault(fault, times=None)]
            answer = await asked(system, system.stand_in.now)
            assert answer is True or isinstance(answer, SourceUnavailable), f"has_changed is {answer!r}."

    @requirement("Says that nothing has changed where nothing has", needs=FEED)
    async def test_nothing_has_changed(self, system: System) -> None:
        _published(system)
        for since in (system.stand_in.now + MINUTE, system.stand_in.now + 60 * MINUTE):
            assert await asked(system, since) is False, (
                "has_changed is not False, although nothing has changed."
            )

    @requirement("Says that a new programme has changed", needs=FEED)
    async def test_publishing_is_a_change(self, system: System) -> None:
        _published(system)
        await _check_changed(system, "rows were added")

    @pytest.mark.parametrize("edit", ["session", "new session", "person", "time", "one of many"])
    @requirement("Says that an edit has changed something, and only since an earlier time", needs=FEED)
    async def test_edits_are_changes(self, system: System, edit: str) -> None:
        _published(system, 3 * system.stand_in.page_size if edit == "one of many" else 3)
        system.stand_in.now += 60 * MINUTE
        examples, ada = system.examples, system.examples.person(1)
        start = examples.session(1).starts_at or system.stand_in.now
        row = {
            "session": examples.session(1, ada, title="Edited"),
            "new session": examples.session(4000, ada),
            "person": examples.session(1, examples.person(1, first_name="Augusta")),
            "time": examples.session(1, ada, starts_at=start - 5 * MINUTE),
            "one of many": examples.session(2, ada, title="Edited"),
        }[edit]
        system.stand_in.put_row(system.event.id, SESSIONS.name, row)
        await _check_changed(system, f"there was an edit: {edit}")
        assert await asked(system, system.stand_in.now + MINUTE) is False, (
            "has_changed is not False since a time after the edit."
        )

    @requirement("Understands a time in any time zone", needs=FEED)
    async def test_since_in_any_zone(self, system: System) -> None:
        _published(system)
        for hours in (-11, 14):
            zone = timezone(timedelta(hours=hours))
            assert await asked(system, (system.stand_in.now - MINUTE).astimezone(zone)) is True
            assert await asked(system, (system.stand_in.now + MINUTE).astimezone(zone)) is False

    @requirement("Takes no fault that passes for a change", needs=("has_change_feed", "is_http"))
    async def test_passing_fault_is_no_change(self, system: System) -> None:
        _published(system)
        for fault in (Answer(status=429, body=b"", headers=SHORT), Answer(status=503, body=b""), None):
            system.wire.faults = [Fault(fault, times=1)]
            assert await asked(system, system.stand_in.now + MINUTE) is False


async def asked(system: System, since: datetime, event_id: str | None = None) -> object:
    """Return the answer of `has_changed`, or its error."""
    answers: list[object] = []

    async def ask() -> None:
        async with system.opened() as source:
            answers.append(
                await source.has_changed(
                    SourceEventId(system.event.id if event_id is None else event_id), since
                )
            )

    error: SourceError | None = await error_of("has_changed()", ask())
    return error or answers[0]


def _published(system: System, count: int = 3) -> list[object]:
    return system.put_sessions(count)


async def _check_changed(system: System, why: str) -> None:
    assert await asked(system, system.stand_in.now - MINUTE) is True, (
        f"has_changed is not True, although {why}."
    )
