"""Write the share links of a mapping's people back into the source, or tell what that would do (rule 38).

The current values are read, compared, and written where they differ; nothing else of the source is touched. A record
that changed in between is read once more, and so is what a lost answer leaves open.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from core.domain.ids import SourceId
from core.domain.links import link_reasons
from core.domain.links.link_homes import HolderType, LinkHome, LinkSettings
from core.domain.links.link_outcomes import LinkCounts, LinkOutcome, LinkResult, count_links
from core.domain.links.write_back import WantedLinks
from core.domain.records.kinds import KINDS
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.shared.link_batches import Batches, LinkBatches
from core.usecases.shared.link_readings import LinkReadings, Reading
from ports.link_writer import LinkWriter
from ports.store.links import LinkPlace
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(slots=True)
class LinkReport:
    results: list[LinkResult] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    """Why links may be missing among the results, in sentences."""

    @property
    def counts(self) -> LinkCounts:
        return count_links(result.outcome for result in self.results)

    @property
    def is_settled(self) -> bool:
        """Check whether writing again soon would change nothing."""
        return not self.problems and all(
            result.is_final and result.outcome is not LinkOutcome.WRITTEN for result in self.results
        )


@dataclass(frozen=True, slots=True)
class WriteBack:
    units: UnitOfWorkFactory
    mapping: EventMapping
    homes: Mapping[str, LinkHome]
    """Where the source's links are written, by the name of the kind."""
    writer: LinkWriter
    token: str
    """The digest of the source's token, whose quota is used."""
    settings: LinkSettings
    on_page: Callable[[], None] = lambda: None
    """Called whenever something was read or written."""

    async def preview(self) -> LinkReport:
        """Return what writing back would do; what it would write has the outcome `written`."""
        report = LinkReport()
        readings = await self._readings(report)
        for place, is_company in self._places(readings.wanted):
            reading = await self._read(readings, place, report, is_company=is_company)
            for one in reading.due:
                reason = one.reason_of(readings.source)
                report.results.append(one.wanted.result(LinkOutcome.WRITTEN, reason))
        return report

    async def __call__(self, report: LinkReport) -> None:
        """Write the links, and add to the report what became of them, as far as it is known at any time.

        Raises:
            PersistenceError, and what the writer's `before_write` raises.
        """
        readings = await self._readings(report)
        batches = LinkBatches(self.units, self.writer, readings.source, self.token, self.on_page)
        for place, is_company in self._places(readings.wanted):
            reading = await self._read(readings, place, report, is_company=is_company)
            first = Batches()
            try:
                await batches.write(place, reading.due, first)
            finally:
                report.results += first.results
            if first.unsure or first.conflicts:
                await self._once_more(readings, batches, place, first, report, is_company=is_company)

    async def _once_more(
        self,
        readings: LinkReadings,
        batches: LinkBatches,
        place: LinkPlace,
        first: Batches,
        report: LinkReport,
        *,
        is_company: bool,
    ) -> None:
        """Read the records that changed, or whose answer was lost, again; and write what is still due, once."""
        source, again = readings.source, {one.held.id: one for one in (*first.unsure, *first.conflicts)}
        unsure = {one.held.id: one for one in first.unsure}
        found, second = LinkReport(), Batches()
        reading = await self._read(readings, place, found, is_company=is_company, only=frozenset(again))
        report.problems += found.problems
        for result in found.results:
            one = unsure.get(result.source_id)
            if one is not None and result.outcome is LinkOutcome.UNCHANGED:  # it had arrived
                report.results.append(one.wanted.result(LinkOutcome.WRITTEN, one.reason_of(source)))
            else:
                report.results.append(result)
        if is_company:
            missing = reading.problem or link_reasons.not_there(source)
            for record_id in again.keys() - reading.seen:
                wanted = again[record_id].wanted
                report.results.append(wanted.result(LinkOutcome.FAILED, missing, is_final=False))
        try:
            await batches.write(place, reading.due, second)
        finally:
            report.results += second.results
        for left, reason in (
            (second.unsure, link_reasons.answer_lost(source)),
            (second.conflicts, link_reasons.changed_meanwhile(source)),
        ):
            for one in left:
                report.results.append(one.wanted.result(LinkOutcome.FAILED, reason, is_final=False))

    async def _readings(self, report: LinkReport) -> LinkReadings:
        source = self.mapping.systems.source
        wanted = WantedLinks(source, self.settings.campaign)
        target = self.mapping.organization_id, self.mapping.events.destination_id
        async with self.units.read() as unit:
            for kind in KINDS.people:
                if home := self.homes.get(kind.name):
                    wanted.claim(kind, home, await unit.synced.list_linked(*target, kind))
        report.results += wanted.decided
        return LinkReadings(self.units, self.writer, source, wanted, self.on_page)

    def _places(self, wanted: WantedLinks) -> Iterator[tuple[LinkPlace, bool]]:
        """Yield where links go, and whether that is to companies; only where there are any."""
        for holder, people in wanted.of_people.items():
            if people:
                yield self._place(holder, self.settings.field), False
        for holder, kind in wanted.companies.items():
            if self.settings.company_field and wanted.contacts.get(kind.group):
                yield self._place(holder, self.settings.company_field), True

    def _place(self, holder: HolderType, name: str) -> LinkPlace:
        events = self.mapping.events
        return LinkPlace(self.mapping.organization_id, events.source_url, events.source_id, holder, name)

    @staticmethod
    async def _read(
        readings: LinkReadings,
        place: LinkPlace,
        report: LinkReport,
        *,
        is_company: bool,
        only: frozenset[SourceId] | None = None,
    ) -> Reading:
        read = readings.of_companies if is_company else readings.of_people
        reading = await read(place, only)
        report.results += reading.results
        if is_company and reading.problem is not None:
            report.problems.append(f"{reading.problem.sentence} {reading.problem.detail}".strip())
        return reading
