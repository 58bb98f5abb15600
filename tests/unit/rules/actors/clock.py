"""The clock: sessions pass, leases and markers expire."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.unit.rules.actors.checked_sync import CheckedSync
from tests.unit.rules.actors.state import sync_after


class Clock(CheckedSync):
    @rule(hours=st.integers(1, 40), sync_after=sync_after)
    def time_passes(self, hours: int, sync_after: bool) -> None:
        self.harness.clock.advance(timedelta(hours=hours))
        self.sync_all(sync_after)
