"""Order a field for share links (rule 38)."""

from dataclasses import dataclass, field

from core.domain.access.audit import Action, AuditEntry
from core.domain.access.authorization import Actor
from core.domain.errors import InvalidInput
from core.domain.ids import MappingId
from core.domain.links.link_fields import (
    DEFAULT_FIELD_NAME,
    ORDER_AGAIN_AFTER,
    FieldOrdered,
    choose_field,
)
from core.domain.links.link_homes import HolderType, LinkField
from core.domain.links.write_quota import WriteLimits
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.text import normalize_line
from core.usecases.shared.link_access import LinkAccess
from core.usecases.shared.link_fields import field_holders
from core.usecases.shared.mapping_access import get_mapping_access
from ports.link_writer import LinkQuotaUsedUp, LinkWriter, LinkWriteUnknown
from ports.source import SourceError
from ports.store.links import LinkPlace

MAX_NAME_LENGTH = 100
FIELDS = HolderType("fields")
"""What orders of fields are counted as."""


@dataclass(frozen=True, slots=True)
class FieldOrder:
    mapping_id: MappingId
    name: str = DEFAULT_FIELD_NAME
    for_companies: bool = False


@dataclass(frozen=True, slots=True)
class OrderedField(LinkField):
    """The field that an order ended with."""

    is_new: bool = field(default=True, compare=False)
    """Whether it was made by this order; false if there was one already."""


@dataclass(frozen=True, slots=True)
class OrderLinkField:
    links: LinkAccess

    async def __call__(self, command: FieldOrder, *, actor: Actor) -> OrderedField:
        """Return the field of this name; it is made if there is none, and never twice.

        Raises:
            NotFound, NotMapped
            LinksNotTaken
            InvalidInput: the name is empty or too long, or several fields have it.
            FieldOrdered: it was ordered, and is not listed yet.
            SourceError
        """
        name = normalize_line(command.name) or ""
        if not name or len(name) > MAX_NAME_LENGTH:
            raise InvalidInput(
                f"A field needs a name of at most {MAX_NAME_LENGTH} characters.", about="link_field"
            )
        mapping, sealed = await get_mapping_access(self.links.units, command.mapping_id)
        person, company = field_holders(self.links.homes(mapping))
        holder = company if command.for_companies else person
        if holder is None:
            raise InvalidInput(f"{mapping.systems.source} has no fields of companies.", about="link_field")
        events = mapping.events
        place = LinkPlace(mapping.organization_id, events.source_url, events.source_id, holder, name)

        async def check_active() -> None:
            await get_mapping_access(self.links.units, command.mapping_id)

        async with self.links.writer(mapping, sealed, check_active) as (writer, token):
            if (known := await self._find(writer, place, mapping)) is not None:
                return OrderedField(known.internal_name, known.public_name, is_new=False)
            await self._begin(place, token, writer.limits, mapping, actor)
            await self._create(writer, place)
            field = await self._find(writer, place, mapping)
            if field is None:
                raise FieldOrdered(name, mapping.systems.source)
        return OrderedField(field.internal_name, field.public_name)

    async def _find(self, writer: LinkWriter, place: LinkPlace, mapping: EventMapping) -> LinkField | None:
        """Return the field if it is listed.

        Raises:
            InvalidInput: several have the name.
        """
        fields = await writer.fields(place.event_id, place.holder)
        if not any(place.field in (field.internal_name, field.public_name) for field in fields):
            return None
        field = choose_field(fields, place.field, mapping.systems.source)
        async with self.links.units.write() as unit:
            await unit.field_orders.remove(place)
            await unit.commit()
        return field

    async def _begin(
        self, place: LinkPlace, token: str, limits: WriteLimits, mapping: EventMapping, actor: Actor
    ) -> None:
        """Note the order before it is sent: whoever comes second, or after a lost answer, sends none.

        Raises:
            FieldOrdered: it was ordered lately.
            LinkQuotaUsedUp: the source accepts no more now.
        """
        source = mapping.systems.source
        async with self.links.units.write() as unit:
            now, ordered_at = await unit.now(), await unit.field_orders.get(place)
            if ordered_at is not None and now < ordered_at + ORDER_AGAIN_AFTER:
                raise FieldOrdered(place.field, source)
            quota = await unit.write_quotas.get(token)
            if not quota.room(FIELDS, limits, now):
                raise LinkQuotaUsedUp(f"{source}'s limit for writes is used up. Order the field again later.")
            await unit.write_quotas.save(token, quota.used(FIELDS, 1, limits, now))
            await unit.field_orders.add(place, now)
            what = f"{mapping.label}: {place.field}"
            await unit.audit.add(
                AuditEntry(
                    self.links.clock.now(),
                    actor.name,
                    Action.LINK_FIELD_ORDERED,
                    mapping.organization_id,
                    what,
                )
            )
            await unit.commit()

    async def _create(self, writer: LinkWriter, place: LinkPlace) -> None:
        try:
            await writer.create_field(place.event_id, place.holder, place.field)
        except LinkWriteUnknown:
            return  # the list shows whether it was made
        except SourceError:
            async with self.links.units.write() as unit:
                await unit.field_orders.remove(place)  # it was not made, and may be ordered again at once
                await unit.commit()
            raise
