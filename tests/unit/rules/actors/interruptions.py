"""Interruptions: syncs that are killed, disconnected or lose their mapping while they run."""

import asyncio
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from core.domain.records.kinds import ALL, Scope
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.harness import LEASE, nothing
from tests.support.kill_switch import Killed, KillSwitch
from tests.unit.rules.actors.organizer import Organizer
from tests.unit.rules.actors.state import choices, has_mappings, scopes
from tests.unit.rules.checks import check_sums
from tests.unit.rules.conference import PEOPLE, persons


class Interruptions(Organizer):
    @precondition(has_mappings)
    @rule(
        choice=choices,
        scope=scopes,
        moment=st.one_of(
            st.fixed_dictionaries({"write": st.integers(1, 8)}),
            st.fixed_dictionaries({"store": st.integers(1, 8)}),
        ),
        taken_place=st.booleans(),
        edited=st.lists(st.sampled_from(PEOPLE), max_size=2),
        late=st.sampled_from((0, 0, 1)),
        data=st.data(),
        then=st.sampled_from(("sync", "sync", "nothing", "remove the mapping", "disconnect", "reconnect")),
        lease_expires=st.booleans(),
    )
    def kill_a_sync(
        self,
        *,
        choice: int,
        scope: Scope,
        moment: dict[str, int],
        taken_place: bool,
        edited: list[str],
        late: int,
        data: st.DataObject,
        then: str,
        lease_expires: bool,
    ) -> None:
        self.conference.people |= {person_id: data.draw(persons(person_id)) for person_id in edited}
        self.conference.publish(self.harness.source)
        mapping, kill_switch = self.pick_mapping(choice), KillSwitch(self.harness)
        trouble = self.harness.gleanin.faults
        kill_switch.fail_at(**moment, taken_place=taken_place)
        trouble.late_creates, trouble.late_seconds = (late if self.harness.resend_after else 0), 30
        self.was_cut_off = True
        try:
            self.do(self.harness.sync(mapping, scope))
        except Killed:
            pass
        finally:
            kill_switch.restart(after=LEASE if lease_expires else timedelta(0))
            trouble.late_creates = 0
        self.check()
        if then == "remove the mapping":
            self.do(self.harness.remove_mapping(mapping.id))
        elif then == "disconnect":
            self.disconnect(self.owner_of(mapping))
        elif then == "reconnect":
            self.connect_anew(choice, mapping.events.destination_id, sync_after=True)
        self.sync_all(then == "sync")

    @precondition(has_mappings)
    @rule(choice=choices, write=st.integers(1, 4), person_id=st.sampled_from(PEOPLE), data=st.data())
    def kill_a_sync_and_take_the_edit_back(
        self, *, choice: int, write: int, person_id: str, data: st.DataObject
    ) -> None:
        """Revert an edit that was written but not recorded: the sync must not take it for unchanged (rule 21)."""
        mapping = self.pick_mapping(choice)
        self.sync_to_the_end(mapping, ALL)
        before = self.conference.people[person_id]
        self.conference.people |= {person_id: data.draw(persons(person_id))}
        self.conference.publish(self.harness.source)
        kill_switch = KillSwitch(self.harness)
        kill_switch.fail_at(write=write, taken_place=True)
        self.was_cut_off = True
        try:
            self.do(self.harness.sync(mapping))
        except Killed:
            pass
        finally:
            kill_switch.restart()
        self.conference.people |= {person_id: before}
        self.conference.publish(self.harness.source)
        self.sync_to_the_end(mapping, ALL)

    @precondition(has_mappings)
    @rule(choice=choices, after=st.integers(0, 6), disconnects=st.booleans())
    def interfere_with_a_sync(self, choice: int, after: int, disconnects: bool) -> None:
        """Disconnect, or remove the mapping, before a write of a running sync."""
        mapping = self.pick_mapping(choice)
        self.was_cut_off = True
        run, written = self.do(self._sync_with_interference(mapping, after, disconnects=disconnects))
        check_sums(run, self.outcomes_of(run))
        if disconnects and written is not None:
            assert len(self.harness.gleanin.writes) == written, "rule 8"

    async def _sync_with_interference(
        self, mapping: EventMapping, after: int, *, disconnects: bool
    ) -> tuple[SyncRun, int | None]:
        """Return the run, and the number of writes when the interference was over; None if it never came."""
        writes_left = after
        interference: list[asyncio.Task[int]] = []

        async def interfere() -> int:
            if disconnects:
                await self.harness.disconnect(mapping.organization_id, self.owner_of(mapping))
            else:
                await self.harness.remove_mapping(mapping.id)
            return len(self.harness.gleanin.writes)

        async def before_write() -> None:
            nonlocal writes_left
            if writes_left == 0:
                interference.append(asyncio.create_task(interfere()))
            writes_left -= 1

        self.harness.gate.before_write = before_write
        try:
            run = await self.harness.sync(mapping)
        finally:
            self.harness.gate.before_write = nothing
        return run, await interference[0] if interference else None
