"""What is stored about an event in the destination: every record that was ever sent there."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from core.domain.ids import ConnectionId, DestinationId, SourceId
from core.domain.planning.destination_index import DestinationIndex, Sent
from core.domain.planning.ownership import Ownership
from core.domain.records.kinds import KINDS, RecordKind
from core.domain.tenancy.event_mappings import EventMapping
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class KnownRecords:
    """All by the kind's name."""

    here: Mapping[str, Mapping[SourceId, DestinationId]] = field(default_factory=dict)
    """The destination's id of each record that was sent under the mapping's connection."""
    earlier: Mapping[str, AbstractSet[SourceId]] = field(default_factory=dict)
    """What was sent under connections that have ended (rule 10)."""
    sent: Mapping[str, Mapping[DestinationId, SourceId]] = field(default_factory=dict)
    """The source record of each destination record that was sent under the mapping's connection."""
    created_before: Mapping[str, Mapping[DestinationId, Sent]] = field(default_factory=dict)
    emails: Mapping[str, Mapping[SourceId, str]] = field(default_factory=dict)
    """The e-mail with which each person was last sent under the mapping's connection."""
    left_at: Mapping[str, Mapping[SourceId, datetime]] = field(default_factory=dict)
    """Since when records sent under the mapping's connection have left the programme."""
    elsewhere: AbstractSet[ConnectionId] = frozenset()
    """Connections whose records come from another source address."""

    def kept_id(self, kind: RecordKind, source_id: SourceId) -> SourceId:
        """Return an equal source id that is in memory already: there are tens of thousands."""
        destination_id = self.here.get(kind.name, {}).get(source_id)
        stored = self.sent[kind.name].get(destination_id) if destination_id is not None else None
        return stored if stored is not None and stored == source_id else source_id

    def destination_index(
        self, mapping: EventMapping, intended: Mapping[str, AbstractSet[SourceId]] | None = None
    ) -> DestinationIndex:
        """Return an empty index of the destination event.

        Args:
            mapping: of the event.
            intended: creates whose result was not recorded, by the kind's name.
        """
        return DestinationIndex(
            mapping.systems.source,
            mapping.connection_id,
            self.here,
            self.sent,
            self.created_before,
            self.emails,
            self.elsewhere,
            Ownership(intended or {}, self.here.keys()),
        )


async def load_known_records(units: UnitOfWorkFactory, mapping: EventMapping) -> KnownRecords:
    here: dict[str, dict[SourceId, DestinationId]] = {}
    earlier: dict[str, set[SourceId]] = {}
    sent: dict[str, dict[DestinationId, SourceId]] = {}
    created_before: dict[str, dict[DestinationId, Sent]] = {}
    emails: dict[str, dict[SourceId, str]] = {}
    left_at: dict[str, dict[SourceId, datetime]] = {}
    async with units.read() as unit:
        stored = await unit.synced.list_kinds(mapping.organization_id, mapping.events.destination_id)
    # Records of a kind that is not installed any more may share a group with one that is (rule 44).
    for kind in dict.fromkeys((*KINDS, *stored)):
        async with units.read() as unit:
            refs = await unit.synced.list_refs(mapping.organization_id, mapping.events.destination_id, kind)
        ours = [ref for ref in refs if ref.connection_id == mapping.connection_id]
        here[kind.name] = {ref.source_id: ref.destination_id for ref in ours}
        sent[kind.name] = {ref.destination_id: ref.source_id for ref in ours}
        others = [ref for ref in refs if ref.connection_id != mapping.connection_id]
        earlier[kind.name] = {ref.source_id for ref in others} - here[kind.name].keys()
        created_before[kind.name] = {ref.destination_id: (ref.connection_id, ref.source_id) for ref in others}
        emails[kind.name] = {ref.source_id: ref.email for ref in ours if ref.email}
        left_at[kind.name] = {ref.source_id: ref.left_at for ref in ours if ref.left_at}
    async with units.read() as unit:
        elsewhere = frozenset(await unit.connections.list_at_other_sources(mapping.events.source_url))
    return KnownRecords(here, earlier, sent, created_before, emails, left_at, elsewhere)
