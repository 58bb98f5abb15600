"""Read what the records of a source hold, and decide what becomes of each link (rule 38)."""

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from core.domain.ids import SourceId
from core.domain.links import link_reasons
from core.domain.links.link_outcomes import LinkOutcome, LinkResult
from core.domain.links.write_back import LinkHolder, WantedLink, WantedLinks, WrittenLink, decide
from core.domain.records.reasons import Reason
from core.domain.systems import ExternalSystem
from ports.link_writer import LinkWriter
from ports.source import SourceError
from ports.store.links import LinkPlace
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class DueLink:
    """A link that has to be written, and what it replaces."""

    wanted: WantedLink
    held: LinkHolder
    memory: WrittenLink

    @property
    def reason_of(self) -> Callable[[ExternalSystem], Reason]:
        return link_reasons.replaced if self.held.content else link_reasons.first_time


@dataclass(slots=True)
class Reading:
    """What one reading of the records of a type has found."""

    results: list[LinkResult] = field(default_factory=list)
    due: list[DueLink] = field(default_factory=list)
    seen: set[SourceId] = field(default_factory=set)
    problem: Reason | None = None
    """Why not all could be read."""


@dataclass(frozen=True, slots=True)
class LinkReadings:
    units: UnitOfWorkFactory
    writer: LinkWriter
    source: ExternalSystem
    wanted: WantedLinks
    on_page: Callable[[], None]

    async def of_people(self, place: LinkPlace, only: frozenset[SourceId] | None = None) -> Reading:
        """Read the people of a type, and decide about all of them; or only about some, and read no more than needed."""
        wanted = self.wanted.of_people[place.holder]
        if only is not None:
            wanted = {record_id: wanted[record_id] for record_id in only}
        reading = await self._read(place, lambda held: wanted.get(held.id), len(wanted))
        for record_id, missing in wanted.items():
            if record_id not in reading.seen:
                reason = reading.problem or link_reasons.not_there(self.source)
                is_final = reading.problem is None
                reading.results.append(missing.result(LinkOutcome.FAILED, reason, is_final=is_final))
        return reading

    async def of_companies(self, place: LinkPlace, only: frozenset[SourceId] | None = None) -> Reading:
        """Read the companies of a type, and decide about those whose primary contact has a link."""

        def wanted(held: LinkHolder) -> WantedLink | None:
            if only is not None and held.id not in only:
                return None
            return self.wanted.of_company(place.holder, held)

        return await self._read(place, wanted, None if only is None else len(only))

    async def _read(
        self, place: LinkPlace, wanted_by: Callable[[LinkHolder], WantedLink | None], number: int | None
    ) -> Reading:
        reading = Reading()
        try:
            pages = self.writer.holders(place.event_id, place.holder, place.field)
            async with aclosing(pages) as closing:  # type: ignore[type-var]  # every page iterator can be closed
                async for page in closing:
                    self.on_page()
                    pairs = [(wanted, held) for held in page if (wanted := wanted_by(held)) is not None]
                    await self._decide(place, pairs, reading)
                    if number is not None and len(reading.seen) >= number:
                        break
        except SourceError as error:
            reading.problem = link_reasons.not_read(str(error))
        return reading

    async def _decide(
        self, place: LinkPlace, pairs: Sequence[tuple[WantedLink, LinkHolder]], reading: Reading
    ) -> None:
        if not pairs:
            return
        async with self.units.read() as unit:
            known = await unit.written_links.find(place, [held.id for _, held in pairs])
        for wanted, held in pairs:
            if held.id in reading.seen:
                continue
            reading.seen.add(held.id)
            result = decide(wanted, held, known.get(held.id), self.source)
            if result is not None:
                reading.results.append(result)
            elif not held.guard:
                reason = link_reasons.without_version(self.source)
                reading.results.append(wanted.result(LinkOutcome.FAILED, reason))
            else:
                memory = known.get(held.id) or WrittenLink(place.holder, held.id)
                reading.due.append(DueLink(wanted, held, memory))
