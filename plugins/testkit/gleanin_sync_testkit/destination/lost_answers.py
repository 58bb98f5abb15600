"""Requirements: writes of which it is not known whether they were carried out."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from gleanin_sync_testkit.destination.base import ID, DestinationSuiteBase, new_event, read_all
from gleanin_sync_testkit.destination.events import HTML, WEB_PAGE
from gleanin_sync_testkit.destination.expectations import raises
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.destination.samples import sample
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.wire import Answer
from ports.plugins import DestinationUnavailable, ExternalId, FieldChange, WriteOutcomeUnknown

LOST: Mapping[str, Answer | None] = {
    "a cut": None,
    "HTTP 500": Answer({"error": "oops"}, 500),
    "HTTP 502": Answer(None, 502, HTML, WEB_PAGE),
    "HTTP 503": Answer({"error": "down"}, 503, {"retry-after": "1"}),
    "HTTP 504": Answer(None, 504, {}, b""),
}
BROKEN: Mapping[str, Answer] = {
    "a web page": Answer(None, 200, HTML, WEB_PAGE),
    "nothing": Answer(None, 201, {}, b""),
    "an empty object": Answer({}, 201),
    "null": Answer(None, 201),
    "a list": Answer([], 201),
    "a number": Answer(3, 201),
    "a text": Answer("created", 201),
    "broken JSON": Answer(None, 201, {}, b'{"id": "5'),
    "no text": Answer(None, 201, {}, b"\xff\xfe\x00"),
}


class LostAnswerTests(DestinationSuiteBase):
    @requirement(
        "A create without an answer is of unknown outcome, and not sent again", rule=32, needs=("is_http",)
    )
    @pytest.mark.parametrize("is_executed", [True, False], ids=["executed", "not executed"])
    @pytest.mark.parametrize("loss", LOST)
    async def test_lost_create(self, rig: Rig, loss: str, *, is_executed: bool) -> None:
        event = new_event(rig)
        kind, schema = self.any_kind(rig)
        rig.fail(writes=True, answer=LOST[loss], is_executed=is_executed, times=None)
        async with self.opened(rig) as destination:
            with raises(WriteOutcomeUnknown, when=f"When a create is answered by {loss}"):
                await destination.create(event, kind, ID, sample(kind))
            self._check_sent_once(rig, "create")
            rig.wire.faults.clear()
            listed = [record.external_id for record in await read_all(destination, event, kind)]
        assert listed == [ID] * is_executed
        assert len(rig.stored(event, schema)) == is_executed

    @requirement(
        "An update without an answer is of unknown outcome, and not sent again", rule=32, needs=("is_http",)
    )
    @pytest.mark.parametrize("loss", [*LOST, "a web page"])
    async def test_lost_update(self, rig: Rig, loss: str) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        async with self.opened(rig) as destination:
            created = await destination.create(event, kind, ID, sample(kind))
            answer = LOST[loss] if loss in LOST else BROKEN[loss]
            rig.fail(writes=True, answer=answer, times=None)
            name = kind.required[0]
            with raises(WriteOutcomeUnknown, when=f"When an update is answered by {loss}"):
                await destination.update(event, kind, created, (FieldChange(name, None, "changed"),))
            assert len(rig.writes) == 2, f"The update was sent {len(rig.writes) - 1} times"

    @requirement(
        "A create that is carried out after its answer is of unknown outcome", rule=32, needs=("is_http",)
    )
    async def test_late_create(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        rig.fail(writes=True, answer=LOST["HTTP 504"], is_late=True)
        async with self.opened(rig) as destination:
            with raises(WriteOutcomeUnknown, when="When a create is answered 504"):
                await destination.create(event, kind, ID, sample(kind))
            assert await read_all(destination, event, kind) == []
            rig.wire.settle()
            (listed,) = await read_all(destination, event, kind)
            assert listed.external_id == ID

    @requirement("A create that was only accepted (202) is of unknown outcome", rule=32, needs=("is_http",))
    @pytest.mark.parametrize("has_body", [True, False], ids=["as usual", "empty"])
    async def test_accepted(self, rig: Rig, *, has_body: bool) -> None:
        def accepted(answer: Answer) -> Answer:
            return replace(answer, status=202) if has_body else Answer(None, 202, {}, b"")

        await self._check_answer(rig, accepted, "202")

    @requirement("A create whose answer has no id is of unknown outcome", rule=32, needs=("is_http",))
    @pytest.mark.parametrize("broken", BROKEN)
    async def test_unreadable_answer(self, rig: Rig, broken: str) -> None:
        await self._check_answer(rig, lambda _: BROKEN[broken], broken)

    @requirement(
        "The id of a created record is read from the answer, not made up", rule=32, needs=("is_http",)
    )
    @pytest.mark.parametrize("replacement", [None, "", {}, []], ids=repr)
    async def test_answer_without_id(self, rig: Rig, replacement: object) -> None:
        def without_id(answer: Answer) -> Answer:
            ids = {*rig.stand_in.records}
            return Answer(_replaced(answer.json, ids, replacement), answer.status)

        await self._check_answer(rig, without_id, f"an object whose id is {replacement!r}")

    @requirement("A write that never left is reported as such", rule=32, needs=("is_http",))
    async def test_never_sent(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        async with self.opened(rig) as destination:
            created = await destination.create(event, kind, ExternalId("first"), sample(kind, 1))
            before = rig.state()
            rig.fail(writes=True, is_unsent=True, times=None)
            with raises(DestinationUnavailable, when="When no connection can be made for a create"):
                await destination.create(event, kind, ID, sample(kind, 2))
            name = kind.required[0]
            with raises(DestinationUnavailable, when="When no connection can be made for an update"):
                await destination.update(event, kind, created, (FieldChange(name, None, "changed"),))
            rig.wire.faults.clear()
            assert rig.state() == before
            await destination.create(event, kind, ID, sample(kind, 2))

    async def _check_answer(self, rig: Rig, alter: Callable[[Answer], Answer], said: str) -> None:
        """Check a create that is carried out, but whose answer does not say so.

        A plug-in may also look the record up by itself, and return its id.
        """
        event = new_event(rig)
        kind, schema = self.any_kind(rig)
        rig.fail(writes=True, alter=alter)
        async with self.opened(rig) as destination:
            created: object = None
            with raises(WriteOutcomeUnknown, when=f"When a create is answered with {said}"):
                created = await destination.create(event, kind, ID, sample(kind))
                if str(created) in rig.stand_in.records and rig.reads:
                    raise WriteOutcomeUnknown("it was looked up")
            self._check_sent_once(rig, "create")
        assert len(rig.stored(event, schema)) == 1

    def _check_sent_once(self, rig: Rig, what: str) -> None:
        assert len(rig.writes) == 1, (
            f"A {what} must be sent once and never repeated by the plug-in (rule 32), but it sent "
            f"{[f'{request.method} {request.path}' for request in rig.writes]}"
        )


def _replaced(document: Any, ids: set[str], replacement: object) -> Any:
    """Return a document in which the ids of records are replaced."""
    if isinstance(document, dict):
        return {name: _replaced(value, ids, replacement) for name, value in document.items()}
    if isinstance(document, list):
        return [_replaced(item, ids, replacement) for item in document]
    is_id = type(document) in {int, str} and str(document) in ids
    return replacement if is_id else document
