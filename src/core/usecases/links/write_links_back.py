"""Write a mapping's share links back into the source by hand, or preview that (rule 38)."""

from dataclasses import dataclass

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.ids import MappingId
from core.domain.links.link_fields import WriteBackOff
from core.domain.links.link_homes import LinkSettings
from core.domain.links.link_outcomes import LinkOutcome
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.shared.link_access import LinkAccess
from core.usecases.shared.link_fields import nothing_is_written
from core.usecases.shared.mapping_access import get_mapping_access
from core.usecases.shared.write_back import LinkReport


@dataclass(frozen=True, slots=True)
class PreviewLinks:
    links: LinkAccess

    async def __call__(self, mapping_id: MappingId, settings: LinkSettings | None = None) -> LinkReport:
        """Return what writing back would do, also with settings that are not saved yet.

        Raises:
            NotFound, NotMapped, SourceError
            LinksNotTaken, WriteBackOff
        """
        mapping, sealed = await get_mapping_access(self.links.units, mapping_id)
        chosen = settings or mapping.settings.links
        self.links.homes(mapping)
        _check_chosen(chosen, mapping)
        async with self.links.write_back(mapping, sealed, nothing_is_written, chosen) as write_back:
            return await write_back.preview()


@dataclass(frozen=True, slots=True)
class WriteLinksBack:
    patient_links: LinkAccess
    """With long time limits: it goes through all people."""

    async def __call__(self, mapping_id: MappingId, *, actor: Actor) -> LinkReport:
        """Write the links back now; the next sync does so too.

        Raises:
            NotFound, SourceError
            NotMapped: also if the mapping ends meanwhile; what was written by then is stored.
            LinksNotTaken, WriteBackOff
        """
        units, clock = self.patient_links.units, self.patient_links.clock
        mapping, sealed = await get_mapping_access(units, mapping_id)
        self.patient_links.homes(mapping)
        _check_chosen(mapping.settings.links, mapping)

        async def check_active() -> None:
            now, _ = await get_mapping_access(units, mapping_id)
            _check_chosen(now.settings.links, now)

        report = LinkReport()
        try:
            async with self.patient_links.write_back(mapping, sealed, check_active) as write_back:
                await write_back(report)
        finally:
            async with units.write() as unit:
                now = clock.now()
                await unit.link_outcomes.replace_latest(mapping.id, report.results)
                what = f"{mapping.label}: {report.counts[LinkOutcome.WRITTEN]} links"
                entry = AuditEntry(now, actor.name, Action.LINKS_WRITTEN_BACK, mapping.organization_id, what)
                await unit.audit.add(entry)
                await unit.commit()
        return report


def _check_chosen(settings: LinkSettings, mapping: EventMapping) -> None:
    if not settings.is_on:
        raise WriteBackOff(mapping.systems.source)
