"""Requirements: random histories of edits, faults and kills end with everything in its place."""

import asyncio
from collections.abc import Sequence
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from gleanin_sync_testkit.destination.steps import EDITS, FAULTS, KILLED
from gleanin_sync_testkit.destination.syncing import Conference, SyncSuiteBase, settling
from gleanin_sync_testkit.requirements import requirement
from gleanin_sync_testkit.wire import Request

SEEDS = range(8)
EXAMPLES = 4
MAX_STEPS = 7
MAX_NUMBER = 40
"""Beyond the number of moments of most syncs: then the process is not killed."""
Step = tuple[str, int]


class HistoryTests(SyncSuiteBase):
    examples: ClassVar[int] = EXAMPLES
    """How many histories each test tries."""

    @requirement("Whatever has happened, syncs put everything right", rule=32, needs=("is_http",))
    @pytest.mark.parametrize("number", SEEDS)
    def test_histories(self, number: int) -> None:
        steps = st.tuples(st.sampled_from([*EDITS, *FAULTS, KILLED]), st.integers(0, MAX_NUMBER))

        # Defined here, as Hypothesis does not want one test to be run by several classes.
        @seed(number)
        @settings(
            max_examples=self.examples,
            database=None,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(st.lists(steps, min_size=1, max_size=MAX_STEPS))
        def run(history: Sequence[Step]) -> None:
            asyncio.run(self._live_through(history))

        run()

    async def _live_through(self, history: Sequence[Step]) -> None:
        rig = self.new_rig()
        conference = self.conference(rig)
        await conference.product.start()
        settling(rig)
        for name, number in history:
            if name in EDITS:
                EDITS[name](conference, number)
            elif name in FAULTS:
                FAULTS[name](conference, number)
                await conference.sync()
                rig.wire.faults.clear()
            else:
                await self._kill(conference, number + 1)
        await conference.check_settles(f"After {[*history]}")
        rig.check()

    async def _kill(self, conference: Conference, moment: int) -> None:
        wire = conference.rig.wire
        before = wire.before

        def pass_moment(request: Request) -> None:
            before(request)
            conference.product.kill_point.pass_moment()

        wire.before, wire.after = pass_moment, pass_moment
        await conference.killed_sync(moment)
        wire.before, wire.after = before, lambda _request: None
