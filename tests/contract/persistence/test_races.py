"""Two processes add conflicting rows concurrently: one succeeds, the other gets a unique violation."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from adapters.persistence.engine import engine_at
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from core.domain.runs.schedule import Schedule
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Connection, Organization
from ports.store.errors import UniqueConstraint
from tests.support import concurrent_writer
from tests.support.assertions import present
from tests.support.store_samples import (
    LEASE,
    NOW,
    a_connection,
    a_mapping,
    an_organization,
    committing,
    store,
)
from tests.support.timeouts import next_line

Writers = tuple["subprocess.Popen[str]", "subprocess.Popen[str]"]


def _start(number: int) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", concurrent_writer.__name__, str(number)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )


@pytest.fixture(scope="module")
def writers() -> Iterator[Writers]:
    with _start(11) as first, _start(12) as second:
        try:
            yield first, second
        finally:
            for process in (first, second):
                process.kill()


def _send(process: "subprocess.Popen[str]", line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def _receive(process: "subprocess.Popen[str]") -> str:
    return next_line(process).strip()


ORGANIZATION, CONNECTION, MAPPING = an_organization(), a_connection(), a_mapping()


@pytest.mark.parametrize(
    ("row", "constraint", "existing"),
    [
        ("organization", UniqueConstraint.ORGANIZATION_NAME, []),
        ("connection", UniqueConstraint.OPEN_CONNECTION, [ORGANIZATION]),
        ("sessionboard", UniqueConstraint.SOURCE_EVENT, [ORGANIZATION, CONNECTION]),
        ("gleanin", UniqueConstraint.DESTINATION_EVENT, [ORGANIZATION, CONNECTION]),
        ("running", UniqueConstraint.RUNNING_RUN, [ORGANIZATION, CONNECTION, MAPPING]),
        ("queued", UniqueConstraint.QUEUED_RUN, [ORGANIZATION, CONNECTION, MAPPING]),
        ("account", UniqueConstraint.ACCOUNT_EMAIL, []),
    ],
)
async def test_rules_03_04_23_of_two_processes_exactly_one_wins(
    database: str,
    writers: Writers,
    row: str,
    constraint: UniqueConstraint,
    existing: list[Organization | Connection | EventMapping],
) -> None:
    units = SqlUnitOfWorkFactory(engine_at(database))
    await store(units, *existing)
    units.close()
    for process in writers:
        _send(process, f"{database} {row}")
    assert [_receive(process) for process in writers] == ["ready", "ready"]
    for process in writers:
        _send(process, "go")
    assert sorted(_receive(process) for process in writers) == sorted(["won", constraint.value])


async def test_rule_32_another_process_does_not_change_what_a_unit_has_read(database: str) -> None:
    """Two engines share as little as two processes do."""
    both = [SqlUnitOfWorkFactory(engine_at(database)), SqlUnitOfWorkFactory(engine_at(database))]
    await store(both[0], ORGANIZATION, CONNECTION, replace(MAPPING, destination_event_name=""))
    times = 10

    async def count_one(units: SqlUnitOfWorkFactory) -> None:
        async with committing(units) as unit:
            mapping = await unit.mappings.get(MAPPING.id)
            assert mapping is not None
            await unit.mappings.update(
                replace(mapping, destination_event_name=mapping.destination_event_name + ".")
            )

    await asyncio.gather(*(count_one(units) for units in both for _ in range(times)))
    async with both[0].read() as unit:
        mapping = await unit.mappings.get(MAPPING.id)
    for units in both:
        units.close()
    assert len(present(mapping).destination_event_name) == 2 * times


async def test_rule_23_of_two_processes_one_checks_a_mapping(database: str) -> None:
    both = [SqlUnitOfWorkFactory(engine_at(database)), SqlUnitOfWorkFactory(engine_at(database))]
    await store(both[0], ORGANIZATION, CONNECTION, MAPPING, Schedule(MAPPING.id, NOW))

    async def begin(units: SqlUnitOfWorkFactory, owner: str, now: datetime) -> bool:
        async with committing(units) as unit:
            return await unit.schedules.begin_check(MAPPING.id, owner, now, now + LEASE)

    for number in range(10):  # each time when the previous lease has run out
        at = NOW + number * LEASE
        begun = await asyncio.gather(*(begin(units, f"{owner}", at) for owner, units in enumerate(both)))
        assert sorted(begun) == [False, True]
    for units in both:
        units.close()
