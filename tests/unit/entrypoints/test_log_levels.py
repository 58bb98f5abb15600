"""Which events are logged at which level."""

import json
from collections.abc import Iterator

import pytest
import structlog

from adapters.telemetry.event_log import StructlogEvents
from entrypoints.logs import set_up_logs


@pytest.fixture(autouse=True)
def put_back() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize(
    ("level", "written"),
    [
        ("error", ["access.signed_in", "access.throttled", "run.failed"]),
        ("warning", ["access.signed_in", "access.throttled", "run.slow", "run.failed"]),
        ("info", ["access.signed_in", "access.throttled", "run.begun", "run.slow", "run.failed"]),
    ],
)
def test_what_concerns_access_is_written_at_every_level(
    capsys: pytest.CaptureFixture[str], level: str, written: list[str]
) -> None:
    set_up_logs(level)
    log = StructlogEvents()
    log.event("access.signed_in", account="a1")
    log.warning("access.throttled", address="192.0.2.1")
    log.event("run.begun")
    log.warning("run.slow")
    log.fault("run.failed", ValueError())
    structlog.get_logger().debug("run.detail")
    logged = capsys.readouterr()
    assert [json.loads(line)["event"] for line in logged.err.splitlines()] == written
    assert not logged.out
