"""What a run does in one slice: read both sides, plan, write, read the share links."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from core.domain.mappings import EventMapping
from core.domain.messages import links_unread, records_doubled
from core.domain.runs import SyncRun
from core.usecases.sync.access import Access, Tokens, open_sides
from core.usecases.sync.failures import SyncStopped
from core.usecases.sync.fence import Fence
from core.usecases.sync.journal import Journal
from core.usecases.sync.memory import recall
from core.usecases.sync.plans import Plans
from core.usecases.sync.proofs import Proofs
from core.usecases.sync.reading import BothSides, Reader
from core.usecases.sync.share_links import ShareLinks
from core.usecases.sync.slices import Slice
from core.usecases.sync.writing import Writer
from ports.clock import Clock
from ports.destination import Destination, DestinationError
from ports.log import EventLog


@dataclass(frozen=True, slots=True)
class OneSlice:
    access: Access
    clock: Clock
    lease: timedelta
    interval: timedelta
    log: EventLog
    run: SyncRun
    mapping: EventMapping
    tokens: Tokens
    journal: Journal

    async def __call__(self, its_slice: Slice) -> None:
        """Work, and leave in the journal what came of it.

        Raises:
            SyncStopped, SourceError, DestinationError, PersistenceError
        """
        units, mapping, journal = self.access.units, self.mapping, self.journal
        await journal.go_on()
        remembered = await recall(units, mapping)
        proofs = Proofs(units, mapping, self.run, journal, self.interval)
        fence = Fence(units, self.clock, self.run.id, mapping.id, journal.owner, self.lease)
        async with open_sides(self.access, mapping, self.tokens, before_write=fence) as (source, destination):
            now, setup = self.clock.now(), proofs.setup(self.tokens, remembered)
            reader = Reader(mapping, remembered, source, destination, now, setup)
            held = await proofs.held(now)
            sides = await reader.read(self.run.scope, held)
            if held is not None and sides.is_as_before:
                journal.confirms = held.run_id
                await self._read_links(destination, sides)
                return
            await proofs.end(now)  # before anything is changed
            its_slice.writing_begins()
            plans = Plans(units, mapping, remembered, sides)
            try:
                written = await self._write(destination, sides, plans)
            finally:
                if not journal.wrote and not journal.unclear:
                    await fence.take_mark_back()
            await self._read_links(destination, sides, written)
            journal.checkpoint = None if written else proofs.given_by(sides, now)
            if journal.checkpoint and journal.checkpoint.run_id != self.run.id:
                journal.confirms = journal.checkpoint.run_id

    async def _write(self, destination: Destination, sides: BothSides, plans: Plans) -> Collection[str]:
        """Carry out the plan, and name the kinds of which something was sent."""
        mapping, journal = self.mapping, self.journal
        writer = Writer(mapping, destination, sides.gleanin, journal, self.clock, self.log)
        stop = sides.stop
        for kind in sides.kinds:
            # Planned only now: people are tied to the sessions that are in Gleanin by now (rule 25).
            steps = plans.steps(kind, plans.ties(), partial(journal.expect, kind))
            stop = await writer.carry_out(kind, steps, stop)
        if stop is not None:
            raise SyncStopped(stop)
        if sides.gleanin.doubled:
            self.log.warning("sync.records_doubled", number=sides.gleanin.doubled)
            journal.remarks.append(records_doubled(sides.gleanin.doubled))
        return writer.written

    async def _read_links(
        self, destination: Destination, sides: BothSides, written: Collection[str] = ()
    ) -> None:
        try:
            await ShareLinks(self.access.units, self.mapping, destination).store(sides, written)
        except DestinationError as error:
            self.log.warning("sync.links_unread", problem=type(error).__name__)
            self.journal.remarks.append(links_unread(str(error)))
