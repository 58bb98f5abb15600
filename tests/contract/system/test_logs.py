"""The log of events: structlog's, and the one that keeps them."""

from collections.abc import Callable
from typing import Any

import pytest
import structlog
from structlog.testing import CapturingLogger
from structlog.typing import EventDict

from adapters.memory.event_log import RecordedEvents
from adapters.telemetry.event_log import StructlogEvents
from ports.log import EventLog

Told = list[tuple[str, dict[str, Any]]]


def _kept() -> tuple[EventLog, Callable[[], Told]]:
    log = RecordedEvents()
    return log, lambda: log.entries


def _structlog() -> tuple[EventLog, Callable[[], Told]]:
    wrapped = CapturingLogger()
    log = StructlogEvents(
        structlog.wrap_logger(
            wrapped,
            processors=[_with_type_of_error],
            wrapper_class=structlog.make_filtering_bound_logger(0),  # whatever another test has configured
        )
    )

    def told() -> Told:
        calls = (dict(call.kwargs) for call in wrapped.calls)
        return [(call.pop("event"), call) for call in calls]

    return log, told


def _with_type_of_error(_: Any, method: str, event: EventDict) -> EventDict:
    if method == "error":
        event["error"] = type(event.pop("exc_info")).__name__
    return event


@pytest.fixture(params=[_kept, _structlog], ids=["kept", "structlog"])
def log(request: pytest.FixtureRequest) -> tuple[EventLog, Callable[[], Told]]:
    made: tuple[EventLog, Callable[[], Told]] = request.param()
    return made


def test_an_event_is_told_with_its_data(log: tuple[EventLog, Callable[[], Told]]) -> None:
    events, told = log
    events.event("sync.run_started", scope="all")
    events.warning("sync.answers_lost", number=2)
    assert told() == [("sync.run_started", {"scope": "all"}), ("sync.answers_lost", {"number": 2})]


def test_what_is_bound_stands_in_every_event_from_then_on(log: tuple[EventLog, Callable[[], Told]]) -> None:
    events, told = log
    bound = events.bound(run="r1").bound(mapping="m1")
    bound.event("one", number=1)
    bound.warning("two")
    events.event("three")
    assert told() == [
        ("one", {"run": "r1", "mapping": "m1", "number": 1}),
        ("two", {"run": "r1", "mapping": "m1"}),
        ("three", {}),
    ]


def test_a_fault_is_told_with_the_type_of_its_error(log: tuple[EventLog, Callable[[], Told]]) -> None:
    events, told = log
    events.fault("sync.run_failed", ValueError("jane@example.org"), run="r1")
    assert told() == [("sync.run_failed", {"run": "r1", "error": "ValueError"})]
