"""Change what a mapping syncs (rules 13, 14 and 17), and confirm its time zone (rule 7)."""

from dataclasses import dataclass, replace

from core.domain.identifiers import MappingId
from core.domain.mappings import EventMapping, ExhibitorName, MappingSettings, TracksFrom
from core.domain.refusals import found
from ports.cipher import TokenCipher
from ports.persistence import Units
from ports.session_source import SessionSources


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """None leaves a setting as it is."""

    mapping_id: MappingId
    tracks: TracksFrom | None = None
    chairpersons: bool | None = None
    moderators: bool | None = None
    exhibitor_name: ExhibitorName | None = None
    confirm_time_zone: bool = False

    def applied_to(self, settings: MappingSettings) -> MappingSettings:
        return MappingSettings(
            tracks=settings.tracks if self.tracks is None else self.tracks,
            chairpersons=settings.chairpersons if self.chairpersons is None else self.chairpersons,
            moderators=settings.moderators if self.moderators is None else self.moderators,
            exhibitor_name=settings.exhibitor_name if self.exhibitor_name is None else self.exhibitor_name,
        )


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    units: Units
    sources: SessionSources
    cipher: TokenCipher

    async def __call__(self, command: SettingsChange) -> EventMapping:
        """Change the given settings; the next sync re-sends just what they change.

        Raises:
            NotFound, NotMapped
            SourceError: the zone to confirm cannot be read from Sessionboard.
        """
        zone = await self._zone(command.mapping_id) if command.confirm_time_zone else None
        async with self.units.writing() as unit:
            mapping = found(await unit.mappings.get(command.mapping_id), "mapping", command.mapping_id)
            mapping.check_active()
            changed = replace(
                mapping,
                settings=command.applied_to(mapping.settings),
                confirmed_time_zone=zone or mapping.confirmed_time_zone,
            )
            await unit.mappings.update(changed)
            await unit.commit()
        return changed

    async def _zone(self, mapping_id: MappingId) -> str | None:
        async with self.units.reading() as unit:
            mapping = found(await unit.mappings.get(mapping_id), "mapping", mapping_id)
            organization = found(
                await unit.organizations.get(mapping.organization_id), "organization", mapping.organization_id
            )
        access = self.cipher.unseal(organization.sessionboard_token)
        async with self.sources.open(mapping.events.sessionboard_url, access) as source:
            return (await source.event(mapping.events.sessionboard_id)).time_zone
