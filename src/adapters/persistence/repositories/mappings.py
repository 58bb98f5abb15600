"""Event mappings, in a table."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa

from adapters.persistence.delete_organization import check_organizations_exist
from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import from_json, replace_row, to_json
from adapters.persistence.tables import connections, mappings, organizations
from core.domain.ids import ConnectionId, DestinationEventId, MappingId, OrganizationId, SourceEventId
from core.domain.links.link_homes import LinkSettings
from core.domain.systems import ExternalSystem, Systems
from core.domain.tenancy.event_mappings import (
    EventMapping,
    EventPair,
    ExhibitorName,
    MappingSettings,
    TracksFrom,
)

_MAPPINGS = (
    sa.select(mappings, organizations.c.source_name, connections.c.destination_name)
    .join(organizations, organizations.c.id == mappings.c.organization_id)
    .join(connections, connections.c.id == mappings.c.connection_id)
    .order_by(mappings.c.position)
)


class SqlMappings:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, mapping: EventMapping) -> None:
        def insert(database: sa.Connection) -> None:
            check_organizations_exist(database, [mapping.organization_id])
            database.execute(mappings.insert(), _row(mapping))

        await self._run(insert)

    async def update(self, mapping: EventMapping) -> None:
        await self._run(lambda database: replace_row(database, mappings, _row(mapping)))

    async def get(self, mapping_id: MappingId) -> EventMapping | None:
        return next(iter(await self._all(mappings.c.id == mapping_id)), None)

    async def list_by_events(
        self,
        source_url: str,
        source_ids: Collection[SourceEventId],
        destination_ids: Collection[DestinationEventId],
    ) -> Sequence[EventMapping]:
        by_source = sa.and_(mappings.c.source_url == source_url, mappings.c.source_event_id.in_(source_ids))
        by_destination = mappings.c.destination_event_id.in_(destination_ids)
        return await self._all(mappings.c.holds_events, sa.or_(by_source, by_destination))

    async def list_by_organization(self, organization_id: OrganizationId) -> Sequence[EventMapping]:
        return await self._all(mappings.c.organization_id == organization_id)

    async def list_by_connection(self, connection_id: ConnectionId) -> Sequence[EventMapping]:
        return await self._all(mappings.c.connection_id == connection_id)

    async def list_active(self, organization_id: OrganizationId | None = None) -> Sequence[EventMapping]:
        conditions: list[sa.ColumnElement[bool]] = [mappings.c.removed_at.is_(None)]
        if organization_id is not None:
            conditions.append(mappings.c.organization_id == organization_id)
        return await self._all(*conditions)

    async def _all(self, *conditions: sa.ColumnElement[bool]) -> Sequence[EventMapping]:
        rows = await self._run(lambda database: database.execute(_MAPPINGS.where(*conditions)).all())
        return [_mapping(row) for row in rows]


def _row(mapping: EventMapping) -> dict[str, object]:
    return {
        "id": mapping.id,
        "organization_id": mapping.organization_id,
        "connection_id": mapping.connection_id,
        "source": mapping.systems.source.identifier,
        "source_url": mapping.events.source_url,
        "source_event_id": mapping.events.source_id,
        "source_event_name": mapping.source_event_name,
        "destination": mapping.systems.destination.identifier,
        "destination_event_id": mapping.events.destination_id,
        "destination_event_name": mapping.destination_event_name,
        "created_at": mapping.created_at,
        "tracks": mapping.settings.tracks.value,
        "chairpersons": mapping.settings.chairpersons,
        "moderators": mapping.settings.moderators,
        "exhibitor_name": mapping.settings.exhibitor_name.value,
        "kind_settings": to_json(mapping.settings.kinds),
        "one_name_is_enough": mapping.settings.one_name_is_enough,
        "only_accepted_roles": mapping.settings.only_accepted_roles,
        "link_field": mapping.settings.links.field,
        "company_link_field": mapping.settings.links.company_field,
        "link_campaign": mapping.settings.links.campaign,
        "confirmed_time_zone": mapping.confirmed_time_zone,
        "written": mapping.written,
        "removed_at": mapping.removed_at,
        "connection_ended": mapping.connection_ended,
        "continuous_sync": mapping.continuous_sync,
        "time_zone": mapping.time_zone,
        "destination_time_zone": mapping.destination_time_zone,
        "settings_saved": mapping.settings_saved,
        # Only for the unique indexes: it is derived from the columns above.
        "holds_events": mapping.reserves_events,
    }


def _mapping(row: sa.Row[*tuple[Any, ...]]) -> EventMapping:
    return EventMapping(
        id=row.id,
        organization_id=row.organization_id,
        connection_id=row.connection_id,
        events=EventPair(row.source_url, row.source_event_id, row.destination_event_id),
        systems=Systems(
            ExternalSystem(row.source, row.source_name),
            ExternalSystem(row.destination, row.destination_name),
        ),
        source_event_name=row.source_event_name,
        destination_event_name=row.destination_event_name,
        created_at=row.created_at,
        settings=MappingSettings(
            tracks=TracksFrom(row.tracks),
            chairpersons=row.chairpersons,
            moderators=row.moderators,
            exhibitor_name=ExhibitorName(row.exhibitor_name),
            kinds=from_json(row.kind_settings),
            one_name_is_enough=row.one_name_is_enough,
            only_accepted_roles=row.only_accepted_roles,
            links=LinkSettings(row.link_field, row.company_link_field, row.link_campaign),
        ),
        confirmed_time_zone=row.confirmed_time_zone,
        written=row.written,
        removed_at=row.removed_at,
        connection_ended=row.connection_ended,
        continuous_sync=row.continuous_sync,
        time_zone=row.time_zone,
        destination_time_zone=row.destination_time_zone,
        settings_saved=row.settings_saved,
    )
