"""Change what a mapping syncs and when (rules 13, 14, 17, 24 and 35), and confirm its time zone (rule 7)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import TimeZoneUnconfirmed, require
from core.domain.ids import MappingId
from core.domain.links.link_homes import LinkSettings
from core.domain.records.kinds import KINDS
from core.domain.tenancy.event_mappings import EventMapping, ExhibitorName, MappingSettings, TracksFrom
from core.domain.tenancy.kind_values import changed_values, value_of
from core.domain.tenancy.time_zones import gmt_offsets, zone_named
from core.usecases.mappings.confirm_time_zone import ConfirmZone
from core.usecases.shared.credentials import unseal
from core.usecases.shared.link_access import LinkAccess
from core.usecases.shared.link_fields import LinkChange, changed_settings
from core.usecases.shared.mapping_access import get_mapping_access
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.source import Sources
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """New settings; None leaves a setting unchanged."""

    mapping_id: MappingId
    tracks: TracksFrom | None = None
    chairpersons: bool | None = None
    moderators: bool | None = None
    exhibitor_name: ExhibitorName | None = None
    kinds: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Of the settings that further kinds bring, by the kind's and the setting's name."""
    one_name_is_enough: bool | None = None
    only_accepted_roles: bool | None = None
    links: LinkChange = field(default_factory=LinkChange)
    continuous_sync: bool | None = None
    confirm_time_zone: bool = False
    confirmed_zone: str | None = None
    """The zone that was shown and confirmed; None for the zone that the source reports now."""

    def applied_to(self, settings: MappingSettings) -> MappingSettings:
        """Return the settings with the new ones.

        Raises:
            InvalidInput: a kind has no such setting, or it cannot have such a value.
        """
        return MappingSettings(
            tracks=settings.tracks if self.tracks is None else self.tracks,
            chairpersons=settings.chairpersons if self.chairpersons is None else self.chairpersons,
            moderators=settings.moderators if self.moderators is None else self.moderators,
            exhibitor_name=settings.exhibitor_name if self.exhibitor_name is None else self.exhibitor_name,
            kinds=changed_values(settings.kinds, self.kinds),
            one_name_is_enough=settings.one_name_is_enough
            if self.one_name_is_enough is None
            else self.one_name_is_enough,
            only_accepted_roles=settings.only_accepted_roles
            if self.only_accepted_roles is None
            else self.only_accepted_roles,
            links=settings.links,
        )


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    units: UnitOfWorkFactory
    sources: Sources
    cipher: TokenCipher
    clock: Clock
    confirm_zone: ConfirmZone
    links: LinkAccess

    async def __call__(self, command: SettingsChange, *, actor: Actor) -> EventMapping:
        """Change the given settings; the next sync resends only what they affect.

        Raises:
            NotFound, NotMapped
            InvalidInput: see `SettingsChange.applied_to` and `changed_settings`.
            TimeZoneUnconfirmed: the zone is no longer the one that was shown.
            SourceError, DestinationError: a zone is to be confirmed, and one of the systems cannot report its zone; or
                the source cannot list the fields for links.
        """
        links = await self._links(command)
        zone = None
        if command.confirm_time_zone:
            await self.confirm_zone(command.mapping_id)
            zone = await self._zone(command.mapping_id)
        async with self.units.write() as unit:
            mapping = require(await unit.mappings.get(command.mapping_id), "mapping", command.mapping_id)
            mapping.check_active()
            if zone and command.confirmed_zone not in (None, zone):
                known = zone_named(zone)
                offsets = gmt_offsets(known, self.clock.now()) if known else "offset unknown"
                raise TimeZoneUnconfirmed(zone, offsets, mapping.systems)
            # A zone that the destination reports is compared, and no confirmation overrides it (rule 7).
            is_unreported = zone is not None and zone_named(mapping.destination_time_zone) is None
            changed = replace(
                mapping,
                settings=replace(command.applied_to(mapping.settings), links=links or mapping.settings.links),
                confirmed_time_zone=zone if is_unreported else mapping.confirmed_time_zone,
                time_zone=zone or mapping.time_zone,
                continuous_sync=mapping.continuous_sync
                if command.continuous_sync is None
                else command.continuous_sync,
                settings_saved=True,
            )
            await unit.mappings.update(changed)
            if differences := _differences(mapping, changed):
                now, action = self.clock.now(), Action.SETTINGS_CHANGED
                what = f"{mapping.label}: {differences}"
                await unit.audit.add(AuditEntry(now, actor.name, action, mapping.organization_id, what))
            await unit.commit()
        return changed

    async def _links(self, command: SettingsChange) -> LinkSettings | None:
        """Return the new settings for links; None if they do not change."""
        if not command.links:
            return None
        mapping, sealed = await get_mapping_access(self.units, command.mapping_id)
        return await changed_settings(self.links, mapping, sealed, command.links)

    async def _zone(self, mapping_id: MappingId) -> str | None:
        mapping, sealed = await get_mapping_access(self.units, mapping_id)
        access = unseal(self.cipher, sealed)
        async with self.sources.named(mapping.systems.source.identifier).open(access) as source:
            return (await source.event(mapping.events.source_id)).time_zone


def _differences(before: EventMapping, after: EventMapping) -> str:
    """Describe each setting that changed, with its old and new value."""
    settings = [
        (field.name, getattr(before.settings, field.name), getattr(after.settings, field.name))
        for field in fields(MappingSettings)
        if field.name not in ("kinds", "links")
    ]
    settings += [
        (
            f"link {field.name}",
            getattr(before.settings.links, field.name),
            getattr(after.settings.links, field.name),
        )
        for field in fields(LinkSettings)
    ]
    settings.append(("continuous_sync", before.continuous_sync, after.continuous_sync))
    settings.append(("confirmed_time_zone", before.confirmed_time_zone, after.confirmed_time_zone))
    changed = (
        f"{name.replace('_', ' ')} {_format(old)} > {_format(new)}"
        for name, old, new in settings
        if old != new
    )
    return ", ".join((*changed, *_differences_of_kinds(before.settings, after.settings)))


def _differences_of_kinds(before: MappingSettings, after: MappingSettings) -> Iterator[str]:
    for kind in KINDS:
        for setting in kind.settings:
            old, new = (value_of(settings.kinds, kind, setting) for settings in (before, after))
            if old != new:
                was, is_now = (setting.described(value) or "none" for value in (old, new))
                yield f"{kind.plural}: {setting.label} {was} > {is_now}"


def _format(value: object) -> str:
    match value:
        case True:
            return "on"
        case False:
            return "off"
        case None | "":
            return "none"
        case _:
            return str(value)
