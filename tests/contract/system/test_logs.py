"""The event logs: over structlog and in memory."""

from collections.abc import Callable
from typing import Any

import pytest
import structlog
from structlog.testing import CapturingLogger
from structlog.typing import EventDict

from adapters.memory.event_log import RecordedEvents
from adapters.telemetry.event_log import StructlogEvents
from ports.log import EventLog

Entries = list[tuple[str, dict[str, Any]]]


def _in_memory() -> tuple[EventLog, Callable[[], Entries]]:
    log = RecordedEvents()
    return log, lambda: log.entries


def _structlog() -> tuple[EventLog, Callable[[], Entries]]:
    wrapped = CapturingLogger()
    log = StructlogEvents(
        structlog.wrap_logger(
            wrapped,
            processors=[_with_type_of_error],
            wrapper_class=structlog.make_filtering_bound_logger(0),  # independent of the global configuration
        )
    )

    def entries() -> Entries:
        calls = (dict(call.kwargs) for call in wrapped.calls)
        return [(call.pop("event"), call) for call in calls]

    return log, entries


def _with_type_of_error(_: Any, method: str, event: EventDict) -> EventDict:
    if method == "error":
        event["error"] = type(event.pop("exc_info")).__name__
    return event


@pytest.fixture(params=[_in_memory, _structlog], ids=["memory", "structlog"])
def log(request: pytest.FixtureRequest) -> tuple[EventLog, Callable[[], Entries]]:
    made: tuple[EventLog, Callable[[], Entries]] = request.param()
    return made


def test_event_is_logged_with_its_data(log: tuple[EventLog, Callable[[], Entries]]) -> None:
    events, entries = log
    events.event("sync.run_started", scope="all")
    events.warning("sync.answers_lost", number=2)
    assert entries() == [("sync.run_started", {"scope": "all"}), ("sync.answers_lost", {"number": 2})]


def test_bound_data_is_added_to_every_event(
    log: tuple[EventLog, Callable[[], Entries]],
) -> None:
    events, entries = log
    bound = events.bound(run="r1").bound(mapping="m1")
    bound.event("one", number=1)
    bound.warning("two")
    events.event("three")
    assert entries() == [
        ("one", {"run": "r1", "mapping": "m1", "number": 1}),
        ("two", {"run": "r1", "mapping": "m1"}),
        ("three", {}),
    ]


def test_fault_is_logged_with_the_type_of_its_error(log: tuple[EventLog, Callable[[], Entries]]) -> None:
    events, entries = log
    events.fault("sync.run_failed", ValueError("jane@example.org"), run="r1")
    assert entries() == [("sync.run_failed", {"run": "r1", "error": "ValueError"})]
