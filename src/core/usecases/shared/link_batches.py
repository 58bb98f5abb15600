"""Write links in batches, within the source's limits (rule 38)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from core.domain.links import link_reasons
from core.domain.links.link_outcomes import LinkOutcome, LinkResult
from core.domain.records.reasons import Reason
from core.domain.systems import ExternalSystem
from core.usecases.shared.link_readings import DueLink
from ports.link_writer import (
    LinkQuotaUsedUp,
    LinkWrite,
    LinkWriteForbidden,
    LinkWriter,
    LinkWriteUnknown,
    LinkWritten,
    Written,
)
from ports.source import SourceError
from ports.store.links import LinkPlace
from ports.store.unit_of_work import UnitOfWorkFactory

PAUSE = timedelta(minutes=15)
"""After a refusal for the quota that does not say for how long."""
LONGEST_PAUSE = timedelta(days=1)


@dataclass(slots=True)
class Batches:
    """What became of the batches of one type of record."""

    results: list[LinkResult] = field(default_factory=list)
    unsure: list[DueLink] = field(default_factory=list)
    """Those whose answer was lost: the field may hold the link."""
    conflicts: list[DueLink] = field(default_factory=list)
    """Those whose record has changed since it was read."""


@dataclass(frozen=True, slots=True)
class LinkBatches:
    units: UnitOfWorkFactory
    writer: LinkWriter
    source: ExternalSystem
    token: str
    """The digest of the source's token, whose quota is used."""
    on_page: Callable[[], None]

    async def write(self, place: LinkPlace, due: Sequence[DueLink], done: Batches) -> None:
        """Write links until all are written, or the source accepts no more of them; note in `done` what became of each.

        What may have been written is remembered before it is sent, so that it is known as ours whatever happens.
        """
        rest = list(due)
        while rest:
            batch = await self._reserve(place, rest)
            if not batch:
                self._fail(done, rest, link_reasons.quota_used_up(self.source))
                break
            writes = [LinkWrite(one.held.id, one.held.guard, one.wanted.url) for one in batch]
            try:
                written = await self.writer.write(place.event_id, place.holder, place.field, writes)
            except LinkQuotaUsedUp as error:
                await self._pause(error.retry_after)
                self._fail(done, rest, link_reasons.quota_used_up(self.source))
                break
            except LinkWriteForbidden as error:
                self._fail(done, rest, link_reasons.not_allowed(str(error)))
                break
            except LinkWriteUnknown:
                done.unsure += batch
            except SourceError as error:
                self._fail(done, rest, link_reasons.unreachable(str(error)))
                break
            else:
                await self._note(place, batch, written, done)
            self.on_page()
            rest = rest[len(batch) :]

    async def _reserve(self, place: LinkPlace, rest: Sequence[DueLink]) -> Sequence[DueLink]:
        """Return as many as one request may have, with the memory of them as about to be written, which is stored."""
        limits = self.writer.limits
        async with self.units.write() as unit:
            now = await unit.now()
            quota = await unit.write_quotas.get(self.token)
            batch = rest[: quota.room(place.holder, limits, now)]
            if batch:
                used = quota.used(place.holder, len(batch), limits, now)
                await unit.write_quotas.save(self.token, used)
                batch = [
                    replace(one, memory=one.memory.about_to_write(one.held.content, one.wanted.url, now))
                    for one in batch
                ]
                await unit.written_links.save(place, [one.memory for one in batch])
                await unit.commit()
        return batch

    async def _pause(self, seconds: float | None) -> None:
        pause = PAUSE if seconds is None else min(timedelta(seconds=seconds), LONGEST_PAUSE)
        async with self.units.write() as unit:
            quota = await unit.write_quotas.get(self.token)
            await unit.write_quotas.save(self.token, quota.paused(await unit.now() + pause))
            await unit.commit()

    async def _note(
        self, place: LinkPlace, batch: Sequence[DueLink], written: Sequence[LinkWritten], done: Batches
    ) -> None:
        arrived = []
        for one, answer in zip(batch, written, strict=True):
            match answer.status:
                case Written.CONFLICT:
                    done.conflicts.append(one)
                case Written.GONE:
                    self._add(done, one, link_reasons.not_there(self.source), is_final=True)
                case Written.REFUSED:
                    self._add(done, one, link_reasons.refused(self.source, answer.problem), is_final=False)
                case Written.DONE if answer.value is not None and answer.value.strip() != one.wanted.url:
                    self._add(done, one, link_reasons.not_kept(self.source), is_final=False)
                case Written.DONE:
                    arrived.append(one.memory.arrived())
                    done.results.append(one.wanted.result(LinkOutcome.WRITTEN, one.reason_of(self.source)))
        if arrived:
            async with self.units.write() as unit:
                await unit.written_links.save(place, arrived)
                await unit.commit()

    @staticmethod
    def _add(done: Batches, one: DueLink, reason: Reason, *, is_final: bool) -> None:
        done.results.append(one.wanted.result(LinkOutcome.FAILED, reason, is_final=is_final))

    def _fail(self, done: Batches, rest: Sequence[DueLink], reason: Reason) -> None:
        for one in rest:
            self._add(done, one, reason, is_final=False)
