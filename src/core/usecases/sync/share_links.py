"""Store the share links that Gleanin has made, after the writes of a run (rule 30)."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

from core.domain.identifiers import GleaninId, SourceId
from core.domain.kinds import RecordKind
from core.domain.mappings import EventMapping
from core.usecases.sync.plans import CHUNK, chunks
from core.usecases.sync.reading import BothSides, Links, linked
from ports.destination import Destination, RecordsNotTold
from ports.persistence import Units


@dataclass(frozen=True, slots=True)
class ShareLinks:
    units: Units
    mapping: EventMapping
    destination: Destination

    async def store(self, sides: BothSides, written: Collection[str] = ()) -> None:
        """Store what has changed; Gleanin is read again only where the run wrote something.

        Raises:
            DestinationError
        """
        for kind in sides.kinds:
            if not kind.is_person or kind.name in sides.unknown:
                continue
            target = self.mapping.organization_id, self.mapping.events.gleanin_id
            async with self.units.reading() as unit:
                whose = {
                    place.gleanin_id: place.source_id for place in await unit.synced.places(*target, kind)
                }
            there = sides.links[kind.name]
            if kind.name in written:
                there.clear()
                with suppress(RecordsNotTold):
                    async for page in self.destination.records(self.mapping.events.gleanin_id, kind):
                        there.update(linked(page, self.destination.link_hosts))
            await self._store(kind, whose, there)

    async def _store(self, kind: RecordKind, whose: Mapping[GleaninId, SourceId], there: Links) -> None:
        target = self.mapping.organization_id, self.mapping.events.gleanin_id
        for chunk in chunks(whose.items(), CHUNK):
            async with self.units.writing() as unit:
                stored = await unit.synced.find(*target, kind, [source_id for _, source_id in chunk])
                changed = {}
                for gleanin_id, source_id in chunk:
                    # Of whoever is not in Gleanin any more the links lead nowhere.
                    links = there.get(gleanin_id, ())
                    if links is not None and links != stored[source_id].links:
                        changed[source_id] = links
                if changed:
                    await unit.synced.save_links(*target, kind, changed)
                    await unit.commit()
