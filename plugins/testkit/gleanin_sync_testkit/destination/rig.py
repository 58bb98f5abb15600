"""A stand-in with the wire to it, and a log of what the plug-in did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from gleanin_sync_testkit.destination.stand_in import DestinationStandIn, StoredRecord
from gleanin_sync_testkit.wire import Answer, Fault, Request, Wire
from ports.plugins import BeforeWrite, RecordSchema

MAX_REQUESTS = 1000
"""No test needs as many requests: more are an endless loop."""


@dataclass(slots=True)
class Rig:
    stand_in: DestinationStandIn
    has_token: bool = True
    wire: Wire = field(init=False)
    answers: list[tuple[Request, Answer]] = field(default_factory=list)
    """Each request that was executed, and its answer."""
    announced: list[int] = field(default_factory=list)
    """For each time `before_write` was awaited: how many requests had been sent until then."""

    has_failed: bool = False
    """Whether a request has ended the test."""

    def __post_init__(self) -> None:
        self.wire = Wire(self._respond)

    @property
    def writes(self) -> Sequence[Request]:
        """The requests that write, whether or not they were executed."""
        return [request for request in self.wire.requests if self.stand_in.is_write(request)]

    @property
    def reads(self) -> Sequence[Request]:
        return [request for request in self.wire.requests if not self.stand_in.is_write(request)]

    def fail(self, *, writes: bool, **fault: Any) -> Fault:
        """Add a fault that happens to requests that write, or to those that read; see `Fault`."""
        added = Fault(matches=lambda request: self.stand_in.is_write(request) is writes, **fault)
        self.wire.faults.append(added)
        return added

    def stored(self, event_id: str, schema: RecordSchema) -> list[StoredRecord]:
        return self.stand_in.list_records(event_id, schema.type)

    def state(self) -> Mapping[str, Any]:
        """Return a copy of what all records are, to compare it later."""
        return {
            key: (dict(record.attributes), record.event_id) for key, record in self.stand_in.records.items()
        }

    def announcing(self, before_write: BeforeWrite | None = None) -> BeforeWrite:
        """Return a `before_write` that logs when it is awaited, and then awaits another."""

        async def announce() -> None:
            self.announced.append(len(self.wire.requests))
            if before_write is not None:
                await before_write()

        return announce

    def check(self) -> None:
        """Check that nothing was removed (rule 22)."""
        if self.has_failed:
            return  # a test that has failed already says so
        deletes = [request for request in self.wire.requests if request.method == "DELETE"]
        assert not deletes, (
            f"The plug-in must never delete anything (rule 22), but it sent {_words(deletes[0])}"
        )

    def _respond(self, request: Request) -> Answer:
        # What a plug-in could catch and report as something else is no Exception.
        if len(self.wire.requests) > MAX_REQUESTS:
            pytest.fail(
                f"The plug-in has sent {MAX_REQUESTS} requests, the last one was {_words(request)}: an endless loop?"
            )
        if self.has_token and not self.stand_in.accepts(request):
            return Answer({"error": "The token is invalid."}, 401)
        before = {*self.stand_in.events, *self.stand_in.records}
        answer = self.stand_in.answer(request)
        removed = before.difference(self.stand_in.events, self.stand_in.records)
        if removed or request.method == "DELETE":
            self.has_failed = True
            pytest.fail(
                f"The plug-in must never remove anything (rule 22), but {_words(request)} removed {removed or 'nothing'}"
            )
        self.answers.append((request, answer))
        return answer


def _words(request: Request) -> str:
    return f"{request.method} {request.url}"
