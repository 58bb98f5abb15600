"""Logs: only JSON lines, also from libraries, without private data, and limited in number."""

import asyncio
import json
import logging
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from entrypoints.library_logs import ToStructlog
from entrypoints.log_limits import BURST, INTERVAL_SECONDS, MAX_KINDS, LogLimit
from entrypoints.logs import set_up_logs

SECRET = "jane@example.org"


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    set_up_logs("warning")
    yield
    root = logging.getLogger()
    root.handlers = [handler for handler in root.handlers if not isinstance(handler, ToStructlog)]
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def logged_lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    printed = capsys.readouterr().err
    assert SECRET not in printed
    return [json.loads(line) for line in printed.splitlines()]


@pytest.mark.parametrize(
    "name", ["uvicorn.error", "asyncio", "httpx", "sqlalchemy.pool", "procrastinate.worker"]
)
def test_what_a_library_logs_is_one_json_object_without_values(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    logger = logging.getLogger(name)
    logger.warning("The answer of %s is late", SECRET)
    logger.error(f"The answer of {SECRET} is late")  # noqa: G004 - as libraries do
    logger.error("%s", SECRET, exc_info=ValueError(SECRET))
    late, later, failed = logged_lines(capsys)
    assert (late["event"], late["level"], late["logger"]) == ("library.logged", "warning", name)
    assert late["words"] == "The answer of"
    assert later["at"].startswith("test_logs:")
    assert failed["problem"] == "ValueError"
    assert failed["exception"][0]["exc_type"] == "ValueError"


def test_what_no_level_asks_for_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("httpx").info("HTTP Request: %s", SECRET)
    set_up_logs("error")
    logging.getLogger("httpx").warning("Late: %s", SECRET)
    assert logged_lines(capsys) == []


@pytest.mark.filterwarnings("default")
def test_a_warning_of_python_is_told_by_its_place_and_kind(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("warning")
    logging.captureWarnings(capture=False)
    logging.captureWarnings(capture=True)  # pytest has put its own in the place of it
    warnings.warn(f"{SECRET} is old", DeprecationWarning, stacklevel=1)
    (line,) = logged_lines(capsys)
    assert (line["logger"], line["problem"]) == ("py.warnings", "DeprecationWarning")
    assert line["at"].startswith("test_logs:")


async def test_what_asyncio_cannot_tell_anybody_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.get_running_loop().call_exception_handler(
        {"message": "socket.accept() out of system resource", "exception": OSError(24, SECRET)}
    )
    (line,) = logged_lines(capsys)
    assert line["words"] == "socket.accept() out of system resource"
    assert line["problem"] == "OSError"


def test_set_up_twice_each_line_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("warning")
    logging.getLogger("httpx").warning("Late")
    assert len(logged_lines(capsys)) == 1


def test_a_fault_that_repeats_very_often_does_not_fill_the_disk(capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(20_000):
        logging.getLogger("asyncio").error("socket.accept() out of system resource")
        structlog.get_logger().error("http.fault", request=number)
    lines = logged_lines(capsys)
    # More only if the machine was very slow.
    assert 2 * BURST <= len(lines) < 20 * BURST


class Clock:
    at = 0.0

    def __call__(self) -> float:
        return self.at


def passed(limit: LogLimit, event: str, method: str = "error", **more: Any) -> dict[str, Any] | None:
    try:
        return dict(limit(None, method, {"event": event, **more}))
    except structlog.DropEvent:
        return None


def test_what_was_dropped_is_counted_in_the_next_line_of_its_kind() -> None:
    clock = Clock()
    limit = LogLimit(clock)
    assert [passed(limit, "fault", run=str(number)) is None for number in range(BURST + 3)] == [
        *[False] * BURST,
        *[True] * 3,
    ]
    assert passed(limit, "another") == {"event": "another"}
    clock.at += INTERVAL_SECONDS
    assert passed(limit, "fault") == {"event": "fault", "suppressed": 3}
    assert passed(limit, "fault") is None
    clock.at += BURST * INTERVAL_SECONDS
    assert passed(limit, "fault") == {"event": "fault", "suppressed": 1}
    assert passed(limit, "fault") == {"event": "fault"}


def test_events_are_told_as_often_as_they_happen() -> None:
    limit = LogLimit(Clock())
    assert all(passed(limit, "sync.run_started", "info") for _ in range(10 * BURST))


def test_kinds_without_number_are_not_kept() -> None:
    limit = LogLimit(Clock())
    for number in range(3 * MAX_KINDS):
        passed(limit, "fault", problem=str(number))
    assert len(limit._buckets) <= MAX_KINDS
