"""How the stand-ins misbehave: settable, and the same again for the same seed."""

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
Share = float
"""Of the requests concerned, from 0 to 1."""
LostAs = Literal["cut", "500", "502"]
ForbiddenAs = Literal["html", "json"]


@checked_dataclass(frozen=True, slots=True, config=ConfigDict(extra="forbid"))
class Fault:
    """One way to misbehave; several at once are several of these.

    Requests are counted from the moment the trouble is set, those of its sides and methods only.
    """

    sides: tuple[Literal["sessionboard", "gleanin"], ...] = ("sessionboard", "gleanin")
    methods: tuple[str, ...] = ()
    """As in "POST"; none means all."""
    first: int = 1
    """The first and the last of the counted requests that are concerned."""
    last: int | None = None
    seed: int = 1

    latency_ms: float = 0
    """Before the request is looked at."""
    answer_delay_ms: float = 0
    """After the request has done its work, before its answer is sent."""
    requests_per_second: int | None = None
    """More than that are refused with 429."""
    refuse_next: int = 0
    """So many requests are refused with 429."""
    retry_after: float | None = None
    """Seconds that a 429 asks to wait; by default until the second is over. Negative: it does not say."""
    retry_after_as_date: bool = False
    server_errors: Share = 0
    """5xx, and nothing was done."""
    cuts: Share = 0
    """The connection ends without an answer, and nothing was done."""
    junk: Share = 0
    """200 with HTML, and nothing was done."""
    lost_answers: Share = 0
    """A write takes place, and its answer is lost."""
    lost_as: tuple[LostAs, ...] = get_args(LostAs)
    """How: the connection ends, or an error is told; by turns."""
    revoked_after: int | None = None
    """After so many requests the token is refused (401) for good."""
    cut_included: int = 0
    """So many related records are missing from what Gleanin includes, and no next page is told."""
    late_reads_s: float = 0
    """Reads of Gleanin show a record only so many seconds after it was created; its id can be written to before."""
    challenge: Share = 0
    """403 with an HTML page that asks to prove to be human, and nothing was done."""
    forbidden_words: tuple[str, ...] = ()
    """A write to Gleanin whose body has one of these is answered 403, as a firewall does, and nothing is done."""
    forbidden_as: ForbiddenAs = "html"
    """In which form: a firewall's page, or an error of the API."""
    late_commit_s: float = 0
    """A create in Gleanin is answered 504 at once, and carried out so many seconds later."""
    accepted_s: float = 0
    """A create in Gleanin is answered 202 without a body at once, and carried out so many seconds later."""
    late_creates: Share = 1
    """Of the creates, those that `late_commit_s` and `accepted_s` are for."""
    empty_pages: tuple[int, ...] = ()
    """Pages of Sessionboard's lists, by number, that come without rows; their totals stay."""
    repeated_pages: tuple[int, ...] = ()
    """Pages of Sessionboard's lists, by number, that have the rows of the page before."""
    padding_bytes: int = 0
    """Each row of sessions and exhibitors becomes so much larger, by a key `padding` at its end."""
    padded_rows: tuple[str, ...] = ()
    """Only the rows with these ids are padded; none means all."""
    signed_pictures: bool = False
    """Addresses of pictures in Sessionboard, also those in descriptions, get a new signature at every read."""

    def concerns(self, side: Service, method: str) -> bool:
        return side in self.sides and (not self.methods or method in self.methods)


FAULTS: TypeAdapter[tuple[Fault, ...]] = TypeAdapter(tuple[Fault, ...])


def read_troubles(told: Any) -> tuple[Fault, ...]:
    """Read one trouble or a list of them.

    Raises:
        ValueError: it is none.
    """
    return FAULTS.validate_python(told if isinstance(told, list) else [told])


def as_json(troubles: Iterable[Fault]) -> list[dict[str, Any]]:
    return [{part.name: getattr(one, part.name) for part in fields(one)} for one in troubles]


def is_write(side: Service, method: str) -> bool:
    # Sessionboard's searches are sent as POST, and change nothing.
    return side is Service.GLEANIN and method in WRITES


def is_create(side: Service, method: str) -> bool:
    return side is Service.GLEANIN and method == "POST"


Stroke = Literal["cut", "junk", "failed", "throttled", "revoked", "challenged"]


@dataclass(frozen=True, slots=True)
class Late:
    """A create that is answered before it is carried out."""

    status: int
    seconds: float


