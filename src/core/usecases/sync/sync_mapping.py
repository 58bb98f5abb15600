"""Sync a mapping: read both systems, plan, write, read the share links; or check whether that is needed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from core.domain.errors import InvalidInput
from core.domain.planning.departures import Departures, scopes_left_at_once
from core.domain.planning.plan import NoWrite
from core.domain.records.kinds import ALL, RecordKind, Scope
from core.domain.records.spooled import Spool
from core.domain.runs.messages import Remarks, left_at_once, links_unread, records_doubled
from core.domain.runs.stop_reasons import StopReason
from core.domain.runs.unchanged_marker import OutcomesDigest, UnchangedMarker, is_settled
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.kind_values import all_values
from core.usecases.shared.link_access import LinkAccess
from core.usecases.shared.write_back import LinkReport
from core.usecases.sync.error_mapping import SyncStopped
from core.usecases.sync.fence import Fence
from core.usecases.sync.findings import SyncFindings
from core.usecases.sync.intents import load_intents, take_over_intents
from core.usecases.sync.known_records import KnownRecords, load_known_records
from core.usecases.sync.large_places import LargePlace, LargePlaces
from core.usecases.sync.outcome_recorder import OutcomeRecorder
from core.usecases.sync.plans import Plans
from core.usecases.sync.share_links import ShareLinks
from core.usecases.sync.systems import MappingCredentials, SystemAccess, open_systems
from core.usecases.sync.systems_reader import SystemsReader, SystemsSnapshot
from core.usecases.sync.turn import Turn
from core.usecases.sync.writing import Writer
from ports.clock import Clock
from ports.destination import Destination, DestinationError
from ports.log import EventLog
from ports.source import SourceError
from ports.spools import Spools


@dataclass(frozen=True, slots=True)
class SyncMapping:
    access: SystemAccess
    clock: Clock
    lease: timedelta
    interval: timedelta
    log: EventLog
    turn: Turn
    mapping: EventMapping
    credentials: MappingCredentials
    recorder: OutcomeRecorder
    resend_after: timedelta
    """Time from the latest create of a record until it may be sent again after a lost answer (rule 32)."""
    large_places: LargePlaces
    spools: Spools
    links: LinkAccess

    async def __call__(self) -> SyncFindings:
        """Sync, and return what was found out about the run as a whole; a check that finds no change stays a check.

        Raises:
            SyncStopped, SourceError, DestinationError, PersistenceError
        """
        with self.spools() as spool:
            return await self._work(spool)

    async def _work(self, spool: Spool) -> SyncFindings:
        units, mapping, turn = self.access.units, self.mapping, self.turn
        known = await load_known_records(units, mapping)
        fence = Fence(units, self.clock, turn.run.id, mapping, turn.owner, self.lease)
        async with (
            open_systems(self.access, mapping, self.credentials, before_write=fence) as (source, destination),
            self.large_places.for_one() as place,
        ):
            now = self.clock.now()
            marker = await self._marker(now)
            intents = await take_over_intents(units, mapping, self.resend_after)

            def plans_of(snapshot: SystemsSnapshot) -> Plans:
                return Plans(units, mapping, known, snapshot, intents)

            reader = SystemsReader(
                mapping,
                known,
                source,
                destination,
                now,
                intents.source_ids,
                _setup(mapping, self.credentials, known),
                spool,
                partial(self._note_page, place),
            )
            may_skip = marker is not None and marker.allows_skip(now, self.interval)
            snapshot = await reader.read(turn.run.scope, marker if may_skip else None)
            await self._note_zones(*snapshot.zones)
            if marker is not None and await _is_as_at(marker, snapshot, plans_of(snapshot)):
                changed, _ = await self._read_links(destination, known, snapshot)
                if not (changed and mapping.settings.links.is_on):  # links that came late are written back
                    return SyncFindings(marker=marker.read_again(now) if snapshot.is_whole else marker)
            await self._begin_run()
            await self._remove_marker()  # before anything is changed, so that a crash cannot come in between
            snapshot = await reader.read_rest(snapshot)
            writer = Writer(
                units,
                mapping,
                destination,
                snapshot.index,
                self.recorder,
                fence,
                intents,
                self.clock,
                self.log,
            )
            return await self._sync(writer, snapshot, plans_of(snapshot), now)

    async def _marker(self, now: datetime) -> UnchangedMarker | None:
        """Return the marker that a check compares with; without one, or with open intents, the check becomes a run."""
        if not self.turn.is_check:
            return None
        async with self.access.units.read() as unit:
            marker = await unit.unchanged_markers.get(self.mapping.id)
        intents = await load_intents(self.access.units, self.mapping)
        if marker is not None and marker.is_valid_at(now) and not intents.are_any:
            return marker
        await self._begin_run()
        return None

    async def _begin_run(self) -> None:
        await self.turn.become_run(self.access.units, self.clock.now() + self.lease)

    async def _sync(
        self, writer: Writer, snapshot: SystemsSnapshot, plans: Plans, now: datetime
    ) -> SyncFindings:
        try:
            remarks = await self._write(writer, snapshot, plans)
        finally:
            if not self.recorder.may_have_written:
                await writer.fence.unmark_written()
        _, links = await self._read_links(writer.destination, plans.known, snapshot, writer.written)
        remarks = replace(remarks, notes=(*snapshot.shortfalls, *remarks.notes, *links))
        report = await self._write_links_back(writer.fence)
        has_proved = report.is_settled and not writer.written
        proved = self._proved(snapshot, remarks, now) if has_proved else None
        return SyncFindings(replace(remarks, about_links=tuple(report.problems)), proved)

    async def _write_links_back(self, fence: Fence) -> LinkReport:
        """Write the share links back into the source, if that is on; return what became of them.

        What goes wrong with it is told of each link, and is no problem of the sync (rule 38).
        """
        mapping, run, report = self.mapping, self.turn.run, LinkReport()
        if not mapping.settings.links.is_on:
            return report
        touch = self.recorder.progress.touch
        try:
            async with self.links.write_back(
                mapping, self.credentials.source, fence.check, on_page=touch
            ) as write_back:
                await write_back(report)
        except (SourceError, InvalidInput) as error:
            self.log.warning("sync.links_not_written", problem=type(error).__name__)
            report.problems.append(str(error))
        finally:
            if report.results:
                async with self.access.units.write() as unit:
                    await unit.link_outcomes.add(mapping.id, run.id, report.results)
                    await unit.commit()
        self.log.event(
            "sync.links_written_back", **{key.value: number for key, number in report.counts.numbers.items()}
        )
        return report

    async def _note_page(self, place: LargePlace, rows: int) -> None:
        self.recorder.progress.touch()
        await place.take(rows, self.recorder.progress.touch)

    async def _remove_marker(self) -> None:
        async with self.access.units.write() as unit:
            await unit.unchanged_markers.remove(self.mapping.id)
            await unit.commit()

    def _proved(self, snapshot: SystemsSnapshot, remarks: Remarks, now: datetime) -> UnchangedMarker | None:
        """Return the unchanged marker of a run that wrote nothing after it read both systems from `now` on."""
        run, recorder = self.turn.run, self.recorder
        if run.scope != ALL or remarks or not is_settled(recorder.counts):
            return None
        many = recorder.digest.text if snapshot.has_many else ""
        return UnchangedMarker(
            self.mapping.id, run.id, now, snapshot.programme.next_transition_at, snapshot.digest, many
        )

    async def _note_zones(self, time_zone: str | None, destination_time_zone: str | None) -> None:
        """Store the events' current time zones, which the mapping's pages show (rule 7)."""
        if self.mapping.with_zones(time_zone, destination_time_zone) == self.mapping:
            return
        async with self.access.units.write() as unit:
            mapping = await unit.mappings.get(self.mapping.id)
            if mapping is not None and mapping.is_active:
                await unit.mappings.update(mapping.with_zones(time_zone, destination_time_zone))
                await unit.commit()

    async def _write(self, writer: Writer, snapshot: SystemsSnapshot, plans: Plans) -> Remarks:
        """Carry out the plan: first everything that depends on nothing, then the rest (rule 32)."""
        recorder, stop = self.recorder, snapshot.stop
        kinds, waiting = snapshot.kinds, list[RecordKind]()
        for kind in kinds:
            if stop is None and writer.waits_for_group(kind):
                waiting.append(kind)
            else:
                stop = await self._write_kind(kind, writer, snapshot, plans, stop)
        while recorder.unconfirmed or any(writer.postponed.values()) or waiting:
            stop = stop or await writer.resolve_unconfirmed()
            if stop is not None:
                recorder.fail_unconfirmed(stop.sentence)
            postponed, writer.postponed = writer.postponed, {}
            for kind in kinds:
                if only := postponed.get(kind.name):
                    left_out = snapshot.programme.dependents(kind, writer.unconfirmed) & only
                    steps = plans.steps(kind, plans.associations(), only=only)
                    stop = await writer.execute(kind, steps, stop, left_out)
                elif kind in waiting and (stop is not None or not writer.waits_for_group(kind)):
                    waiting.remove(kind)
                    stop = await self._write_kind(kind, writer, snapshot, plans, stop)
        if stop is not None:
            raise SyncStopped(stop)
        first, notes = await self._note_departures(plans), tuple[str, ...]()
        if snapshot.index.duplicates:
            self.log.warning("sync.records_doubled", number=snapshot.index.duplicates)
            notes = (records_doubled(snapshot.index.duplicates, self.mapping.systems.destination),)
        return Remarks(first, notes)

    async def _write_kind(
        self,
        kind: RecordKind,
        writer: Writer,
        snapshot: SystemsSnapshot,
        plans: Plans,
        stop: StopReason | None,
    ) -> StopReason | None:
        # Plan only now: people are associated with the sessions that have been created by now (rule 25), and kinds of
        # a group see what was sent as another one (rule 44).
        steps = plans.steps(kind, plans.associations(), partial(self.recorder.progress.set_total, kind))
        left_out = snapshot.programme.dependents(kind, writer.unconfirmed)
        return await writer.execute(kind, steps, stop, left_out)

    async def _note_departures(self, plans: Plans) -> tuple[str, ...]:
        """Store what has left the programme; return sentences about kinds of which much left at once (rule 34)."""
        now, units, mapping = self.clock.now(), self.access.units, self.mapping
        found = [*plans.departures(now)]
        if any(departures.newly_left or departures.returned for _, departures in found):
            async with units.write() as unit:
                target = mapping.organization_id, mapping.events.destination_id
                for kind, departures in found:
                    await unit.synced.mark_left(*target, kind, departures.newly_left, now)
                    await unit.synced.mark_left(*target, kind, departures.returned, None)
                await unit.commit()
        by_scope: dict[Scope, list[tuple[RecordKind, Departures]]] = {}
        for kind, departures in found:
            by_scope.setdefault(kind.scope, []).append((kind, departures))
        of_scopes = {scope: [departures for _, departures in parts] for scope, parts in by_scope.items()}
        return tuple(
            left_at_once(
                [(kind, departures.left_lately, departures.synced) for kind, departures in by_scope[scope]],
                self.mapping.systems,
            )
            for scope in scopes_left_at_once(of_scopes)
        )

    async def _read_links(
        self,
        destination: Destination,
        known: KnownRecords,
        snapshot: SystemsSnapshot,
        written: Collection[str] = (),
    ) -> tuple[int, tuple[str, ...]]:
        """Store the share links; return how many have changed, and a sentence if they could not be read."""
        links = ShareLinks(self.access.units, self.mapping, destination, known)
        try:
            return await links.store(snapshot, written), ()
        except DestinationError as error:
            self.log.warning("sync.links_unread", problem=type(error).__name__)
            return 0, (links_unread(str(error)),)


async def _is_as_at(marker: UnchangedMarker, snapshot: SystemsSnapshot, plans: Plans) -> bool:
    """Check whether both systems are unchanged; for events with many sessions, compare the planned outcomes."""
    if not snapshot.are_as_at(marker) or snapshot.has_many != bool(marker.many):
        return False
    if not snapshot.has_many or not snapshot.is_whole:
        return True
    if snapshot.stop is not None:
        return False
    digest = OutcomesDigest()
    for kind in snapshot.kinds:
        async for steps in plans.steps(kind, plans.associations()):
            for step in steps:
                if not isinstance(step, NoWrite):
                    return False
                digest.add(step.to_outcome())
    return digest.text == marker.many


def _setup(mapping: EventMapping, credentials: MappingCredentials, known: KnownRecords) -> Sequence[object]:
    """List what a plan depends on besides both systems; another token or access field may see other data."""
    both = (credentials.source, credentials.destination)
    sealed = (
        *(access.token.value for access in both),
        *(access.fields.value for access in both if access.fields),
    )
    kinds = all_values(mapping.settings.kinds)  # a default may change with the kind's package
    return mapping.settings, mapping.confirmed_time_zone, sealed, sorted(known.elsewhere), kinds
