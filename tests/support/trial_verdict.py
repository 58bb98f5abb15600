"""The result of a trial, from the sandbox's log of requests, the runs and the workers' logs."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.domain.ids import RunId
from core.domain.runs.run import SyncRun
from core.domain.runs.stop_reasons import CRASHED_TWICE, LEASE_EXPIRED
from tests.support.workers import Stopped, Worker

Json = dict[str, Any]
MAX_IN_FLIGHT = 16
"""The most concurrent requests of one process with one token."""
LATE_WRITE_SECONDS = 5.0
"""A write that had passed the fence when its process was suspended arrives this soon after it resumes, or never."""
NO_STOP = Stopped(0, 0)
CONTEXT_SECONDS = 20.0
"""The time before and after a request that a report covers."""
WRITES = ("POST", "PATCH")
LEASE_LOST = (LEASE_EXPIRED, CRASHED_TWICE)


CHECK_READS_ON_SECONDS = 5.0
"""More than a check takes to renew its lock."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to Gleanin about a mapping's event."""

    begun: float
    host: str
    event: str
    is_write: bool
    path: str

    @classmethod
    def of(cls, entry: Json) -> "Request":
        begun = datetime.fromisoformat(entry["begun"]).timestamp()
        return cls(begun, entry["host"], str(entry["event"]), entry["method"] in WRITES, entry["path"])


@dataclass(frozen=True, slots=True)
class Evidence:
    runs: Mapping[str, Sequence[SyncRun]]
    """By Gleanin's event, oldest first."""
    requests: Sequence[Request]
    workers: Sequence[Worker]

    def workers_by_run(self) -> Mapping[RunId, Worker]:
        return {
            RunId(event["run"]): worker
            for worker in self.workers
            for event in worker.events()
            if event["event"] == "sync.run_started"
        }

    def intrusions(self) -> Iterator[str]:
        """Yield the requests for a mapping that came from another worker than the owner of its run."""
        workers = self.workers_by_run()
        excused: dict[tuple[str, Stopped], int] = defaultdict(int)
        for request in self.requests:
            run = next((run for run in self.runs[request.event] if _covers(run, request.begun)), None)
            owner = workers.get(run.id) if run else None
            if owner is not None and owner.host == request.host:
                continue
            if not request.is_write and (run is None or request.begun - _begin(run) < CHECK_READS_ON_SECONDS):
                continue  # a check has no run; when a run ends it, it reads on until it notices
            if run is not None and owner is None and not self._has_run_in(request, workers):
                continue  # the owner was killed before it logged the start, so it is unknown
            stop = self._excuse(request, workers)
            if stop is None:
                yield f"{request} came during {run and run.id}; {self._describe_context(request, workers)}"
                continue
            excused[request.host, stop] += request.is_write
        for (host, stop), number in excused.items():
            if number > MAX_IN_FLIGHT:
                yield f"{number} writes of {host} arrived after it was suspended from {stop.at} to {stop.until}"

    def _describe_context(self, request: Request, workers: Mapping[RunId, Worker]) -> str:
        """Describe what happened around a request, in seconds relative to it."""
        runs = [
            f"run {run.id} of {workers[run.id].host if run.id in workers else '?'} from {_begin(run) - request.begun:.3f} "
            f"to {_end(run) - request.begun:.3f}, {run.stop.code if run.stop else run.state}"
            for run in self.runs[request.event]
            if abs(_begin(run) - request.begun) < CONTEXT_SECONDS
            or abs(_end(run) - request.begun) < CONTEXT_SECONDS
        ]
        faults = [
            f"{worker.host} suspended from {stop.at - request.begun:.3f} to {stop.until - request.begun:.3f}"
            for worker in self.workers
            for stop in worker.stops
            if abs(stop.at - request.begun) < CONTEXT_SECONDS
        ] + [
            f"{worker.host} killed at {worker.killed_at - request.begun:.3f}"
            for worker in self.workers
            if worker.killed_at and abs(worker.killed_at - request.begun) < CONTEXT_SECONDS
        ]
        return "; ".join(runs + faults)

    def excused_writes(self) -> int:
        workers = self.workers_by_run()
        return sum(
            1
            for request in self.requests
            if request.is_write
            and not any(
                _covers(run, request.begun) and run.id in workers and workers[run.id].host == request.host
                for run in self.runs[request.event]
            )
            and self._excuse(request, workers) is not None
        )

    def _has_run_in(self, request: Request, workers: Mapping[RunId, Worker]) -> bool:
        """Return whether the requesting worker is known to have executed an earlier run of this mapping."""
        return any(
            run.id in workers and workers[run.id].host == request.host and _end(run) < request.begun
            for run in self.runs[request.event]
        )

    def _excuse(self, request: Request, workers: Mapping[RunId, Worker]) -> Stopped | None:
        """Return the suspension during which the requesting worker's run lost its lease; None if there is none.

        Shortly after its run was recovered, a read is always excused.
        """
        (worker,) = (worker for worker in self.workers if worker.host == request.host)
        lost = [
            run
            for run in self.runs[request.event]
            if workers.get(run.id) is worker and run.stop in LEASE_LOST and _end(run) <= request.begun
        ]
        if not request.is_write and any(request.begun <= _end(each) + LATE_WRITE_SECONDS for each in lost):
            return NO_STOP
        return next(
            (
                stop
                for stop in worker.stops
                if stop.until - 0.1 <= request.begun <= stop.until + LATE_WRITE_SECONDS
                and any(_begin(each) <= stop.until and stop.at <= _end(each) for each in lost)
            ),
            None,
        )

    def takeovers(self) -> Sequence[float]:
        """Return for each run of a killed worker the seconds until its mapping was synced by another."""
        workers = self.workers_by_run()
        waits = []
        for runs in self.runs.values():
            for run in runs:
                killed = workers[run.id].killed_at if run.id in workers else None
                if killed is not None and _begin(run) <= killed < _end(run):
                    later = [_begin(run) for run in runs if _begin(run) > killed]
                    waits.append(min(later, default=float("inf")) - killed)
        return waits

    def longest_wait(self, since: float) -> tuple[float, str]:
        """Return the longest time from the end of a mapping's run to the start of its next run.

        Args:
            since: when all mappings were due for the first time.

        Returns:
            The time in seconds, and the runs of that mapping, in seconds after `since`.
        """
        workers, longest = self.workers_by_run(), (0.0, "")
        for event, runs in self.runs.items():
            started = [run for run in runs if run.started_at is not None]
            ends = [since, *(_end(each) for each in started[:-1])]
            wait = max(_begin(each) - end for end, each in zip(ends, started, strict=True))
            if wait > longest[0]:
                history = [
                    f"{run.requested_at.timestamp() - since:.1f}, {_begin(run) - since:.1f} to "
                    f"{_end(run) - since:.1f} ({run.stop.code if run.stop else run.state}"
                    f" by {workers[run.id].host if run.id in workers else '?'})"
                    for run in runs
                ]
                longest = wait, f"event {event}: {'; '.join(history)}"
        return longest


def _begin(run: SyncRun) -> float:
    return run.started_at.timestamp() if run.started_at else float("inf")


def _end(run: SyncRun) -> float:
    return run.finished_at.timestamp() if run.finished_at else float("inf")


def _covers(run: SyncRun, at: float) -> bool:
    # The log has milliseconds.
    return _begin(run) - 0.001 <= at <= _end(run) + 0.001
