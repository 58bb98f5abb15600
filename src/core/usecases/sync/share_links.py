"""Store the share links that the destination has made, after the writes of a run (rule 30)."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from core.domain.ids import SourceId
from core.domain.records.kinds import RecordKind
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.sync.known_records import KnownRecords
from core.usecases.sync.plans import CHUNK, chunks
from core.usecases.sync.systems_reader import LinkIndex, SystemsSnapshot
from ports.destination import Destination, RecordsNotReported
from ports.store.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ShareLinks:
    units: UnitOfWorkFactory
    mapping: EventMapping
    destination: Destination
    known: KnownRecords

    async def store(self, snapshot: SystemsSnapshot, written: Collection[str] = ()) -> int:
        """Store the links that have changed, and return how many; read the destination again only if the run wrote.

        Raises:
            DestinationError
        """
        number = 0
        to_read = {kind.group for kind in snapshot.kinds if kind.name in written}
        for kind in snapshot.kinds:
            if not kind.is_person or kind.name in snapshot.unknown:
                continue
            there = snapshot.links[kind.group]
            if kind.group in to_read:
                to_read.remove(kind.group)
                there.clear()
                with suppress(RecordsNotReported):
                    async for page in self.destination.records(self.mapping.events.destination_id, kind):
                        there.add(page, self.destination.link_hosts)
            number += await self._store(kind, self._synced(kind, snapshot), there)
        return number

    def _synced(self, kind: RecordKind, snapshot: SystemsSnapshot) -> Iterator[SourceId]:
        """List all records that were ever sent, including by this run."""
        here = self.known.here[kind.name]
        yield from here
        yield from self.known.earlier[kind.name]
        yield from (source_id for source_id in snapshot.index.all_created_here(kind) if source_id not in here)

    async def _store(self, kind: RecordKind, synced: Iterable[SourceId], there: LinkIndex) -> int:
        number = 0
        target = self.mapping.organization_id, self.mapping.events.destination_id
        for chunk in chunks(synced, CHUNK):
            async with self.units.write() as unit:
                stored = await unit.synced.find(*target, kind, chunk)
                changed = {}
                for source_id, record in stored.items():
                    links = there.of(record.destination_id)
                    if links is not None and links != record.links:
                        changed[source_id] = links
                if changed:
                    await unit.synced.save_links(*target, kind, changed)
                    await unit.commit()
            number += len(changed)
        return number
