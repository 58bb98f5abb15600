"""Deliver what stands in the outbox: at least once, and to nobody twice as long as nothing breaks."""

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

AT_ONCE = 20
"""Attempts: each waits for somebody else's server most of its time."""
MAX_PER_ORGANIZATION = 1
"""In a round, so that who has a dead webhook takes no other one's place."""
_FAULT = "Delivering it has met a fault of this program. Its log tells more."


@dataclass(frozen=True, slots=True)
class _Attempt:
    notice: Notification
    message: Message
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class DeliverNotifications:
    units: UnitOfWorkFactory
    messenger: Notifier
    cipher: TokenCipher
    links: PublicUrls
    clock: Clock
    log: EventLog

    async def __call__(self) -> int:
        """Try to deliver what is due, round by round, until nothing is; give how many notices arrived.

        Any number of processes may do so at once.
        """
        arrived = 0
        while await self._is_any_due():
            for result in await self._seen_through(await self._begun()):
                if isinstance(result, BaseException):  # all others have been seen through
                    raise result
                arrived += result
        return arrived

    async def _seen_through(self, attempts: Sequence[_Attempt]) -> Sequence[bool | BaseException]:
        """Await the attempts' ends, also when cancelled: what has arrived by then would go out again otherwise.

        Each ends by itself within half a minute; a second cancellation waits for none.
        """
        making = asyncio.gather(*map(self._make, attempts), return_exceptions=True)
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            await asyncio.wait((making,))
            raise

    async def _is_any_due(self) -> bool:
        """Look first without keeping other writers waiting: mostly, there is nothing."""
        async with self.units.read() as unit:
            return bool(await unit.notifications.due(self.clock.now(), MAX_PER_ORGANIZATION, 1))

    async def _begun(self) -> Sequence[_Attempt]:
        """Note the attempts that are to be made now, before they are: so another process leaves them alone."""
        now, begun = self.clock.now(), []
        async with self.units.write() as unit:
            for notice in await unit.notifications.due(now, MAX_PER_ORGANIZATION, AT_ONCE):
                noted = await self._noted(unit, notice, now)
                if noted is not None:
                    begun.append(noted)
            await unit.commit()
        return begun

    async def _noted(self, unit: UnitOfWork, notice: Notification, now: datetime) -> _Attempt | None:
        organization = await unit.organizations.get(notice.organization_id)
        mapping = await unit.mappings.get(notice.mapping_id)
        recipient = await unit.recipients.get(notice.organization_id)
        if recipient is None or organization is None or mapping is None or notice.is_expired(now):
            self.log.warning(
                "notices.given_up", notice=notice.id, mapping=notice.mapping_id, attempts=notice.attempts
            )
            await unit.notifications.update(notice.expire())
            return None
        notice = notice.attempted(now)
        await unit.notifications.update(notice)
        message = build_message(notice, organization, mapping, self.links.run(notice.run_id))
        return _Attempt(notice, message, recipient)

    async def _make(self, attempt: _Attempt) -> bool:
        notice, recipient = attempt.notice, attempt.recipient
        log = self.log.bound(notice=notice.id, channel=recipient.channel)
        try:
            secret = self.cipher.unseal(recipient.secret) if recipient.secret else None
            await self.messenger.deliver(attempt.message, recipient, secret)
        except (NotDelivered, DecryptionFailed) as error:
            log.warning("notices.not_delivered", attempts=notice.attempts, problem=str(error))
            await self._note(notice, notice.failed(str(error)))
            return False
        except Exception as error:  # noqa: BLE001 - one notice that meets a fault of ours must not stop the others
            log.fault("notices.failed", error)
            await self._note(notice, notice.failed(_FAULT))
            return False
        async with self.units.write() as unit:
            await unit.notifications.update(notice.delivered())
            await unit.commit()
        log.event("notices.delivered", attempts=notice.attempts)
        return True

    async def _note(self, attempted: Notification, failed: Notification) -> None:
        """Note what an attempt met, unless another process, while this one slept, has made the next one."""
        async with self.units.write() as unit:
            if await unit.notifications.get(attempted.id) == attempted:
                await unit.notifications.update(failed)
                await unit.commit()
