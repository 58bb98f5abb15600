"""Logs that are set up at the first event."""

import json
import logging
import warnings
from collections.abc import Iterator

import pytest
import structlog

from entrypoints.late_logs import LateLogs, announce_logs, set_up_announced_logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers = root.handlers[:]
    structlog.reset_defaults()  # another test may have configured it
    yield
    root.handlers[:] = handlers
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def waiting() -> int:
    return sum(isinstance(handler, LateLogs) for handler in logging.getLogger().handlers)


def test_what_a_library_logs_first_is_logged_as_everything_after_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    announce_logs("warning")
    assert not structlog.is_configured()
    logging.getLogger("some.library").warning("It took %s", "ada@example.org")
    logging.getLogger("some.library").warning("It took long")
    assert [(line["event"], line["logger"]) for line in lines(capsys)] == [
        ("library.logged", "some.library")
    ] * 2
    assert waiting() == 0


def test_what_python_warns_of_is_logged_too(capsys: pytest.CaptureFixture[str]) -> None:
    announce_logs("warning")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("ada@example.org", UserWarning, stacklevel=1)
    (line,) = lines(capsys)
    assert line["problem"] == "UserWarning"
    assert "ada" not in str(line)


def test_they_are_set_up_once_however_often_they_are_announced() -> None:
    announce_logs("warning")
    announce_logs("info")
    assert waiting() == 1
    set_up_announced_logs()
    set_up_announced_logs()
    assert structlog.is_configured()
    assert waiting() == 0
