"""Rule 24, notifications: one when a mapping starts to fail and one when it recovers, whatever breaks meanwhile."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from core.domain.access.audit import Action
from core.domain.access.authorization import Actor
from core.domain.errors import InvalidInput, NotFound
from core.domain.ids import DestinationEventId, OrganizationId, SourceEventId
from core.domain.notifications.messages import Message
from core.domain.notifications.notification import Channel, Delivery, Notification, Recipient
from core.domain.records.source_records import SourceEvent
from core.domain.runs.health_change import HealthChange
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import Token
from core.usecases.runs.apply_retention import ApplyRetention
from ports.notifications import RecipientRefused, RecipientUnavailable
from ports.source import SourceUnavailable
from tests.support.assertions import present
from tests.support.harness import ELSEWHERE, FAR, TOKEN, Harness
from tests.support.kill_switch import Killed, KillSwitch, killed
from tests.support.timeouts import happens

HOOK = "https://hooks.example.org/sync"
DAY = timedelta(days=1)
UNREACHABLE = SourceUnavailable("Sessionboard refused the connection.")
DOWN = RecipientUnavailable("The webhook refused the connection.")


async def with_recipient(harness: Harness) -> EventMapping:
    mapping = await harness.mapping()
    await harness.choose_recipient(mapping.organization_id, Channel.WEBHOOK, HOOK)
    return mapping


async def fail(harness: Harness, mapping: EventMapping) -> None:
    harness.source.error = UNREACHABLE
    await harness.sync(mapping)
    harness.source.error = None


async def outbox(harness: Harness, organization_id: OrganizationId) -> list[Notification]:
    """List the notifications, oldest first."""
    async with harness.units.read() as unit:
        return [*reversed(await unit.notifications.list_by_organization(organization_id))]


def changes_sent(harness: Harness) -> list[HealthChange]:
    return [notification.message.change for notification in harness.notifier.arrived]


async def test_rule_24_three_failures_send_one_notification(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    for _ in range(3):
        await fail(harness, mapping)
    assert await harness.deliver_notifications() == 1
    assert await harness.deliver_notifications() == 0
    (arrived,) = harness.notifier.arrived
    assert arrived.message.change is HealthChange.FAILING
    assert arrived.message.mapping_id == mapping.id
    assert arrived.message.url.startswith("https://sync.example.org/runs/")
    assert arrived.recipient.address == HOOK


async def test_rule_24_failure_and_recovery_send_two_notifications_in_order(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    await fail(harness, mapping)
    await harness.sync(mapping)
    await harness.sync(mapping)
    await harness.deliver_notifications()
    assert changes_sent(harness) == [HealthChange.FAILING, HealthChange.RECOVERED]


async def test_successful_syncs_send_no_notification(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    await harness.sync(mapping)
    assert await outbox(harness, mapping.organization_id) == []


async def test_no_notification_is_stored_without_a_recipient(harness: Harness) -> None:
    mapping = await harness.mapping()
    await fail(harness, mapping)
    await harness.choose_recipient(mapping.organization_id, Channel.EMAIL, "ops@example.org")
    await fail(harness, mapping)
    assert await outbox(harness, mapping.organization_id) == []


@pytest.mark.parametrize("were_synced_before", [True, False])
async def test_rule_24_refused_token_of_three_mappings_sends_one_notification(
    harness: Harness, were_synced_before: bool
) -> None:
    third = SourceEventId("3962"), DestinationEventId("13")
    harness.source.put(SourceEvent(third[0], "GoConf", "Europe/Paris"))
    harness.gleanin.add_event(third[1], "GoConf goes Gleanin")
    first = await with_recipient(harness)
    organization = first.organization_id
    mappings = [
        first,
        await harness.map(organization, ELSEWHERE, FAR),
        await harness.map(organization, *third),
    ]
    for mapping in mappings if were_synced_before else ():
        await harness.sync(mapping)
    harness.gleanin.faults.refuses_tokens = True
    for mapping in mappings:
        await harness.sync(mapping)
    await harness.deliver_notifications()
    assert changes_sent(harness) == [HealthChange.HALTED]
    harness.gleanin.faults.refuses_tokens = False
    await harness.replace_destination_token(organization, TOKEN)
    await harness.sync(first)
    await harness.deliver_notifications()
    assert changes_sent(harness) == [HealthChange.HALTED, HealthChange.RECOVERED]


async def test_removed_mapping_sends_no_notification(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    run = await harness.request_sync(mapping.id)
    async with harness.committing() as unit:
        await unit.mappings.update(mapping.remove(harness.clock.now()))
    await harness.run_sync(run.id)
    assert await outbox(harness, mapping.organization_id) == []


@pytest.mark.parametrize("taken_place", [True, False])
@pytest.mark.parametrize("store", range(1, 9))
async def test_rule_32_kill_at_any_store_of_a_run_neither_loses_nor_duplicates_a_notification(
    harness: Harness, store: int, taken_place: bool
) -> None:
    mapping = await with_recipient(harness)
    kill_switch = KillSwitch(harness)
    run = await harness.request_sync(mapping.id)
    harness.source.error = UNREACHABLE
    kill_switch.fail_at(store=store, taken_place=taken_place)
    try:
        await harness.run_sync(run.id)
    except Killed:
        kill_switch.restart()
        await harness.recover_run(run.id)
        for waiting in await harness.select_next_runs(100):
            await harness.run_sync(present(waiting.run_id))
    else:
        kill_switch.restart()
    assert (await harness.schedule_of(mapping.id)).is_failing
    assert [notification.change for notification in await outbox(harness, mapping.organization_id)] == [
        HealthChange.FAILING
    ]


@pytest.mark.parametrize("store", [1, 2])
@pytest.mark.parametrize("taken_place", [True, False])
async def test_kill_between_a_delivery_and_its_record_loses_nothing(
    harness: Harness, store: int, taken_place: bool
) -> None:
    mapping = await with_recipient(harness)
    await fail(harness, mapping)
    with killed(harness, store=store, taken_place=taken_place):
        await harness.deliver_notifications()
    harness.clock.advance(timedelta(minutes=2))
    await harness.deliver_notifications()
    assert {notification.message.id for notification in harness.notifier.arrived} == {
        notification.id for notification in await outbox(harness, mapping.organization_id)
    }
    # Delivered twice only if the first delivery succeeded and was not recorded.
    assert len(harness.notifier.arrived) == (2 if (store, taken_place) == (2, False) else 1)


@dataclass(slots=True)
class ConcurrentNotifier:
    """A notifier during whose attempts other processes read the outbox."""

    harness: Harness
    others: int = 0

    def normalize_address(self, channel: Channel, address: str) -> str:
        return address

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
        self.others += await self.harness.deliver_notifications()
        await self.harness.notifier.deliver(message, recipient, secret)


async def test_notification_is_attempted_by_one_process(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    await fail(harness, mapping)
    watching = ConcurrentNotifier(harness)
    assert await replace(harness.deliver_notifications, notifier=watching)() == 1
    assert watching.others == 0
    assert len(harness.notifier.arrived) == 1


async def test_failed_delivery_is_retried_and_expires_after_a_day(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    await fail(harness, mapping)
    harness.notifier.error = DOWN
    for _ in range(2000):
        await harness.deliver_notifications()
        harness.clock.advance(timedelta(minutes=1))
    (notice,) = await outbox(harness, mapping.organization_id)
    assert notice.state is Delivery.EXPIRED
    assert 10 < notice.attempts < 30
    names = [name for name, _ in harness.log.entries if name.startswith("notices.")]
    assert names == ["notices.not_delivered"] * notice.attempts + ["notices.given_up"]
    harness.notifier.error = None
    assert await harness.deliver_notifications() == 0


async def test_failed_delivery_succeeds_once_the_recipient_is_back(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    harness.notifier.error = RecipientRefused("The webhook refused the notification (HTTP 404).")
    await fail(harness, mapping)
    await harness.deliver_notifications()
    harness.notifier.error = None
    assert await harness.deliver_notifications() == 0, "the retry delay is not over"
    harness.clock.advance(timedelta(minutes=1))
    assert await harness.deliver_notifications() == 1


async def test_reason_for_a_failed_delivery_is_shown_until_it_succeeds(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    message = "The webhook refused the notification (HTTP 410). Check its address."
    harness.notifier.error = RecipientRefused(message)
    await fail(harness, mapping)
    await harness.deliver_notifications()
    (notice,) = await outbox(harness, mapping.organization_id)
    assert (notice.problem, notice.state) == (message, Delivery.WAITING)
    harness.notifier.error = None
    harness.clock.advance(timedelta(minutes=1))
    await harness.deliver_notifications()
    (notice,) = await outbox(harness, mapping.organization_id)
    assert (notice.problem, notice.state) == ("", Delivery.DELIVERED)


async def test_expired_notification_keeps_its_reason(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    harness.notifier.error = DOWN
    await fail(harness, mapping)
    await harness.deliver_notifications()
    harness.clock.advance(DAY)
    await harness.deliver_notifications()
    (notice,) = await outbox(harness, mapping.organization_id)
    assert (notice.problem, notice.state) == (str(DOWN), Delivery.EXPIRED)


async def test_late_failure_does_not_overwrite_a_delivery_by_another_process(
    harness: Harness,
) -> None:
    mapping = await with_recipient(harness)
    await fail(harness, mapping)

    @dataclass
    class Sleeping(ConcurrentNotifier):
        async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
            self.harness.clock.advance(timedelta(minutes=2))
            self.others += await self.harness.deliver_notifications()
            raise DOWN

    assert await replace(harness.deliver_notifications, notifier=Sleeping(harness))() == 0
    (notice,) = await outbox(harness, mapping.organization_id)
    assert (notice.problem, notice.state) == ("", Delivery.DELIVERED)


async def test_process_finishes_a_delivery_in_progress_before_it_ends(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    await fail(harness, mapping)
    begun, go_on = asyncio.Event(), asyncio.Event()

    @dataclass
    class Slow(ConcurrentNotifier):
        async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
            begun.set()
            await go_on.wait()
            await self.harness.notifier.deliver(message, recipient, secret)

    delivering = asyncio.create_task(replace(harness.deliver_notifications, notifier=Slow(harness))())
    await happens(begun)
    delivering.cancel()
    await asyncio.sleep(0.01)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await delivering
    (notice,) = await outbox(harness, mapping.organization_id)
    assert notice.state is Delivery.DELIVERED
    harness.clock.advance(DAY)
    assert await harness.deliver_notifications() == 0, "it was delivered once"


async def test_rule_24_recovery_links_to_a_run_that_exists_a_day_later(harness: Harness) -> None:
    mapping = await with_recipient(harness)

    async def by_itself() -> SyncRun | None:
        harness.clock.advance(timedelta(minutes=34))
        return await harness.check(mapping)

    await by_itself()
    harness.source.error = UNREACHABLE
    await by_itself()
    harness.source.error = None
    assert await by_itself() is not None
    assert await by_itself() is None
    _, recovered = await outbox(harness, mapping.organization_id)
    harness.clock.advance(DAY + timedelta(hours=1))
    await ApplyRetention(harness.units, harness.clock, timedelta(days=90))()
    async with harness.units.read() as unit:
        assert await unit.runs.get(recovered.run_id) is not None


async def test_internal_error_in_one_delivery_does_not_stop_others(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    other = await harness.organization("Other")
    await harness.choose_recipient(other.id, Channel.EMAIL, "ops@example.org")
    await fail(harness, mapping)
    (notice,) = await outbox(harness, mapping.organization_id)
    async with harness.committing() as unit:
        await unit.notifications.add(replace(notice, id=type(notice.id)("other"), organization_id=other.id))

    @dataclass
    class Faulty(ConcurrentNotifier):
        async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
            if recipient.channel is Channel.WEBHOOK:
                raise RuntimeError("jane@example.org")
            await self.harness.notifier.deliver(message, recipient, secret)

    assert await replace(harness.deliver_notifications, notifier=Faulty(harness))() == 1
    assert [name for name, _ in harness.log.entries if name.startswith("notices.")] == [
        "notices.failed",
        "notices.delivered",
    ]
    assert "jane@" not in str(harness.log.entries)


async def test_removing_a_recipient_drops_its_pending_notifications(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    await fail(harness, mapping)
    await harness.remove_recipient(mapping.organization_id)
    await harness.choose_recipient(mapping.organization_id, Channel.WEBHOOK, HOOK)
    assert await harness.deliver_notifications() == 0
    assert await outbox(harness, mapping.organization_id) == []


async def test_removing_a_recipient_during_a_delivery_is_no_error(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    await fail(harness, mapping)

    @dataclass
    class Removing(ConcurrentNotifier):
        async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
            await self.harness.remove_recipient(mapping.organization_id)

    assert await replace(harness.deliver_notifications, notifier=Removing(harness))() == 1
    assert await outbox(harness, mapping.organization_id) == []


async def test_webhook_secret_is_shown_once_and_stored_encrypted(harness: Harness) -> None:
    mapping = await harness.mapping()
    recipient, secret = await harness.choose_recipient(mapping.organization_id, Channel.WEBHOOK, HOOK)
    assert secret is not None
    assert secret.value not in present(recipient.secret).value
    _, another = await harness.choose_recipient(mapping.organization_id, Channel.WEBHOOK, HOOK)
    assert another != secret
    await harness.send_test_notification(mapping.organization_id)
    (arrived,) = harness.notifier.arrived
    assert (arrived.message.change, arrived.secret) == (HealthChange.TEST, another)
    _, none = await harness.choose_recipient(mapping.organization_id, Channel.EMAIL, "ops@example.org")
    assert none is None


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        (Channel.EMAIL, "ops@example.org\nBcc: eve@example.org"),
        (Channel.WEBHOOK, "https://127.0.0.1/"),
        (Channel.WEBHOOK, "http://hooks.example.org"),
        (Channel.WEBHOOK, "ops@example.org"),
    ],
)
async def test_invalid_recipient_is_refused_and_not_stored(
    harness: Harness, channel: Channel, address: str, mapping: EventMapping
) -> None:
    with pytest.raises(InvalidInput):
        await harness.choose_recipient(mapping.organization_id, channel, address)
    async with harness.units.read() as unit:
        assert await unit.recipients.get(mapping.organization_id) is None


async def test_test_notification_needs_a_recipient(harness: Harness, mapping: EventMapping) -> None:
    with pytest.raises(NotFound, match="Choose a webhook or an e-mail address first"):
        await harness.send_test_notification(mapping.organization_id)
    with pytest.raises(NotFound):
        await harness.choose_recipient(OrganizationId("none"), Channel.WEBHOOK, HOOK)


async def test_choosing_testing_and_removing_a_recipient_are_audited(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    await harness.send_test_notification(mapping.organization_id, actor=Actor("ada@example.org"))
    await harness.remove_recipient(mapping.organization_id)
    assert await harness.remove_recipient(mapping.organization_id) is None
    async with harness.units.read() as unit:
        entries = await unit.audit.page(mapping.organization_id, limit=3)
    assert [(entry.action, entry.what) for entry in reversed(entries)] == [
        (action, "the webhook at hooks.example.org")
        for action in (Action.RECIPIENT_CHOSEN, Action.RECIPIENT_TRIED, Action.RECIPIENT_REMOVED)
    ]


async def test_finished_notifications_are_deleted_after_the_retention(harness: Harness) -> None:
    mapping = await with_recipient(harness)
    await fail(harness, mapping)
    await harness.deliver_notifications()
    await harness.sync(mapping)
    harness.clock.advance(2 * DAY)
    await ApplyRetention(harness.units, harness.clock, DAY)()
    (left,) = await outbox(harness, mapping.organization_id)
    assert (left.change, left.state) == (HealthChange.RECOVERED, Delivery.WAITING)


async def test_rule_24_concurrently_refused_tokens_send_one_notification(harness: Harness) -> None:
    first = await with_recipient(harness)
    second = await harness.map(first.organization_id, ELSEWHERE, FAR)
    harness.gleanin.faults.refuses_tokens = True
    runs = [await harness.request_sync(each.id) for each in (first, second)]
    await asyncio.gather(*(harness.run_sync(run.id) for run in runs))
    assert [notification.change for notification in await outbox(harness, first.organization_id)] == [
        HealthChange.HALTED
    ]
