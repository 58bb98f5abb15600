"""Rule 24: continuous sync is due about every 30 minutes."""

import os
import subprocess
import sys
from bisect import bisect_left
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.domain import stops
from core.domain.identifiers import (
    ConnectionId,
    GleaninEventId,
    MappingId,
    OrganizationId,
    RunId,
    SessionboardEventId,
)
from core.domain.kinds import Scope
from core.domain.mappings import EventMapping, EventPair
from core.domain.outcomes import Counts
from core.domain.runs import SyncRun, Trigger
from core.domain.schedule import is_due
from tests.unit.domain.builders import NOW

MINUTE = timedelta(minutes=1)
EARLIEST, LATEST = 27 * MINUTE, 33 * MINUTE


def mapping(number: int = 1) -> EventMapping:
    return EventMapping(
        MappingId(f"m{number}"),
        OrganizationId("o1"),
        ConnectionId("c1"),
        EventPair("https://sessionboard.example.org", SessionboardEventId("1"), GleaninEventId("2")),
        "PyConFR",
        "PyConFR goes Gleanin",
        NOW,
        continuous_sync=True,
    )


def queued(number: int = 1) -> SyncRun:
    return SyncRun(RunId(f"r{number}"), MappingId("m1"), Trigger.CONTINUOUS, Scope.ALL, NOW)


def ended(number: int = 1, at: datetime = NOW, *, took: timedelta = MINUTE) -> SyncRun:
    running = queued(number).start("host:1", at - took, MINUTE)
    return running.finished(Counts(), at)


def wait(number: int = 1, run: int = 1) -> timedelta:
    """Find after how long the mapping is due, to the second."""
    asked, last = mapping(number), ended(run)
    seconds = range(2 * int(LATEST.total_seconds()))
    first = bisect_left(
        seconds, x=True, key=lambda after: is_due(asked, last, NOW + timedelta(seconds=after))
    )
    return timedelta(seconds=first)


def test_rule_24_a_mapping_is_due_at_once_where_there_was_no_run_yet() -> None:
    assert is_due(mapping(), None, NOW)


def test_rule_24_a_mapping_is_due_about_half_an_hour_after_the_end_of_its_last_run() -> None:
    assert not is_due(mapping(), ended(), NOW + EARLIEST - timedelta(seconds=1))
    assert is_due(mapping(), ended(), NOW + LATEST)


def test_rule_24_it_is_the_end_of_a_run_that_counts_and_not_its_beginning() -> None:
    for took in (MINUTE, 3 * 60 * MINUTE):
        assert not is_due(mapping(), ended(took=took), NOW + EARLIEST - timedelta(seconds=1))


def test_rule_24_the_moments_are_spread_within_a_tenth_either_way() -> None:
    waits = [wait(number) for number in range(100)]
    assert min(waits) >= EARLIEST
    assert max(waits) <= LATEST
    assert min(waits) < 28 * MINUTE
    assert max(waits) > 32 * MINUTE
    assert len({wait(run=number) for number in range(20)}) > 10, "and another one after each run"


def test_rule_24_every_process_comes_to_the_same_moment() -> None:
    asked = "from tests.unit.domain.test_schedule import wait; print(*(wait(n).total_seconds() for n in range(5)))"
    here = [wait(number).total_seconds() for number in range(5)]
    there = subprocess.run(
        [sys.executable, "-c", asked],
        env=os.environ | {"PYTHONHASHSEED": "4", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert [float(each) for each in there] == here


@pytest.mark.parametrize("run", [queued(), queued().start("host:1", NOW, MINUTE)], ids=["waits", "runs"])
def test_rule_24_nothing_is_due_while_a_run_waits_or_goes_on(run: SyncRun) -> None:
    assert not is_due(mapping(), run, NOW + 24 * 60 * MINUTE)


def test_rule_24_a_run_that_stopped_counts_too() -> None:
    stopped = queued().stopped(stops.TAKEN_OVER, NOW)
    assert not is_due(mapping(), stopped, NOW + EARLIEST - MINUTE)
    assert is_due(mapping(), stopped, NOW + LATEST)


@pytest.mark.parametrize("last", [None, ended()], ids=["never synced", "synced"])
def test_rule_24_what_was_removed_or_is_switched_off_is_never_due(last: SyncRun | None) -> None:
    later = NOW + 24 * 60 * MINUTE
    assert not is_due(mapping().remove(NOW), last, later)
    assert not is_due(mapping().end_with_connection(NOW), last, later)
    assert not is_due(replace(mapping(), continuous_sync=False), last, later)


def test_rule_24_a_mapping_that_is_made_again_goes_on_with_continuous_sync() -> None:
    assert is_due(mapping().remove(NOW).map_again(None, None), None, NOW)