@dataclass(frozen=True, slots=True)
class FaultDecision:
    """What becomes of one request."""

    wait: float = 0
    """Seconds."""
    stroke: Stroke | None = None
    """Instead of its work."""
    status: int = 0
    """Of a stroke that is an error."""
    headers: dict[str, str] = field(default_factory=dict)
    wait_after: float = 0
    lost: LostAs | None = None
    """What becomes of the answer, if it was a write that took place."""
    cut_included: int = 0
    late_reads: float = 0
    """Seconds."""
    late: Late | None = None
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
    """Decides for each request, for one trouble."""

    trouble: Fault
    clock: Callable[[], float] = time.monotonic
    _seen: int = 0
    _refused: int = 0
    _lost: int = 0
    _dice: random.Random = field(default_factory=random.Random)
    _later_dice: random.Random = field(default_factory=random.Random)
    """For what was added later, so that the others have the luck that they had."""
    _second: float = 0
    _in_second: int = 0

    def __post_init__(self) -> None:
        self._dice.seed(self.trouble.seed)
        self._later_dice.seed(f"later {self.trouble.seed}")

    def worsen(self, fate: FaultDecision, side: Service, method: str) -> FaultDecision:
        """Add this trouble to what others did already; whoever strikes first has struck."""
        trouble = self.trouble
        if not trouble.concerns(side, method):
            return fate
        self._seen += 1
        # Thrown for every request alike, so that the n-th one has the same luck in every run.
        throws = [self._dice.random() for _ in range(4)]
        throws += [self._later_dice.random() for _ in range(2)]
        if self._seen < trouble.first or (trouble.last is not None and self._seen > trouble.last):
            return fate
        fate = replace(
            fate,
            wait=fate.wait + trouble.latency_ms / 1000,
            wait_after=fate.wait_after + trouble.answer_delay_ms / 1000,
            cut_included=fate.cut_included + trouble.cut_included,
            late_reads=max(fate.late_reads, trouble.late_reads_s),
            empty_pages=fate.empty_pages | frozenset(trouble.empty_pages),
            repeated_pages=fate.repeated_pages | frozenset(trouble.repeated_pages),
            signed_pictures=fate.signed_pictures or trouble.signed_pictures,
        )
        if trouble.padding_bytes:
            fate = replace(fate, padding=trouble.padding_bytes, padded=frozenset(trouble.padded_rows))
        if trouble.forbidden_words:
            fate = replace(fate, forbidden=trouble.forbidden_words, forbidden_as=trouble.forbidden_as)
        if fate.stroke:
            return fate
        fate = self._struck(fate, throws)
        if fate.stroke is None and is_create(side, method) and throws[5] < trouble.late_creates:
            fate = replace(fate, late=fate.late or self._late())
        # Reads take none of the turns.
        if fate.stroke is None and is_write(side, method) and throws[3] < trouble.lost_answers:
            fate = replace(fate, lost=trouble.lost_as[self._lost % len(trouble.lost_as)])
            self._lost += 1
        return fate

    def _struck(self, fate: FaultDecision, throws: list[float]) -> FaultDecision:
        trouble = self.trouble
        if trouble.revoked_after is not None and self._seen > trouble.revoked_after:
            fate = replace(fate, stroke="revoked", status=401)
        elif self._refused < trouble.refuse_next:
            self._refused += 1
            fate = self._throttled(fate, 1)
        elif trouble.requests_per_second is not None:
            fate = self._counted(fate, trouble.requests_per_second)
        if fate.stroke is None:
            if throws[0] < trouble.cuts:
                fate = replace(fate, stroke="cut")
            elif throws[1] < trouble.server_errors:
                fate = replace(fate, stroke="failed", status=(500, 502, 503)[self._seen % 3])
            elif throws[2] < trouble.junk:
                fate = replace(fate, stroke="junk")
            elif throws[4] < trouble.challenge:
                fate = replace(fate, stroke="challenged", status=403)
        return fate

    def _late(self) -> Late | None:
        if self.trouble.late_commit_s:
            return Late(504, self.trouble.late_commit_s)
        return Late(202, self.trouble.accepted_s) if self.trouble.accepted_s else None

    def _counted(self, fate: FaultDecision, limit: int) -> FaultDecision:
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
        fate = replace(fate, headers=fate.headers | headers)
        return self._throttled(fate, left) if self._in_second > limit else fate

    def _throttled(self, fate: FaultDecision, seconds: float) -> FaultDecision:
        trouble = self.trouble
        seconds = seconds if trouble.retry_after is None else trouble.retry_after
        said = {} if seconds < 0 else {"Retry-After": self._written(seconds)}
        return replace(fate, stroke="throttled", status=429, headers=fate.headers | said)

    def _written(self, seconds: float) -> str:
        if not self.trouble.retry_after_as_date:
            return str(ceil(seconds))
        # A date knows no fractions; rounded up, or the second would not be over.
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=ceil(seconds) + 1)
        return format_datetime(at, usegmt=True)


@dataclass(slots=True)
class FaultInjector:
    clock: Callable[[], float] = time.monotonic
    _makers: tuple[FaultSchedule, ...] = ()

    @property
    def set(self) -> tuple[Fault, ...]:
        return tuple(maker.trouble for maker in self._makers)

    def make(self, *troubles: Fault) -> None:
        """Begin with these, instead of those before."""
        self._makers = tuple(FaultSchedule(trouble, self.clock) for trouble in troubles)

    def fate(self, side: Service, method: str) -> FaultDecision:
        fate = NO_FAULT
        for maker in self._makers:
            fate = maker.worsen(fate, side, method)
        return fate
