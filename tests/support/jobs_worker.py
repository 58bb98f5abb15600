"""A worker process, with these arguments: the kind of jobs, the database, the seconds of lease and timeout, the pace.

It prints "working", then "begun RUN" and "ended RUN", and for checks "checks MAPPING" and "checked MAPPING". With the
pace "slow", runs and checks last as long as the process.
"""

import asyncio
import signal
import sys
from contextlib import suppress
from datetime import timedelta

from adapters.jobs.deferring import deferring
from adapters.jobs.in_process import InProcessJobs
from adapters.jobs.procrastinate import ProcrastinateJobs
from adapters.persistence.engine import engine_at
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from ports.jobs import Jobs
from tests.contract.jobs.conftest import parameters_of
from tests.support.assertions import present
from tests.support.jobs_harness import JobsHarness


async def work(kind: str, url: str, seconds: float, pace: str) -> None:
    task = asyncio.current_task()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, present(task).cancel)
    units = SqlUnitOfWorkFactory(engine_at(url), None if kind == "in_process" else deferring)
    jobs_harness = JobsHarness(
        units, timedelta(seconds=seconds), report=lambda what, which: print(what, which, flush=True)
    )
    if pace == "fast":
        jobs_harness.go_on.set()
    jobs: Jobs
    if kind == "in_process":
        jobs = InProcessJobs(jobs_harness.handlers(), jobs_harness.log, poll_interval=1)
    else:
        jobs = ProcrastinateJobs(
            jobs_harness.handlers(),
            jobs_harness.log,
            parameters_of(url),
            poll_interval=1,
            heartbeat_timeout=seconds,
        )
    with suppress(asyncio.CancelledError):
        async with jobs.working():
            print("working", flush=True)
            await asyncio.Event().wait()
    units.close()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4]))
