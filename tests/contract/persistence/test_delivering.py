"""Processes that deliver notices out of one database at once."""

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
from tests.support.harness import Harness, Paths
from tests.support.store_samples import NOW, a_connection, a_mapping, a_notice, an_organization, store

NUMBERS = range(1, 31)


@dataclass(slots=True)
class Slow(InMemoryNotifier):
    under_way: int = 0
    most_at_once: int = 0
    ids: list[str] = field(default_factory=list)

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        await asyncio.sleep(0.05)
        self.under_way -= 1
        self.ids.append(message.id)


async def furnish(units: UnitOfWorkFactory) -> None:
    """Store organizations that each have a recipient and two notices that are due."""
    for number in NUMBERS:
        whose = OrganizationId(f"org{number}")
        mapping = replace(
            a_mapping(number, f"s{number}", f"g{number}"),
            organization_id=whose,
            connection_id=ConnectionId(f"con{number}"),
        )
        await store(units, an_organization(f"Organization {number}", number), a_connection(number, whose))
        await store(units, mapping, Recipient(whose, Channel.EMAIL, "ops@example.org"))
        await store(units, *(a_notice(2 * number + each, mapping.id, whose) for each in (0, 1)))


async def test_each_notice_is_delivered_once_and_not_too_many_at_once(database: str) -> None:
    messenger, clock, log = Slow(), ManualClock(NOW), RecordedEvents()
    processes = [SqlUnitOfWorkFactory(engine_at(database)) for _ in range(2)]
    await furnish(processes[0])
    deliver = [
        DeliverNotifications(units, messenger, Harness().cipher, Paths(), clock, log) for units in processes
    ]
    arrived = await asyncio.gather(*(each() for each in deliver))
    assert sum(arrived) == 2 * len(NUMBERS)
    assert {*Counter(messenger.ids).values()} == {1}
    assert messenger.most_at_once <= 40, "twenty of each process"
    async with processes[0].read() as unit:
        for number in NUMBERS:
            notices = await unit.notifications.list_by_organization(OrganizationId(f"org{number}"))
            assert [each.state for each in notices] == [Delivery.DELIVERED] * 2
    for units in processes:
        units.close()
