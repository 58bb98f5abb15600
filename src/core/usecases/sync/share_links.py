"""Store the share links that Gleanin has made, after the writes of a run (rule 30)."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from core.domain.identifiers import GleaninId, SourceId
from core.domain.kinds import RecordKind
from core.domain.mappings import EventMapping
from core.domain.synced import ShareLink
from core.usecases.sync.plans import CHUNK, chunks
from core.usecases.sync.reading import BothSides, linked
from ports.destination import Destination, RecordsNotTold
from ports.persistence import Units

Linked = tuple[GleaninId, tuple[ShareLink, ...]]


@dataclass(frozen=True, slots=True)
class ShareLinks:
    units: Units
    mapping: EventMapping
    destination: Destination

    async def store(self, sides: BothSides, written: set[str]) -> None:
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
            if kind.name not in written:
                await self._store(kind, whose, sides.links[kind.name].items())
                continue
            with suppress(RecordsNotTold):
                async for page in self.destination.records(self.mapping.events.gleanin_id, kind):
                    await self._store(kind, whose, linked(page))

    async def _store(
        self, kind: RecordKind, whose: Mapping[GleaninId, SourceId], linked: Iterable[Linked]
    ) -> None:
        target = self.mapping.organization_id, self.mapping.events.gleanin_id
        ours = ((whose[gleanin_id], links) for gleanin_id, links in linked if gleanin_id in whose)
        for chunk in chunks(ours, CHUNK):
            async with self.units.writing() as unit:
                stored = await unit.synced.find(*target, kind, [source_id for source_id, _ in chunk])
                changed = {source_id: links for source_id, links in chunk if stored[source_id].links != links}
                if changed:
                    await unit.synced.save_links(*target, kind, changed)
                    await unit.commit()
