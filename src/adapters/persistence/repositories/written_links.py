"""Links that we wrote into a source, and fields that were ordered there, in tables."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa

from adapters.persistence.delete_organization import check_organizations_exist
from adapters.persistence.executor import UnitExecutor
from adapters.persistence.statements import Upserts, in_batches, key_of
from adapters.persistence.tables import field_orders, written_links
from core.domain.ids import OrganizationId, SourceId
from core.domain.links.link_homes import HolderType
from core.domain.links.write_back import WrittenLink
from ports.store.links import LinkPlace

_SOME = sa.select(
    written_links.c.holder,
    written_links.c.record_id,
    written_links.c.value,
    written_links.c.pending,
    written_links.c.written_at,
).where(
    written_links.c.place == sa.bindparam("of_place"),
    written_links.c.record_id.in_(sa.bindparam("record_ids", expanding=True)),
)
_UPSERTS = Upserts(written_links, ("value", "pending", "written_at", "has_echo"))
_WITH_ECHO = (
    sa.select(written_links.c.place, written_links.c.field, written_links.c.value, written_links.c.pending)
    .where(
        written_links.c.organization_id == sa.bindparam("of_organization"),
        written_links.c.record_id == sa.bindparam("of_record"),
        written_links.c.holder == sa.bindparam("of_holder"),
        written_links.c.has_echo,
        written_links.c.written_at >= sa.bindparam("since"),
    )
    .order_by(written_links.c.written_at)
)
_TAKE_ECHO = (
    sa.update(written_links)
    .where(
        written_links.c.place == sa.bindparam("of_place"),
        written_links.c.record_id == sa.bindparam("of_record"),
        written_links.c.has_echo,
    )
    .values(has_echo=False)
)
_ORDER = Upserts(field_orders, ("ordered_at",))
_ORDERED_AT = sa.select(field_orders.c.ordered_at).where(field_orders.c.place == sa.bindparam("of_place"))
_REMOVE_ORDER = sa.delete(field_orders).where(field_orders.c.place == sa.bindparam("of_place"))


class SqlWrittenLinks:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def find(
        self, place: LinkPlace, record_ids: Collection[SourceId]
    ) -> Mapping[SourceId, WrittenLink]:
        def read(database: sa.Connection) -> dict[SourceId, WrittenLink]:
            return {
                record_id: WrittenLink(holder, record_id, value, pending, written_at)
                for batch in in_batches(record_ids)
                for holder, record_id, value, pending, written_at in database.execute(
                    _SOME, {"of_place": _key(place), "record_ids": batch}
                )
            }

        return await self._run(read)

    async def save(self, place: LinkPlace, links: Collection[WrittenLink]) -> None:
        if not links:
            return
        known = await self.find(place, [link.record_id for link in links])

        def has_echo(link: WrittenLink) -> bool:
            """Check whether a write was about to be sent; one that has arrived is the same write."""
            before = known.get(link.record_id)
            return before is None or before.written_at != link.written_at

        rows = [
            {
                "place": _key(place),
                "record_id": link.record_id,
                "organization_id": place.organization_id,
                "holder": place.holder,
                "field": place.field,
                "value": link.value,
                "pending": link.pending,
                "written_at": link.written_at,
            }
            for link in links
        ]

        def upsert(database: sa.Connection) -> None:
            check_organizations_exist(database, [place.organization_id])
            new = [row | {"has_echo": True} for row, link in zip(rows, links, strict=True) if has_echo(link)]
            same = [
                row | {"has_echo": False} for row, link in zip(rows, links, strict=True) if not has_echo(link)
            ]
            if new:
                database.execute(_UPSERTS[database.dialect.name], new)
            if same:
                database.execute(_ARRIVED[database.dialect.name], same)

        await self._run(upsert)

    async def take_echo(
        self,
        organization_id: OrganizationId,
        holder: HolderType,
        record_id: SourceId,
        values: Mapping[str, str],
        since: datetime,
    ) -> bool:
        params = {
            "of_organization": organization_id,
            "of_holder": holder,
            "of_record": record_id,
            "since": since,
        }

        def take(database: sa.Connection) -> bool:
            for place, name, value, pending in database.execute(_WITH_ECHO, params).all():
                held = values.get(name)
                if held and held in (value, pending):
                    taken = database.execute(_TAKE_ECHO, {"of_place": place, "of_record": record_id})
                    return taken.rowcount == 1
            return False

        return await self._run(take)


_ARRIVED = Upserts(written_links, ("value", "pending", "written_at"))


class SqlFieldOrders:
    def __init__(self, run: UnitExecutor) -> None:
        self._run = run

    async def add(self, place: LinkPlace, at: datetime) -> None:
        row = {"place": _key(place), "organization_id": place.organization_id, "ordered_at": at}

        def upsert(database: sa.Connection) -> None:
            check_organizations_exist(database, [place.organization_id])
            database.execute(_ORDER[database.dialect.name], row)

        await self._run(upsert)

    async def get(self, place: LinkPlace) -> datetime | None:
        params = {"of_place": _key(place)}
        return await self._run(lambda database: database.execute(_ORDERED_AT, params).scalar())

    async def remove(self, place: LinkPlace) -> None:
        params = {"of_place": _key(place)}
        self._run.later(lambda database: database.execute(_REMOVE_ORDER, params))


def _key(place: LinkPlace) -> str:
    return key_of(
        json.dumps([place.organization_id, place.source_url, place.event_id, place.holder, place.field])
    )
