"""Events that outsiders can cause are sampled in the log and all counted in the metrics."""

from dataclasses import dataclass

import pytest
from prometheus_client import REGISTRY

from adapters.memory.event_log import RecordedEvents
from adapters.telemetry.metrics import MetricsEventLog
from adapters.telemetry.sampled_log import MAX_PER_ADDRESS, MAX_TOTAL, WINDOW, SampledEvents

FAILED = "access.sign_in_failed"


@dataclass(slots=True)
class Time:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def written() -> RecordedEvents:
    return RecordedEvents()


@pytest.fixture
def log(written: RecordedEvents, time: Time) -> MetricsEventLog:
    return MetricsEventLog(SampledEvents(written, time))


def counted(name: str) -> float:
    labels = {"event": name.removeprefix("access.")}
    return REGISTRY.get_sample_value("gleanin_sync_access_events_total", labels) or 0


def test_first_events_are_written_unchanged(log: MetricsEventLog, written: RecordedEvents) -> None:
    for number in range(MAX_PER_ADDRESS):
        log.warning(FAILED, account=f"a{number}", address="192.0.2.1")
    log.event("access.signed_in", account="a", address="192.0.2.1")
    assert written.entries[-1] == ("access.signed_in", {"account": "a", "address": "192.0.2.1"})
    assert len(written.entries) == MAX_PER_ADDRESS + 1
    assert not any("seen" in data for _, data in written.entries)


def test_a_thousand_events_a_second_are_a_few_lines_and_all_counted(
    log: MetricsEventLog, written: RecordedEvents, time: Time
) -> None:
    before = counted(FAILED)
    for minute in range(10):
        for number in range(60_000):
            time.now = minute * WINDOW + number / 1000
            log.warning(FAILED, account=None, address="192.0.2.1")
    assert counted(FAILED) - before == 600_000
    assert len(written.entries) < 10 * 25
    sums = [data["count"] for name, data in written.entries if name == "access.repeated"]
    assert sums == [60_000] * 9
    assert max(int(str(data.get("seen", 0))) for _, data in written.entries) == 32_768


def test_many_addresses_fill_neither_disk_nor_memory(log: MetricsEventLog, written: RecordedEvents) -> None:
    for number in range(100_000):
        log.bound(address=f"10.0.{number // 250}.{number % 250}").warning(FAILED, account=None)
    assert len(written.entries) < MAX_TOTAL + 20


def test_flooding_event_does_not_hide_another(log: MetricsEventLog, written: RecordedEvents) -> None:
    for _ in range(1000):
        log.warning(FAILED, account=None, address="192.0.2.1")
    log.warning(FAILED, account="ada", address="192.0.2.2")
    log.event("access.signed_in", account="ada", address="192.0.2.1")
    assert [data.get("account") for _, data in written.entries[-2:]] == ["ada", "ada"]


def test_other_events_are_not_sampled(log: MetricsEventLog, written: RecordedEvents) -> None:
    for _ in range(1000):
        log.event("sync.run_started", run="r1")
        log.warning("sync.answers_lost", number=1)
        log.fault("access.fault", ValueError("text"))
    assert len(written.entries) == 3000
