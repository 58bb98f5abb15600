"""What a suite requires of a kind as time passes (rules 7 and 24)."""

from datetime import datetime, timedelta

from gleanin_sync_testkit.kind.base import KindBase
from gleanin_sync_testkit.kind.clockless import without_clock
from gleanin_sync_testkit.kind.selected import Selected
from gleanin_sync_testkit.programmes import NOW
from gleanin_sync_testkit.requirements import requirement

LATER = [timedelta(days=days) for days in (1, 30, 365, 3650)]
MOMENT = timedelta(microseconds=1)


class KindTime(KindBase):
    @requirement("It takes the time from its context and reads no clock")
    def test_reads_no_clock(self) -> None:
        with without_clock(self.plugin.make_rows.__module__):
            self.select(self.rows())

    @requirement("The instants that it tells have a time zone")
    def test_instants_have_a_zone(self) -> None:
        made = self.add(self.rows())
        transition = made.next_transition_at
        for instant in (*made.instants, *((transition,) if transition else ())):
            assert instant.tzinfo is not None, f"{instant} has no time zone"
        assert made.masked is None, f"`masked` is {made.masked!r}, but no e-mail of the example rows is"

    @requirement("When time alone changes what becomes of a record, it says when", rule=24)
    def test_next_transition(self) -> None:
        now = self._at(NOW)
        transition = now.rows.next_transition_at
        if transition is not None:
            assert transition > NOW, f"The next transition, {transition}, is not after `context.now`, {NOW}"
            before = self._at(transition - MOMENT).verdicts
            assert before == now.verdicts, (
                f"Something changes before {transition}, which is told as the next transition"
            )
        for later in (NOW + delay for delay in LATER):
            if self._at(later).verdicts != now.verdicts:
                assert transition is not None, (
                    f"At {later}, other records are eligible than at {NOW}: `next_transition_at` must say when that begins, "
                    "or a check finds no difference"
                )
                assert transition <= later, (
                    f"At {later}, something has changed, but only {transition} is told"
                )

    def _at(self, now: datetime) -> Selected:
        return self.select(self.add(self.rows(), now))
