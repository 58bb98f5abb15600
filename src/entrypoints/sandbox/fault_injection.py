"""Fault injection for the stand-ins: configurable, and reproducible with a seed."""

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import ceil
from typing import Any, Literal, get_args

from aiohttp import web
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked_dataclass

from entrypoints.sandbox.responses import Service

WRITES = ("POST", "PATCH")
SESSIONBOARD_CREATES = ("/bulk", "/create")
"""How the paths of Sessionboard's POST requests end that change something; the others are searches."""
Share = float
"""The share of the requests concerned, from 0 to 1."""
LostAs = Literal["cut", "500", "502"]
ForbiddenAs = Literal["html", "json"]


@checked_dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Fault:
    """A fault; several can be active at the same time.

    Requests are counted from the moment the fault is set, and only those to its sides with its methods and paths.
    """

    sides: tuple[Literal["sessionboard", "gleanin"], ...] = ("sessionboard", "gleanin")
    methods: tuple[str, ...] = ()
    """Such as "POST"; empty means all."""
    paths: tuple[str, ...] = ()
    """Only requests whose path contains one of these, such as "/contacts/bulk"; empty means all."""
    first: int = 1
    """The numbers of the first and last counted requests concerned."""
    last: int | None = None
    seed: int = 1

    latency_ms: float = 0
    """Delay before the request is processed."""
    answer_delay_ms: float = 0
    """Delay after the request is processed, before its response is sent."""
    requests_per_second: int | None = None
    """Requests beyond this are refused with 429."""
    refuse_next: int = 0
    """This many requests are refused with 429."""
    retry_after: float | None = None
    """The `Retry-After` of a 429 in seconds; by default until the second is over. Negative: no such header."""
    retry_after_as_date: bool = False
    server_errors: Share = 0
    """5xx without processing the request."""
    cuts: Share = 0
    """The connection is closed without a response and without processing the request."""
    junk: Share = 0
    """200 with HTML, without processing the request."""
    lost_answers: Share = 0
    """A write is executed, but its response is lost."""
    lost_as: tuple[LostAs, ...] = get_args(LostAs)
    """How responses are lost, in turn: the connection is closed, or an error is returned."""
    revoked_after: int | None = None
    """After this many requests the token is refused (401) permanently."""
    cut_included: int = 0
    """This many related records are missing from Gleanin's included ones, without a link to a next page."""
    late_reads_s: float = 0
    """Gleanin shows a record only this many seconds after its creation; it can be updated before."""
    challenge: Share = 0
    """403 with an HTML page that asks for proof of being human, without processing the request."""
    forbidden_words: tuple[str, ...] = ()
    """A write to Gleanin whose body contains one of these gets 403, as from a firewall, and is not executed."""
    forbidden_as: ForbiddenAs = "html"
    """The format: a firewall's page, or an error of the API."""
    late_commit_s: float = 0
    """A create in Gleanin gets 504 immediately and is executed this many seconds later."""
    accepted_s: float = 0
    """A create in Gleanin gets 202 without a body immediately and is executed this many seconds later."""
    late_creates: Share = 1
    """The share of creates that `late_commit_s` and `accepted_s` apply to."""
    empty_pages: tuple[int, ...] = ()
    """Numbers of pages of Sessionboard's lists that come without rows; the totals are unchanged."""
    repeated_pages: tuple[int, ...] = ()
    """Numbers of pages of Sessionboard's lists that have the rows of the previous page."""
    padding_bytes: int = 0
    """Adds this many bytes to each row of sessions and exhibitors, in a key `padding` at its end."""
    padded_rows: tuple[str, ...] = ()
    """Only rows with these ids are padded; empty means all."""
    signed_pictures: bool = False
    """Picture URLs in Sessionboard, also those in descriptions, get a new signature at every read."""

    def concerns(self, side: Service, method: str, path: str = "") -> bool:
        return (
            side in self.sides
            and (not self.methods or method in self.methods)
            and (not self.paths or any(part in path for part in self.paths))
        )


