"""Concurrent delivery of notifications by several processes on one database."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

from adapters.memory.clock import ManualClock
from adapters.memory.event_log import RecordedEvents
from adapters.memory.notifier import InMemoryNotifier
from adapters.persistence.engine import engine_at
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from core.domain.ids import ConnectionId, OrganizationId
from core.domain.notifications.messages import Message
from core.domain.notifications.notification import Channel, Delivery, Recipient
from core.domain.tenancy.secrets import Token
from core.usecases.notifications.deliver_notifications import DeliverNotifications
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.harness import FixedUrls, Harness
from tests.support.store_samples import NOW, a_connection, a_mapping, a_notification, an_organization, store

NUMBERS = range(1, 31)


@dataclass(slots=True)
class SlowNotifier(InMemoryNotifier):
    in_flight: int = 0
    max_in_flight: int = 0
    ids: list[str] = field(default_factory=list)

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        await asyncio.sleep(0.05)
        self.in_flight -= 1
        self.ids.append(message.id)


async def store_notifications(units: UnitOfWorkFactory) -> None:
    """Store organizations, each with a recipient and two due notifications."""
    for number in NUMBERS:
        organization_id = OrganizationId(f"org{number}")
        mapping = replace(
            a_mapping(number, f"s{number}", f"g{number}"),
            organization_id=organization_id,
            connection_id=ConnectionId(f"con{number}"),
        )
        await store(
            units, an_organization(f"Organization {number}", number), a_connection(number, organization_id)
        )
        await store(units, mapping, Recipient(organization_id, Channel.EMAIL, "ops@example.org"))
        await store(
            units, *(a_notification(2 * number + each, mapping.id, organization_id) for each in (0, 1))
        )


async def test_each_notification_is_delivered_once_with_limited_concurrency(database: str) -> None:
    notifier, clock, log = SlowNotifier(), ManualClock(NOW), RecordedEvents()
    processes = [SqlUnitOfWorkFactory(engine_at(database)) for _ in range(2)]
    await store_notifications(processes[0])
    deliver = [
        DeliverNotifications(units, notifier, Harness().cipher, FixedUrls(), clock, log)
        for units in processes
    ]
    arrived = await asyncio.gather(*(each() for each in deliver))
    assert sum(arrived) == 2 * len(NUMBERS)
    assert {*Counter(notifier.ids).values()} == {1}
    assert notifier.max_in_flight <= 40, "twenty of each process"
    async with processes[0].read() as unit:
        for number in NUMBERS:
            notices = await unit.notifications.list_by_organization(OrganizationId(f"org{number}"))
            assert [notice.state for notice in notices] == [Delivery.DELIVERED] * 2
    for units in processes:
        units.close()
