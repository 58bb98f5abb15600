"""An event log that also counts events for Prometheus."""

from prometheus_client import Counter

from ports.log import Datum, EventLog

RUNS = Counter("gleanin_sync_runs_total", "Sync runs that ended.", ("state", "stop"))
RECORDS = Counter("gleanin_sync_records_total", "Outcomes of records.", ("outcome",))
RECOVERED_RUNS = Counter(
    "gleanin_sync_runs_taken_over_total", "Runs that were recovered after their lease expired."
)
ACCESS = Counter(
    "gleanin_sync_access_events_total", "Sign-ins and refused access of people and programs.", ("event",)
)
FAULTS = Counter("gleanin_sync_faults_total", "Internal errors.")
_ACCESS = "access."
_NOT_OUTCOMES = frozenset({"state", "stop"})


class MetricsEventLog:
    def __init__(self, log: EventLog) -> None:
        self._log = log

    def bound(self, **ids: Datum) -> "MetricsEventLog":
        return MetricsEventLog(self._log.bound(**ids))

    def event(self, name: str, **data: Datum) -> None:
        if name == "sync.run_finished":
            RUNS.labels(str(data.get("state")), str(data.get("stop") or "none")).inc()
            for outcome, number in data.items():
                if outcome not in _NOT_OUTCOMES and isinstance(number, int):
                    RECORDS.labels(outcome).inc(number)
        _count_access(name)
        self._log.event(name, **data)

    def warning(self, name: str, **data: Datum) -> None:
        if name == "sync.run_taken_over":
            RECOVERED_RUNS.inc()
        _count_access(name)
        self._log.warning(name, **data)

    def fault(self, name: str, error: BaseException, **data: Datum) -> None:
        FAULTS.inc()
        self._log.fault(name, error, **data)


def _count_access(name: str) -> None:
    if name.startswith(_ACCESS):
        ACCESS.labels(name.removeprefix(_ACCESS)).inc()
