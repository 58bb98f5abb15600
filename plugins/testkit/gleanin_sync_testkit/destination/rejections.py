"""Requirements: what a refused write is called."""

from dataclasses import replace

import pytest

from gleanin_sync_testkit.destination.base import ID, DestinationSuiteBase, new_event, read_all
from gleanin_sync_testkit.destination.events import HTML, WEB_PAGE
from gleanin_sync_testkit.destination.expectations import raises
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.destination.samples import sample
from gleanin_sync_testkit.destination.writes import both_writes, change_of
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.wire import Answer
from ports.plugins import (
    DestinationError,
    DestinationEventGone,
    DestinationRefused,
    DestinationUnavailable,
    ExternalId,
    RecordGone,
    RecordRejected,
    WriteForbidden,
)

WORDS = "Title has already been taken"


class RejectionTests(DestinationSuiteBase):
    @requirement(
        "A record that the service rejects is rejected, and the others go on", rule=29, needs=("is_http",)
    )
    @pytest.mark.parametrize("status", [400, 409, 413, 422])
    async def test_rejected(self, rig: Rig, status: int) -> None:
        event = new_event(rig)
        kind, schema = self.any_kind(rig)
        answer = replace(rig.stand_in.rejection(WORDS), status=status)
        async with self.opened(rig) as destination:
            created = await destination.create(event, kind, ExternalId("first"), sample(kind, 1))
            for what, write in both_writes(destination, event, kind, created):
                rig.fail(writes=True, answer=answer)
                with raises(
                    RecordRejected,
                    but_not=(RecordGone, WriteForbidden),
                    when=f"When {what} is answered {status} with the reason {WORDS!r}",
                ) as rejection:
                    await write()
                if self.capabilities.gives_reasons:
                    assert WORDS in rejection.text, (
                        f"The service gave the reason {WORDS!r} for its {status}, but the error says {rejection.text!r}"
                    )
            await destination.create(event, kind, ExternalId("last"), sample(kind, 2))
        assert len(rig.stored(event, schema)) == 2

    @requirement("A 401 on a write refuses the token", rule=29, needs=("is_http",))
    async def test_401(self, rig: Rig) -> None:
        await self._check_all(rig, Answer({"error": "Invalid token"}, 401), (DestinationRefused,))

    @requirement("A 403 on a write forbids that one record", rule=29, needs=("is_http",))
    async def test_403(self, rig: Rig) -> None:
        await self._check_all(rig, Answer({"error": "Forbidden"}, 403), (WriteForbidden,))

    @requirement("A 404 on an update means that the record is gone", needs=("is_http",))
    async def test_404_on_update(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        async with self.opened(rig) as destination:
            created = await destination.create(event, kind, ID, sample(kind))
            rig.fail(writes=True, answer=Answer({"error": "Not found"}, 404), times=None)
            with raises(RecordGone, when="When an update is answered 404, and the event is there"):
                await destination.update(event, kind, created, change_of(kind))

    @requirement("A 404 on a create rejects the record while the event is there", rule=29, needs=("is_http",))
    async def test_404_on_create(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        rig.fail(writes=True, answer=Answer({"error": "Not found"}, 404), times=None)
        async with self.opened(rig) as destination:
            with raises(RecordRejected, when="When a create is answered 404, but the event is there"):
                await destination.create(event, kind, ID, sample(kind))

    @requirement("A 404 on a create says that the event is gone when it is", rule=29, needs=("is_http",))
    async def test_404_on_create_without_event(self, rig: Rig) -> None:
        event = new_event(rig)
        new_event(rig, "another one")
        kind, _ = self.any_kind(rig)
        rig.stand_in.remove_event(event)
        rig.fail(writes=True, answer=Answer({"error": "Not found"}, 404), times=None)
        async with self.opened(rig) as destination:
            with raises(
                DestinationEventGone, when="When a create is answered 404, and the event was deleted"
            ):
                await destination.create(event, kind, ID, sample(kind))

    @requirement("A redirect is no success, and is not followed", needs=("is_http",))
    @pytest.mark.parametrize("status", [301, 302, 303, 307])
    async def test_redirect(self, rig: Rig, status: int) -> None:
        answer = Answer(None, status, {"location": "https://elsewhere.example.org/"}, b"")
        await self._check_all(rig, answer, (DestinationError,))
        hosts = {request.url.split("/")[2] for request in rig.wire.requests}
        assert len(hosts) == 1, f"Requests went to {hosts}"

    @requirement("A web page of a firewall (403) forbids that one record", rule=29, needs=("is_http",))
    async def test_web_page_403(self, rig: Rig) -> None:
        await self._check_all(rig, Answer(None, 403, HTML, WEB_PAGE), (WriteForbidden,))

    @requirement("A 429 on a write is waited out, or reported as not sent", rule=32, needs=("is_http",))
    async def test_429(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, schema = self.any_kind(rig)
        async with self.opened(rig) as destination:
            rig.fail(writes=True, answer=Answer(None, 429, {"retry-after": "0"}), times=2)
            try:
                created = await destination.create(event, kind, ID, sample(kind))
            except DestinationUnavailable:
                assert rig.stored(event, schema) == [], "What is reported as not sent was written"
            else:
                ids = [record.id for record in rig.stored(event, schema)]
                assert ids == [created], (
                    f"After two answers 429, create() returned {created!r}; stored is {ids}"
                )

    @requirement("A 429 that asks for hours is neither swallowed nor cut short", rule=32, needs=("is_http",))
    async def test_long_429(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        async with self.opened(rig) as destination:
            created = await destination.create(event, kind, ExternalId("first"), sample(kind))
            before = rig.state()
            rig.fail(writes=True, answer=Answer(None, 429, {"retry-after": "86400"}), times=None)
            for what, write in both_writes(destination, event, kind, created):
                sent = len(rig.writes)
                with raises(
                    DestinationUnavailable, when=f"When {what} is answered 429 with a Retry-After of a day"
                ):
                    await write()
                assert len(rig.writes) == sent + 1, (
                    f"The service asked to wait for a day, but {what} was sent {len(rig.writes) - sent} times"
                )
        assert rig.state() == before

    @requirement("No error contains the token or an e-mail address", rule=2, needs=("is_http",))
    async def test_no_secrets_in_errors(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        token = rig.stand_in.token
        said = f"{WORDS}: the token {token} may not write ann@example.org"
        texts: list[str] = []
        async with self.opened(rig) as destination:
            assert token not in repr(destination), "The repr of the destination shows the token"
            created = await destination.create(event, kind, ID, sample(kind))
            for status in (400, 401, 403, 404, 422, 500):
                rig.wire.faults[:] = []
                rig.fail(writes=True, answer=replace(rig.stand_in.rejection(said), status=status), times=None)
                for what, write in both_writes(destination, event, kind, created):
                    with raises(DestinationError, when=f"When {what} is answered {status}") as failure:
                        await write()
                    texts.append(f"{failure.text} {failure.error!r}")
            for status in (400, 401, 403):
                rig.wire.faults[:] = []
                rig.fail(
                    writes=False, answer=replace(rig.stand_in.rejection(said), status=status), times=None
                )
                with raises(DestinationError, when=f"When reading is answered {status}") as failure:
                    await read_all(destination, event, kind)
                texts.append(f"{failure.text} {failure.error!r}")
        for text in texts:
            assert token not in text, f"The error shows the token: {text.replace(token, '(the token)')}"
            assert "ann@example.org" not in text, f"The error shows an e-mail address: {text}"

    async def _check_all(self, rig: Rig, answer: Answer, allowed: tuple[type[Exception], ...]) -> None:
        """Check what both kinds of writes raise when they are answered so, and that each was sent once."""
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        async with self.opened(rig) as destination:
            created = await destination.create(event, kind, ExternalId("first"), sample(kind, 1))
            before = rig.state()
            for what, write in both_writes(destination, event, kind, created):
                rig.fail(writes=True, answer=answer, times=1)
                sent = len(rig.writes)
                with raises(*allowed, when=f"When {what} is answered {answer.status}"):
                    await write()
                assert len(rig.writes) == sent + 1, f"{what} that was answered {answer.status} was sent again"
        assert rig.state() == before
