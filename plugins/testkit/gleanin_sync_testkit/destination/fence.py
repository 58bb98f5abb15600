"""Requirements: `before_write`, cancelled writes, and writes at the same time."""

import asyncio
from contextlib import suppress

from gleanin_sync_testkit.destination.base import ID, DestinationSuiteBase, new_event, read_all
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.destination.samples import sample
from gleanin_sync_testkit.destination.writes import both_writes, change_of
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.wire import Answer, Request
from ports.plugins import DestinationUnavailable, ExternalId

LIMIT = 20
"""Seconds that no test needs; they end one that hangs."""
MAX_AT_ONCE = 32


class Stopped(Exception):
    """Raised by `before_write` when a run was stopped."""


class FenceTests(DestinationSuiteBase):
    @requirement("before_write is awaited right before each write is sent, and before nothing else", rule=8)
    async def test_announced(self, rig: Rig) -> None:
        event = new_event(rig)
        async with self.opened(rig) as destination:
            await destination.events()
            await destination.event(event)
            for kind, _ in self.schemas(rig):
                await read_all(destination, event, kind)
            assert not rig.writes, (
                f"Reading has sent {rig.writes[0].method} {rig.writes[0].path}: if it only reads, say so by is_write"
            )
            assert rig.announced == [], "before_write was awaited although nothing was written"
            writes = 0
            for kind, _ in self.schemas(rig):
                created = await destination.create(event, kind, ID, sample(kind))
                await destination.update(event, kind, created, change_of(kind))
                writes += 2
                assert len(rig.announced) == writes, (
                    f"{writes} writes were made, but before_write was awaited {len(rig.announced)} times"
                )
        self._check_announced(rig)

    @requirement("before_write is awaited again before a write is sent again", rule=8, needs=("is_http",))
    async def test_announced_again(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        throttled = Answer(None, 429, {"retry-after": "0"})
        for fault in ({"answer": throttled}, {"is_unsent": True}):
            rig.fail(writes=True, times=2, **fault)
            async with self.opened(rig) as destination:
                with suppress(DestinationUnavailable):  # it may leave the next attempt to the next sync
                    await destination.create(event, kind, ID, sample(kind))
            rig.wire.faults.clear()
        self._check_announced(rig)

    @requirement("What before_write raises passes unchanged, and nothing is sent", rule=8)
    async def test_stopped(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        stopped = False
        reason = Stopped("the run was stopped")

        async def before_write() -> None:
            if stopped:
                raise reason

        async with self.opened(rig, before_write) as destination:
            created = await destination.create(event, kind, ID, sample(kind))
            before, sent = rig.state(), len(rig.writes)
            stopped = True
            for what, write in both_writes(destination, event, kind, created):
                raised: BaseException | None = None
                try:
                    await write()
                except Exception as error:  # noqa: BLE001 - whatever it is, it is compared
                    raised = error
                assert raised is reason, (
                    f"before_write has raised {reason!r} to stop {what}, but the plug-in raised {raised!r}"
                )
            assert (rig.state(), len(rig.writes)) == (before, sent), "What before_write has stopped was sent"
            stopped = False
            await destination.update(event, kind, created, change_of(kind))

    @requirement("A write that is cancelled before it is sent is not sent", rule=8)
    async def test_cancelled_before(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        is_waiting = asyncio.Event()

        async def before_write() -> None:
            is_waiting.set()
            await asyncio.Event().wait()

        async with self.opened(rig, before_write) as destination, asyncio.timeout(LIMIT):
            writing = asyncio.create_task(destination.create(event, kind, ID, sample(kind)))
            await is_waiting.wait()
            writing.cancel()
            await asyncio.wait([writing])
        assert writing.cancelled(), (
            "A write that was cancelled while before_write waited must raise CancelledError"
        )
        assert not rig.stand_in.records, "A write that was cancelled before it was sent was carried out"

    @requirement("A write that was sent is completed although it is cancelled", rule=32, needs=("is_http",))
    async def test_cancelled_after(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, schema = self.any_kind(rig)
        is_sent, may_answer = asyncio.Event(), asyncio.Event()
        results: list[str] = []

        async def pause(request: Request) -> None:
            if rig.stand_in.is_write(request):
                is_sent.set()
                await may_answer.wait()

        async def write_twice() -> None:
            results.append(await destination.create(event, kind, ID, sample(kind)))
            results.append(await destination.create(event, kind, ID, sample(kind)))

        rig.wire.pause = pause
        async with self.opened(rig) as destination, asyncio.timeout(LIMIT):
            writing = asyncio.create_task(write_twice())
            await is_sent.wait()
            writing.cancel()
            await asyncio.sleep(0)
            may_answer.set()
            await asyncio.wait([writing])
        assert writing.cancelled(), (
            "The cancellation must be raised after the write, at the latest by the next one"
        )
        stored = [record.id for record in rig.stored(event, schema)]
        assert results == stored, (
            f"A create was cancelled after it was sent: it must return the id of the record that the service has "
            f"created, {stored}, but it returned {results}"
        )

    @requirement("Writes at the same time do not mix up their answers")
    async def test_concurrent_writes(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        under_way = 0

        async def pause(_request: Request) -> None:
            """Answer what was sent last first."""
            nonlocal under_way
            under_way += 1
            for _ in range(100 - under_way):
                await asyncio.sleep(0)

        rig.wire.pause = pause
        async with self.opened(rig) as destination, asyncio.timeout(LIMIT):
            number = destination.max_in_flight
            assert number >= 1, f"max_in_flight must be at least 1, and is {number!r}"
            count = min(max(2 * number, 4), MAX_AT_ONCE)
            names = [ExternalId(f"n{position}") for position in range(count)]
            fields = [sample(kind, position) for position in range(count)]
            created = await asyncio.gather(
                *(destination.create(event, kind, *both) for both in zip(names, fields, strict=True))
            )
            listed = {record.id: record.external_id for record in await read_all(destination, event, kind)}
        assert listed == dict(zip(created, names, strict=True)), (
            f"{count} creates at the same time returned the ids of one another, or were lost"
        )

    @requirement("The plug-in works without before_write", needs=("is_http",))
    async def test_without_before_write(self, rig: Rig) -> None:
        event = new_event(rig)
        kind, _ = self.any_kind(rig)
        async with self.plugin.open(self.access(rig), rig.wire.open_http(), None) as destination:
            created = await destination.create(event, kind, ID, sample(kind))
            await destination.update(event, kind, created, change_of(kind))
        assert rig.announced == []

    @requirement(
        "Two connections with other tokens do not share them", rule=2, needs=("has_token", "is_http")
    )
    async def test_two_tokens(self, rig: Rig) -> None:
        other = self.new_rig()
        other.stand_in.token = "another-token-0002"  # noqa: S105 - nobody's
        event, elsewhere = new_event(rig), new_event(other)
        kind, _ = self.any_kind(rig)
        async with self.opened(rig) as one, self.opened(other) as two:
            await one.create(event, kind, ID, sample(kind))
            await two.create(elsewhere, kind, ID, sample(kind))
            await one.events()
        assert len(rig.stand_in.records) == len(other.stand_in.records) == 1

    def _check_announced(self, rig: Rig) -> None:
        if not self.capabilities.is_http:
            return
        sent = [
            position for position, request in enumerate(rig.wire.requests) if rig.stand_in.is_write(request)
        ]
        assert rig.announced == sent, (
            "before_write must be awaited immediately before each write. Of all requests, those at "
            f"{sent} were writes, but it was awaited before those at {rig.announced}. The plug-in must send writes "
            "with `Http.write`, and open the client with the `before_write` that it was given"
        )
