"""Events, their mappings, and the settings of mappings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self

from pydantic import Field

from core.domain.runs.health import Health
from core.domain.tenancy.event_mappings import EventMapping, ExhibitorName, MappingSettings, TracksFrom
from core.domain.tenancy.kind_values import all_values
from core.usecases.mappings.list_events import ListedEvent
from entrypoints.resources.base import ResponseModel
from entrypoints.resources.health import HealthResponse
from entrypoints.resources.kind_values import KindValuesOfMapping


class EventResponse(ResponseModel):
    id: str
    name: str
    time_zone: str | None
    mappable: bool
    why_not: str
    only_with: str

    @classmethod
    def from_domain(cls, event: ListedEvent) -> Self:
        return cls(
            id=event.id,
            name=event.name,
            time_zone=event.time_zone,
            mappable=event.mappable,
            why_not=event.why_not,
            only_with=event.only_with,
        )


class EventsResponse(ResponseModel):
    sessionboard: list[EventResponse]
    gleanin: list[EventResponse]
    next: str | None


class EventName(ResponseModel):
    id: str
    name: str


class SettingsResponse(ResponseModel):
    tracks: TracksFrom
    chairpersons: bool
    moderators: bool
    exhibitor_name: ExhibitorName
    kinds: KindValuesOfMapping = Field(
        description="The settings that further kinds of records bring, by the kind's and the setting's name"
    )
    one_name_is_enough: bool = Field(description="Whether speakers without a last name are synced")
    only_accepted_roles: bool = Field(
        description="Whether people and sessions are left out of which the source tells that they were not accepted"
    )
    link_field: str | None = Field(
        description="The internal name of the source's field of people that share links are written back to; null if "
        "they are not written back"
    )
    company_link_field: str | None = Field(
        description="The internal name of the field of companies that the primary contact's link is written to; null "
        "for none"
    )
    link_campaign: str | None = Field(
        description="The id of the campaign whose links are written back; null if none was chosen"
    )

    @classmethod
    def from_domain(cls, settings: MappingSettings) -> Self:
        return cls(
            tracks=settings.tracks,
            chairpersons=settings.chairpersons,
            moderators=settings.moderators,
            exhibitor_name=settings.exhibitor_name,
            kinds=all_values(settings.kinds),
            one_name_is_enough=settings.one_name_is_enough,
            only_accepted_roles=settings.only_accepted_roles,
            link_field=settings.links.field or None,
            company_link_field=settings.links.company_field or None,
            link_campaign=settings.links.campaign or None,
        )


class _Mapping(ResponseModel):
    id: str
    organization_id: str
    sessionboard: EventName
    gleanin: EventName
    created_at: datetime
    confirmed_time_zone: str | None
    continuous_sync: bool
    waits_for_settings: bool = Field(
        description="Whether continuous sync waits until the settings have been saved; any change saves them"
    )
    time_zone: str | None = Field(description="The time zone in the source, as last read")
    gleanin_time_zone: str | None = Field(
        description="The time zone in the destination, as last read; null if it does not report one, or if it has not "
        "been read since an upgrade"
    )
    settings: SettingsResponse

    @classmethod
    def _of(cls, mapping: EventMapping, **more: Any) -> Self:
        return cls(
            id=mapping.id,
            organization_id=mapping.organization_id,
            sessionboard=EventName(id=mapping.events.source_id, name=mapping.source_event_name),
            gleanin=EventName(id=mapping.events.destination_id, name=mapping.destination_event_name),
            created_at=mapping.created_at,
            confirmed_time_zone=mapping.confirmed_time_zone,
            continuous_sync=mapping.continuous_sync,
            waits_for_settings=mapping.waits_for_settings,
            time_zone=mapping.time_zone,
            gleanin_time_zone=mapping.destination_time_zone,
            settings=SettingsResponse.from_domain(mapping.settings),
            **more,
        )


class MappingOnly(_Mapping):
    """A mapping that was just added or removed, without its health; only `--json` prints it."""

    @classmethod
    def from_domain(cls, mapping: EventMapping) -> Self:
        return cls._of(mapping)


class MappingResponse(_Mapping):
    health: HealthResponse
    last_checked_at: datetime | None = Field(
        description="When a check last found that nothing has changed since the last sync; null if there has been "
        "no such check since. A check is not a run"
    )

    @classmethod
    def from_domain(cls, mapping: EventMapping, health: Health, last_checked_at: datetime | None) -> Self:
        return cls._of(mapping, health=HealthResponse.from_domain(health), last_checked_at=last_checked_at)


class CreatedMappingResponse(MappingResponse):
    warnings: list[str] = Field(description="Why the sync, or some records, cannot go to the destination")

    @classmethod
    def from_domain(
        cls,
        mapping: EventMapping,
        health: Health,
        last_checked_at: datetime | None,
        warnings: Sequence[str] = (),
    ) -> Self:
        return cls._of(
            mapping,
            health=HealthResponse.from_domain(health),
            last_checked_at=last_checked_at,
            warnings=list(warnings),
        )