FAULTS: TypeAdapter[tuple[Fault, ...]] = TypeAdapter(tuple[Fault, ...])


def parse_faults(document: Any) -> tuple[Fault, ...]:
    """Parse a fault or a list of faults.

    Raises:
        ValueError: it is not valid.
    """
    return FAULTS.validate_python(document if isinstance(document, list) else [document])


def as_json(faults: Iterable[Fault]) -> list[dict[str, Any]]:
    return [{part.name: getattr(fault, part.name) for part in fields(fault)} for fault in faults]


def is_write(side: Service, method: str, path: str) -> bool:
    if side is Service.SESSIONBOARD:
        return method == "PUT" or (method == "POST" and path.endswith(SESSIONBOARD_CREATES))
    return side is Service.GLEANIN and method in WRITES


def is_create(side: Service, method: str) -> bool:
    return side is Service.GLEANIN and method == "POST"


FaultEffect = Literal["cut", "junk", "failed", "throttled", "revoked", "challenged"]


@dataclass(frozen=True, slots=True)
class DelayedCreate:
    """A create that is answered before it is executed."""

    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class FaultDecision:
    """How a request is handled."""

    wait: float = 0
    """Seconds."""
    effect: FaultEffect | None = None
    """Replaces the processing of the request."""
    status: int = 0
    """The HTTP status of an effect that is an error."""
    headers: dict[str, str] = field(default_factory=dict)
    wait_after: float = 0
    lost: LostAs | None = None
    """How the response of an executed write is lost."""
    cut_included: int = 0
    late_reads: float = 0
    """Seconds."""
    late: DelayedCreate | None = None
    forbidden: tuple[str, ...] = ()
    forbidden_as: ForbiddenAs = "html"
    empty_pages: frozenset[int] = frozenset()
    repeated_pages: frozenset[int] = frozenset()
    padding: int = 0
    """Bytes."""
    padded: frozenset[str] = frozenset()
    signed_pictures: bool = False

    def padding_of(self, row_id: str) -> int:
        return self.padding if not self.padded or row_id in self.padded else 0


NO_FAULT = FaultDecision()
FAULT_DECISION = web.RequestKey("fate", FaultDecision)


