"""The outbox of notifications and their recipients, in every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.ids import MappingId, NotificationId
from core.domain.notifications.notification import Channel, Delivery, Notification, Recipient
from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import (
    LONG,
    NOW,
    ORGANIZATION,
    OTHER,
    a_notification,
    a_recipient,
    committing,
    store,
)

THEIRS = MappingId("map2")
MINUTE = timedelta(minutes=1)


async def due(
    units: UnitOfWorkFactory, minutes: int, max_per_organization: int = 10, limit: int = 10
) -> list[str]:
    async with units.read() as unit:
        return [
            notification.id
            for notification in await unit.notifications.list_due(
                NOW + minutes * MINUTE, max_per_organization, limit
            )
        ]


def after(notification: Notification, minutes: int) -> Notification:
    return replace(notification, next_attempt_at=NOW + minutes * MINUTE)


async def test_a_recipient_is_stored_replaced_and_removed(two_tenants: UnitOfWorkFactory) -> None:
    email = Recipient(ORGANIZATION, Channel.EMAIL, "ops@example.org")
    await store(two_tenants, a_recipient(), a_recipient(OTHER))
    async with committing(two_tenants) as unit:
        assert await unit.recipients.get(ORGANIZATION) == a_recipient()
        await unit.recipients.save(email)
        assert await unit.recipients.get(ORGANIZATION) == email
        await unit.recipients.remove(ORGANIZATION)
        await unit.recipients.remove(ORGANIZATION)
    async with two_tenants.read() as unit:
        assert await unit.recipients.get(ORGANIZATION) is None
        assert await unit.recipients.get(OTHER) == a_recipient(OTHER)


async def test_a_notification_is_stored_unchanged_with_text_of_any_length(
    two_tenants: UnitOfWorkFactory,
) -> None:
    notification = replace(a_notification(), text=LONG)
    await store(two_tenants, notification, a_notification(2), a_notification(3, THEIRS, OTHER))
    async with two_tenants.read() as unit:
        assert await unit.notifications.get(notification.id) == notification
        assert await unit.notifications.get(NotificationId("none")) is None
        assert await unit.notifications.list_by_organization(ORGANIZATION) == [
            a_notification(2),
            notification,
        ]
        assert await unit.notifications.list_by_organization(ORGANIZATION, 1) == [a_notification(2)]


async def test_an_update_changes_only_the_delivery_of_a_notification(two_tenants: UnitOfWorkFactory) -> None:
    await store(two_tenants, a_notification())
    attempted = a_notification().attempted(NOW)
    async with committing(two_tenants) as unit:
        await unit.notifications.update(replace(attempted, text="Another text."))
        assert await unit.notifications.get(attempted.id) == attempted
        failed = attempted.failed("The webhook refused the notification (HTTP 404).")
        await unit.notifications.update(failed)
        assert await unit.notifications.get(attempted.id) == failed
        await unit.notifications.update(attempted.delivered())
        await unit.notifications.update(a_notification(9))
    async with two_tenants.read() as unit:
        assert await unit.notifications.list_by_organization(ORGANIZATION) == [attempted.delivered()]


async def test_due_notifications_are_listed_longest_due_first(two_tenants: UnitOfWorkFactory) -> None:
    await store(
        two_tenants, *(after(a_notification(number), minutes) for number, minutes in ((1, 3), (2, 1), (3, 1)))
    )
    await store(
        two_tenants, a_notification(4).delivered(), a_notification(5).expire(), after(a_notification(6), 9)
    )
    assert await due(two_tenants, 0) == []
    assert await due(two_tenants, 1) == ["notice2", "notice3"]
    assert await due(two_tenants, 3) == ["notice2", "notice3", "notice1"]
    assert await due(two_tenants, 3, limit=2) == ["notice2", "notice3"]


async def test_due_notifications_are_limited_per_organization(two_tenants: UnitOfWorkFactory) -> None:
    await store(two_tenants, *(after(a_notification(number), number) for number in range(1, 5)))
    await store(two_tenants, after(a_notification(9, THEIRS, OTHER), 5))
    assert await due(two_tenants, 9, max_per_organization=1) == ["notice1", "notice9"]
    assert await due(two_tenants, 9, max_per_organization=2) == ["notice1", "notice2", "notice9"]


async def test_removing_a_recipient_deletes_only_waiting_notifications(
    two_tenants: UnitOfWorkFactory,
) -> None:
    await store(
        two_tenants,
        a_recipient(),
        a_notification(1),
        a_notification(2).delivered(),
        a_notification(3, THEIRS, OTHER),
    )
    async with committing(two_tenants) as unit:
        await unit.recipients.remove(ORGANIZATION)
    async with two_tenants.read() as unit:
        assert [
            notification.id for notification in await unit.notifications.list_by_organization(ORGANIZATION)
        ] == ["notice2"]
        assert [notification.id for notification in await unit.notifications.list_by_organization(OTHER)] == [
            "notice3"
        ]


async def test_old_notifications_are_deleted_unless_they_wait(two_tenants: UnitOfWorkFactory) -> None:
    old = [replace(a_notification(number), at=NOW - MINUTE) for number in range(1, 5)]
    await store(two_tenants, old[0].delivered(), old[1].expire(), old[2], old[3].delivered())
    await store(two_tenants, replace(a_notification(5).delivered(), state=Delivery.DELIVERED))
    async with committing(two_tenants) as unit:
        assert [await unit.notifications.remove_before(NOW, 2) for _ in range(3)] == [2, 1, 0]
    async with two_tenants.read() as unit:
        assert [
            notification.id for notification in await unit.notifications.list_by_organization(ORGANIZATION)
        ] == [
            "notice5",
            "notice3",
        ]


@pytest.mark.parametrize(
    "wrong", [a_notification(1), a_notification(2, MappingId("none"))], ids=["twice", "unmapped"]
)
async def test_a_notification_that_conflicts_with_stored_data_is_rejected(
    two_tenants: UnitOfWorkFactory, wrong: Notification
) -> None:
    await store(two_tenants, a_notification(1))
    with pytest.raises(PersistenceError):
        await store(two_tenants, wrong)


async def test_uncommitted_notifications_are_not_stored(two_tenants: UnitOfWorkFactory) -> None:
    async with two_tenants.write() as unit:
        await unit.recipients.save(a_recipient())
        await unit.notifications.add(a_notification())
    async with two_tenants.read() as unit:
        assert await unit.recipients.get(ORGANIZATION) is None
        assert await unit.notifications.get(a_notification().id) is None
