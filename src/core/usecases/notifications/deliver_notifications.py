"""Deliver the notifications in the outbox: at least once, and only once unless a process fails."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.domain.notifications.messages import Message, build_message
from core.domain.notifications.notification import Notification, Recipient
from ports.cipher import DecryptionFailed, TokenCipher
from ports.clock import Clock
from ports.log import EventLog
from ports.notifications import NotDelivered, Notifier
from ports.public_urls import PublicUrls
from ports.store.unit_of_work import UnitOfWork, UnitOfWorkFactory

MAX_CONCURRENT = 20
"""Attempts: each spends most of its time waiting for a remote server."""
MAX_PER_ORGANIZATION = 1
"""Attempts per batch, so that a dead webhook does not delay other organizations."""
_FAULT = "Delivery failed because of an internal error. See the log for details."


@dataclass(frozen=True, slots=True)
class _Attempt:
    notification: Notification
    message: Message
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class DeliverNotifications:
    units: UnitOfWorkFactory
    notifier: Notifier
    cipher: TokenCipher
    public_urls: PublicUrls
    clock: Clock
    log: EventLog

    async def __call__(self) -> int:
        """Attempt all due deliveries, in batches, until none is left; return how many were delivered.

        Any number of processes may do this concurrently.
        """
        delivered = 0
        while await self._is_any_due():
            for result in await self._finish(await self._begin()):
                if isinstance(result, BaseException):  # all others have ended
                    raise result
                delivered += result
        return delivered

    async def _finish(self, attempts: Sequence[_Attempt]) -> Sequence[bool | BaseException]:
        """Await all attempts, also when cancelled: a delivered notification would be sent again otherwise.

        Each attempt ends within half a minute; a second cancellation does not wait.
        """
        delivering = asyncio.gather(*map(self._deliver, attempts), return_exceptions=True)
        try:
            return await asyncio.shield(delivering)
        except asyncio.CancelledError:
            await asyncio.wait((delivering,))
            raise

    async def _is_any_due(self) -> bool:
        """Check without blocking writers first: usually nothing is due."""
        async with self.units.read() as unit:
            return bool(await unit.notifications.list_due(self.clock.now(), MAX_PER_ORGANIZATION, 1))

    async def _begin(self) -> Sequence[_Attempt]:
        """Record the attempts before making them, so that other processes skip them."""
        now, attempts = self.clock.now(), []
        async with self.units.write() as unit:
            for notification in await unit.notifications.list_due(now, MAX_PER_ORGANIZATION, MAX_CONCURRENT):
                attempt = await self._record_attempt(unit, notification, now)
                if attempt is not None:
                    attempts.append(attempt)
            await unit.commit()
        return attempts

    async def _record_attempt(
        self, unit: UnitOfWork, notification: Notification, now: datetime
    ) -> _Attempt | None:
        organization = await unit.organizations.get(notification.organization_id)
        mapping = await unit.mappings.get(notification.mapping_id)
        recipient = await unit.recipients.get(notification.organization_id)
        if recipient is None or organization is None or mapping is None or notification.is_expired(now):
            self.log.warning(
                "notices.given_up",
                notice=notification.id,
                mapping=notification.mapping_id,
                attempts=notification.attempts,
            )
            await unit.notifications.update(notification.expire())
            return None
        notification = notification.attempted(now)
        await unit.notifications.update(notification)
        message = build_message(
            notification, organization, mapping, self.public_urls.run(notification.run_id)
        )
        return _Attempt(notification, message, recipient)

    async def _deliver(self, attempt: _Attempt) -> bool:
        notification, recipient = attempt.notification, attempt.recipient
        log = self.log.bound(notice=notification.id, channel=recipient.channel)
        try:
            secret = self.cipher.unseal(recipient.secret) if recipient.secret else None
            await self.notifier.deliver(attempt.message, recipient, secret)
        except (NotDelivered, DecryptionFailed) as error:
            log.warning("notices.not_delivered", attempts=notification.attempts, problem=str(error))
            await self._record_failure(notification, notification.failed(str(error)))
            return False
        except Exception as error:  # noqa: BLE001 - an internal error in one delivery must not stop the others
            log.fault("notices.failed", error)
            await self._record_failure(notification, notification.failed(_FAULT))
            return False
        async with self.units.write() as unit:
            await unit.notifications.update(notification.delivered())
            await unit.commit()
        log.event("notices.delivered", attempts=notification.attempts)
        return True

    async def _record_failure(self, attempted: Notification, failed: Notification) -> None:
        """Record a failed attempt, unless another process has made the next attempt meanwhile."""
        async with self.units.write() as unit:
            if await unit.notifications.get(attempted.id) == attempted:
                await unit.notifications.update(failed)
                await unit.commit()
