"""Notifications are delivered alongside the runs, which never wait for them."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from functools import partial

from adapters.memory.notifier import InMemoryNotifier
from core.domain.notifications.messages import Message
from core.domain.notifications.notification import Channel, Recipient
from core.domain.runs.health_change import HealthChange
from core.domain.tenancy.secrets import Token
from ports.source import SourceUnavailable
from tests.contract.jobs.conftest import MakeJobs
from tests.support.harness import Harness
from tests.support.jobs_harness import JobsHarness
from tests.support.timeouts import happens, until


async def test_notification_of_a_run_is_delivered(make: MakeJobs) -> None:
    harness = Harness()
    mapping = await harness.mapping()
    await harness.choose_recipient(mapping.organization_id, Channel.WEBHOOK, "https://hooks.example.org/")
    harness.source.error = SourceUnavailable("Sessionboard refused the connection.")
    await harness.request_sync(mapping.id)
    async with make(harness).working():
        await until(lambda: harness.notifier.arrived)
        await asyncio.sleep(0.1)
    (arrived,) = harness.notifier.arrived
    assert arrived.message.change is HealthChange.FAILING


async def test_slow_recipient_delays_no_run(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    notifying, let_go = asyncio.Event(), asyncio.Event()

    async def notify() -> None:
        notifying.set()
        await let_go.wait()

    jobs_harness.deliver_notifications = notify
    jobs_harness.go_on.set()
    async with make(jobs_harness).working():
        await happens(notifying)
        for number in range(1, 4):
            mapping = await jobs_harness.mapped(number)
            await jobs_harness.book(mapping)
            await until(partial(jobs_harness.ended.__contains__, mapping))
        assert not let_go.is_set()


async def test_shutdown_of_runs_does_not_wait_for_a_notification(
    make: MakeJobs, jobs_harness: JobsHarness
) -> None:
    notifying, arrived = asyncio.Event(), list[bool]()
    mapping = await jobs_harness.mapped(1)

    async def notify() -> None:
        notifying.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            with suppress(AssertionError):
                await until(lambda: mapping in jobs_harness.ended)
            arrived.append(mapping in jobs_harness.ended)
            raise

    jobs_harness.deliver_notifications = notify
    await jobs_harness.book(mapping)
    async with make(jobs_harness).working():
        await happens(notifying)
        await until(lambda: jobs_harness.under_way)
    assert arrived == [True]


async def test_notification_in_progress_at_shutdown_is_not_sent_again(make: MakeJobs) -> None:
    on_its_way = asyncio.Event()

    class Slow(InMemoryNotifier):
        async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
            await InMemoryNotifier.deliver(self, message, recipient, secret)
            on_its_way.set()
            await asyncio.sleep(0.1)  # its response takes time

    harness = Harness(notifier=Slow())
    mapping = await harness.mapping()
    await harness.choose_recipient(mapping.organization_id, Channel.WEBHOOK, "https://hooks.example.org/")
    harness.source.error = SourceUnavailable("Sessionboard refused the connection.")
    await harness.request_sync(mapping.id)
    async with make(harness).working():
        await happens(on_its_way)
    harness.clock.advance(timedelta(hours=1))
    assert await harness.deliver_notifications() == 0
    assert len(harness.notifier.arrived) == 1


async def test_failed_delivery_is_logged_and_retried(make: MakeJobs, jobs_harness: JobsHarness) -> None:
    times = 0

    async def notify() -> None:
        nonlocal times
        times += 1
        raise RuntimeError("jane@example.org")

    jobs_harness.deliver_notifications = notify
    async with make(jobs_harness).working():
        await until(lambda: times > 1)
    assert jobs_harness.log.entries
    assert "jane@" not in str(jobs_harness.log.entries)
