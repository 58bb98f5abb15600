"""What a run does in one slice: read both sides, plan, write, read the share links."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from core.domain.departures import Departures, scopes_left_at_once
from core.domain.kinds import RecordKind, Scope
from core.domain.mappings import EventMapping
from core.domain.messages import left_at_once, links_unread, records_doubled
from core.domain.runs import SyncRun
from core.usecases.sync.access import Access, Tokens, open_sides
from core.usecases.sync.failures import SyncStopped
from core.usecases.sync.fence import Fence
from core.usecases.sync.intents import take_over_intents
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
    resend_after: timedelta
    """From the latest create of a record until it may be sent again, where the answer was lost (rule 32)."""

    async def __call__(self, its_slice: Slice) -> None:
        """Work, and leave in the journal what came of it.

        Raises:
            SyncStopped, SourceError, DestinationError, PersistenceError
        """
        units, mapping, journal = self.access.units, self.mapping, self.journal
        await journal.go_on()
        remembered = await recall(units, mapping)
        proofs = Proofs(units, mapping, self.run, journal, self.interval)
        fence = Fence(units, self.clock, self.run.id, mapping, journal.owner, self.lease)
        async with open_sides(self.access, mapping, self.tokens, before_write=fence) as (source, destination):
            now, setup = self.clock.now(), proofs.setup(self.tokens, remembered)
            reader = Reader(mapping, remembered, source, destination, now, setup)
            held = await proofs.held(now)
            intents = await take_over_intents(units, mapping, self.resend_after)
            sides = await reader.read(self.run.scope, held)
            await self._note_zones(*sides.zones)
            if held is not None and sides.is_as_before:
                journal.confirms = held.run_id
                await self._read_links(destination, sides)
                return
            await proofs.end(now)  # before anything is changed
            its_slice.writing_begins()
            journal.remarks.notes += sides.shortfalls
            plans = Plans(units, mapping, remembered, sides, intents)
            writer = Writer(
                units, mapping, destination, sides.gleanin, journal, fence, intents, self.clock, self.log
            )
            try:
                await self._write(writer, sides, plans)
            finally:
                if not journal.may_have_written:
                    await fence.take_mark_back()
            written = writer.written
            await self._read_links(destination, sides, written)
            journal.checkpoint = None if written else proofs.given_by(sides, now)
            if journal.checkpoint and journal.checkpoint.run_id != self.run.id:
                journal.confirms = journal.checkpoint.run_id

    async def _note_zones(self, time_zone: str | None, gleanin_time_zone: str | None) -> None:
        """Store the zones that the two events have now, for the mapping's pages to show (rule 7)."""
        if self.mapping.with_zones(time_zone, gleanin_time_zone) == self.mapping:
            return
        async with self.access.units.writing() as unit:
            mapping = await unit.mappings.get(self.mapping.id)
            if mapping is not None and mapping.is_active:
                await unit.mappings.update(mapping.with_zones(time_zone, gleanin_time_zone))
                await unit.commit()

    async def _write(self, writer: Writer, sides: BothSides, plans: Plans) -> None:
        """Carry out the plan: first everything that waits for nothing, then the rest (rule 32)."""
        journal, stop = self.journal, sides.stop
        for kind in sides.kinds:
            # Planned only now: people are tied to the sessions that are in Gleanin by now (rule 25).
            steps = plans.steps(kind, plans.ties(), partial(journal.expect, kind))
            left_out = sides.programme.dependents(kind, writer.unconfirmed)
            stop = await writer.carry_out(kind, steps, stop, left_out)
        while journal.unconfirmed or any(writer.postponed.values()):
            stop = stop or await writer.settle()
            if stop is not None:
                journal.give_up_unconfirmed(stop.sentence)
            postponed, writer.postponed = writer.postponed, {}
            for kind in sides.kinds:
                if only := postponed.get(kind.name):
                    left_out = sides.programme.dependents(kind, writer.unconfirmed) & only
                    steps = plans.steps(kind, plans.ties(), only=only)
                    stop = await writer.carry_out(kind, steps, stop, left_out)
        if stop is not None:
            raise SyncStopped(stop)
        await self._note_departures(plans)
        if sides.gleanin.doubled:
            self.log.warning("sync.records_doubled", number=sides.gleanin.doubled)
            journal.remarks.notes.append(records_doubled(sides.gleanin.doubled))

    async def _note_departures(self, plans: Plans) -> None:
        """Note what has left the programme, and say so first where that is much at once (rule 34)."""
        now, units, mapping = self.clock.now(), self.access.units, self.mapping
        found = [*plans.departures(now)]
        if any(each.newly_left or each.returned for _, each in found):
            async with units.writing() as unit:
                target = mapping.organization_id, mapping.events.gleanin_id
                for kind, departures in found:
                    await unit.synced.mark_left(*target, kind, departures.newly_left, now)
                    await unit.synced.mark_left(*target, kind, departures.returned, None)
                await unit.commit()
        by_scope: dict[Scope, list[tuple[RecordKind, Departures]]] = {}
        for kind, departures in found:
            by_scope.setdefault(kind.scope, []).append((kind, departures))
        of_scopes = {scope: [departures for _, departures in parts] for scope, parts in by_scope.items()}
        for scope in scopes_left_at_once(of_scopes):
            parts = [
                (kind, departures.left_lately, departures.synced) for kind, departures in by_scope[scope]
            ]
            self.journal.remarks.first.append(left_at_once(parts))

    async def _read_links(
        self, destination: Destination, sides: BothSides, written: Collection[str] = ()
    ) -> None:
        try:
            await ShareLinks(self.access.units, self.mapping, destination).store(sides, written)
        except DestinationError as error:
            self.log.warning("sync.links_unread", problem=type(error).__name__)
            self.journal.remarks.notes.append(links_unread(str(error)))
