"""What the sandbox's log of requests, the run table and the workers' logs say together."""

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
MOST_IN_FLIGHT = 16
"""Requests that one process has under way with one token at the most."""
PASSED = 5.0
"""Seconds: what was past the fence when its process was stopped arrives so soon after it goes on, or never."""
NO_STOP = Stopped(0, 0)
AROUND = 20.0
"""Seconds before and after a request that are told of."""
WRITES = ("POST", "PATCH")
TAKEN_AWAY = (LEASE_EXPIRED, CRASHED_TWICE)


CHECK_READS_ON = 5.0
"""Seconds: more than a check takes to renew its lock."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request to Gleanin about a mapping's event."""

    begun: float
    host: str
    event: str
    is_write: bool
    path: str

    @classmethod
    def of(cls, told: Json) -> "Request":
        begun = datetime.fromisoformat(told["begun"]).timestamp()
        return cls(begun, told["host"], str(told["event"]), told["method"] in WRITES, told["path"])


@dataclass(frozen=True, slots=True)
class Evidence:
    runs: Mapping[str, Sequence[SyncRun]]
    """By the event in Gleanin, oldest first."""
    requests: Sequence[Request]
    workers: Sequence[Worker]

    def carried_out_by(self) -> Mapping[RunId, Worker]:
        return {
            RunId(event["run"]): worker
            for worker in self.workers
            for event in worker.events()
            if event["event"] == "sync.run_started"
        }

    def intrusions(self) -> Iterator[str]:
        """Give the requests for a mapping that came from another worker than the one whose turn it was."""
        actor = self.carried_out_by()
        excused: dict[tuple[str, Stopped], int] = defaultdict(int)
        for request in self.requests:
            run = next((each for each in self.runs[request.event] if _covers(each, request.begun)), None)
            owner = actor.get(run.id) if run else None
            if owner is not None and owner.host == request.host:
                continue
            if not request.is_write and (run is None or request.begun - _begin(run) < CHECK_READS_ON):
                continue  # a check leaves no run; one that a run has ended reads on until it notices
            if run is not None and owner is None and not self._has_run_in(request, actor):
                continue  # it was killed before it could say that it had begun: nobody else is known to have
            stop = self._excuse(request, actor)
            if stop is None:
                yield f"{request} came during {run and run.id}; {self._story(request, actor)}"
                continue
            excused[request.host, stop] += request.is_write
        for (host, stop), number in excused.items():
            if number > MOST_IN_FLIGHT:
                yield f"{number} writes of {host} arrived after it had been stopped from {stop.at} to {stop.until}"

    def _story(self, request: Request, actor: Mapping[RunId, Worker]) -> str:
        """Tell what happened around a request, in seconds from it."""
        runs = [
            f"run {each.id} of {actor[each.id].host if each.id in actor else '?'} from {_begin(each) - request.begun:.3f} "
            f"to {_end(each) - request.begun:.3f}, {each.stop.code if each.stop else each.state}"
            for each in self.runs[request.event]
            if abs(_begin(each) - request.begun) < AROUND or abs(_end(each) - request.begun) < AROUND
        ]
        workers = [
            f"{each.host} stopped from {stop.at - request.begun:.3f} to {stop.until - request.begun:.3f}"
            for each in self.workers
            for stop in each.stops
            if abs(stop.at - request.begun) < AROUND
        ] + [
            f"{each.host} killed at {each.killed_at - request.begun:.3f}"
            for each in self.workers
            if each.killed_at and abs(each.killed_at - request.begun) < AROUND
        ]
        return "; ".join(runs + workers)

    def excused_writes(self) -> int:
        actor = self.carried_out_by()
        return sum(
            1
            for request in self.requests
            if request.is_write
            and not any(
                _covers(each, request.begun) and each.id in actor and actor[each.id].host == request.host
                for each in self.runs[request.event]
            )
            and self._excuse(request, actor) is not None
        )

    def _has_run_in(self, request: Request, actor: Mapping[RunId, Worker]) -> bool:
        """Tell whether the one who asks is known to have carried out a run of this mapping that is over."""
        return any(
            each.id in actor and actor[each.id].host == request.host and _end(each) < request.begun
            for each in self.runs[request.event]
        )

    def _excuse(self, request: Request, actor: Mapping[RunId, Worker]) -> Stopped | None:
        """Give the stop during which the asker's run lost its lease; None where there is none.

        A read needs none right after its run was taken over, for whatever cause.
        """
        (worker,) = (each for each in self.workers if each.host == request.host)
        lost = [
            each
            for each in self.runs[request.event]
            if actor.get(each.id) is worker and each.stop in TAKEN_AWAY and _end(each) <= request.begun
        ]
        if not request.is_write and any(request.begun <= _end(each) + PASSED for each in lost):
            return NO_STOP
        return next(
            (
                stop
                for stop in worker.stops
                if stop.until - 0.1 <= request.begun <= stop.until + PASSED
                and any(_begin(each) <= stop.until and stop.at <= _end(each) for each in lost)
            ),
            None,
        )

    def takeovers(self) -> Sequence[float]:
        """Give for every run that died with a killed worker the seconds until its mapping was synced elsewhere."""
        actor = self.carried_out_by()
        waits = []
        for runs in self.runs.values():
            for run in runs:
                killed = actor[run.id].killed_at if run.id in actor else None
                if killed is not None and _begin(run) <= killed < _end(run):
                    later = [_begin(each) for each in runs if _begin(each) > killed]
                    waits.append(min(later, default=float("inf")) - killed)
        return waits

    def longest_wait(self, since: float) -> tuple[float, str]:
        """Give the longest time in seconds from the end of a mapping's run, however it ended, to the next one's start.

        Args:
            since: when all mappings were due for the first time.

        Returns:
            it, and what happened to that mapping, in seconds from there.
        """
        actor, longest = self.carried_out_by(), (0.0, "")
        for event, runs in self.runs.items():
            started = [each for each in runs if each.started_at is not None]
            ends = [since, *(_end(each) for each in started[:-1])]
            wait = max(_begin(each) - end for end, each in zip(ends, started, strict=True))
            if wait > longest[0]:
                told = [
                    f"{each.requested_at.timestamp() - since:.1f}, {_begin(each) - since:.1f} to "
                    f"{_end(each) - since:.1f} ({each.stop.code if each.stop else each.state}"
                    f" by {actor[each.id].host if each.id in actor else '?'})"
                    for each in runs
                ]
                longest = wait, f"event {event}: {'; '.join(told)}"
        return longest


def _begin(run: SyncRun) -> float:
    return run.started_at.timestamp() if run.started_at else float("inf")


def _end(run: SyncRun) -> float:
    return run.finished_at.timestamp() if run.finished_at else float("inf")


def _covers(run: SyncRun, at: float) -> bool:
    # The log tells milliseconds.
    return _begin(run) - 0.001 <= at <= _end(run) + 0.001
