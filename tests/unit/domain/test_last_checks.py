"""The last check that found nothing changed since a mapping's last run."""

from dataclasses import replace
from datetime import datetime, timedelta

from core.domain.ids import MappingId, RunId
from core.domain.records.kinds import ALL
from core.domain.records.outcomes import Counts
from core.domain.runs.run import SyncRun, Trigger
from core.domain.runs.schedule import Check, Schedule, last_checks
from tests.support.builders import NOW
from tests.support.systems import SYSTEMS

MINUTE = timedelta(minutes=1)
CHECKED = replace(Schedule(MappingId("m1"), NOW), last_checked_at=NOW)


def ended(run_id: str, at: datetime, mapping: str = "m1") -> SyncRun:
    queued = SyncRun(RunId(run_id), MappingId(mapping), Trigger.CONTINUOUS, ALL, at - MINUTE)
    return queued.start("host:1", at - MINUTE, MINUTE).finished(Counts(), at, SYSTEMS)


def test_a_check_after_the_last_run_is_reported_with_that_run() -> None:
    runs = [ended("r2", NOW - MINUTE), ended("r1", NOW - 9 * MINUTE)]
    assert last_checks([CHECKED], runs) == {"m1": Check(RunId("r2"), NOW)}


def test_a_check_before_the_end_of_the_last_run_is_out_of_date() -> None:
    for end in (NOW, NOW + MINUTE):
        assert last_checks([CHECKED], [ended("r2", end), ended("r1", NOW - MINUTE)]) == {}


def test_a_mapping_never_checked_or_synced_has_no_check() -> None:
    assert last_checks([Schedule(MappingId("m1"), NOW)], [ended("r1", NOW - MINUTE)]) == {}
    assert last_checks([CHECKED], []) == {}


def test_each_mapping_has_its_own() -> None:
    other = replace(CHECKED, mapping_id=MappingId("m2"), last_checked_at=NOW - 5 * MINUTE)
    runs = [ended("r3", NOW - 2 * MINUTE, "m2"), ended("r1", NOW - 3 * MINUTE)]
    assert last_checks([CHECKED, other], runs) == {"m1": Check(RunId("r1"), NOW)}