@dataclass(slots=True)
class FaultSchedule:
    """Decides for each request whether a fault applies."""

    fault: Fault
    clock: Callable[[], float] = time.monotonic
    _seen: int = 0
    _refused: int = 0
    _lost: int = 0
    _random: random.Random = field(default_factory=random.Random)
    _later_random: random.Random = field(default_factory=random.Random)
    """For faults added later, so that the draws of the others stay the same."""
    _second: float = 0
    _in_second: int = 0

    def __post_init__(self) -> None:
        self._random.seed(self.fault.seed)
        self._later_random.seed(f"later {self.fault.seed}")

    def apply(self, decision: FaultDecision, side: Service, method: str, path: str) -> FaultDecision:
        """Add this fault to the decision; the first effect wins."""
        fault = self.fault
        if not fault.concerns(side, method, path):
            return decision
        self._seen += 1
        # Draw for every request, so that the n-th request gets the same result in every run.
        draws = [self._random.random() for _ in range(4)]
        draws += [self._later_random.random() for _ in range(2)]
        if self._seen < fault.first or (fault.last is not None and self._seen > fault.last):
            return decision
        decision = replace(
            decision,
            wait=decision.wait + fault.latency_ms / 1000,
            wait_after=decision.wait_after + fault.answer_delay_ms / 1000,
            cut_included=decision.cut_included + fault.cut_included,
            late_reads=max(decision.late_reads, fault.late_reads_s),
            empty_pages=decision.empty_pages | frozenset(fault.empty_pages),
            repeated_pages=decision.repeated_pages | frozenset(fault.repeated_pages),
            signed_pictures=decision.signed_pictures or fault.signed_pictures,
        )
        if fault.padding_bytes:
            decision = replace(decision, padding=fault.padding_bytes, padded=frozenset(fault.padded_rows))
        if fault.forbidden_words:
            decision = replace(decision, forbidden=fault.forbidden_words, forbidden_as=fault.forbidden_as)
        if decision.effect:
            return decision
        decision = self._fault_response(decision, draws)
        if decision.effect is None and is_create(side, method) and draws[5] < fault.late_creates:
            decision = replace(decision, late=decision.late or self._late())
        # Reads do not advance the turns.
        is_lost = is_write(side, method, path) and draws[3] < fault.lost_answers
        if decision.effect is None and is_lost:
            decision = replace(decision, lost=fault.lost_as[self._lost % len(fault.lost_as)])
            self._lost += 1
        return decision

    def _fault_response(self, decision: FaultDecision, draws: list[float]) -> FaultDecision:
        fault = self.fault
        if fault.revoked_after is not None and self._seen > fault.revoked_after:
            decision = replace(decision, effect="revoked", status=401)
        elif self._refused < fault.refuse_next:
            self._refused += 1
            decision = self._throttled(decision, 1)
        elif fault.requests_per_second is not None:
            decision = self._counted(decision, fault.requests_per_second)
        if decision.effect is None:
            if draws[0] < fault.cuts:
                decision = replace(decision, effect="cut")
            elif draws[1] < fault.server_errors:
                decision = replace(decision, effect="failed", status=(500, 502, 503)[self._seen % 3])
            elif draws[2] < fault.junk:
                decision = replace(decision, effect="junk")
            elif draws[4] < fault.challenge:
                decision = replace(decision, effect="challenged", status=403)
        return decision

    def _late(self) -> DelayedCreate | None:
        if self.fault.late_commit_s:
            return DelayedCreate(504, self.fault.late_commit_s)
        return DelayedCreate(202, self.fault.accepted_s) if self.fault.accepted_s else None

    def _counted(self, decision: FaultDecision, limit: int) -> FaultDecision:
        now = self.clock()
        if now >= self._second + 1:
            self._second, self._in_second = now, 0
        self._in_second += 1
        left = self._second + 1 - now
        headers = {
            "RateLimit-Limit": str(limit),
            "RateLimit-Remaining": str(max(0, limit - self._in_second)),
            "RateLimit-Reset": str(ceil(left)),
        }
        decision = replace(decision, headers=decision.headers | headers)
        return self._throttled(decision, left) if self._in_second > limit else decision

    def _throttled(self, decision: FaultDecision, seconds: float) -> FaultDecision:
        fault = self.fault
        seconds = seconds if fault.retry_after is None else fault.retry_after
        headers = {} if seconds < 0 else {"Retry-After": self._format_retry_after(seconds)}
        return replace(decision, effect="throttled", status=429, headers=decision.headers | headers)

    def _format_retry_after(self, seconds: float) -> str:
        if not self.fault.retry_after_as_date:
            return str(ceil(seconds))
        # A date has no fractions of a second; round up so that the second is over.
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=ceil(seconds) + 1)
        return format_datetime(at, usegmt=True)


@dataclass(slots=True)
class FaultInjector:
    clock: Callable[[], float] = time.monotonic
    _schedules: tuple[FaultSchedule, ...] = ()

    @property
    def set(self) -> tuple[Fault, ...]:
        return tuple(schedule.fault for schedule in self._schedules)

    def make(self, *faults: Fault) -> None:
        """Replace the current faults."""
        self._schedules = tuple(FaultSchedule(fault, self.clock) for fault in faults)

    def decide(self, side: Service, method: str, path: str = "") -> FaultDecision:
        decision = NO_FAULT
        for schedule in self._schedules:
            decision = schedule.apply(decision, side, method, path)
        return decision
