"""The use cases that the jobs of a worker call."""

from functools import partial
from typing import Protocol, TypeVar

from core.usecases.notifications.deliver_notifications import DeliverNotifications
from core.usecases.runs.apply_retention import ApplyRetention
from core.usecases.runs.recover_abandoned_run import RecoverAbandonedRun
from core.usecases.runs.requeue_interrupted_run import RequeueInterruptedRun
from core.usecases.runs.select_next_runs import SelectNextRuns
from core.usecases.sync.run_sync import RunSync
from ports.jobs import JobHandlers

T = TypeVar("T")


class UseCases(Protocol):
    """The container, which imports this module and so cannot be imported here."""

    def resolve(self, use_case: type[T]) -> T: ...


def job_handlers(container: UseCases) -> JobHandlers:
    """Return what the jobs of a worker call; a run does not wait for another one of its mapping, which has a job too."""
    run_sync = container.resolve(RunSync)
    return JobHandlers(
        select=container.resolve(SelectNextRuns),
        recover=container.resolve(RecoverAbandonedRun),
        run=partial(run_sync, waits=False),
        check=run_sync.check,
        requeue=container.resolve(RequeueInterruptedRun),
        purge=container.resolve(ApplyRetention),
        notify=container.resolve(DeliverNotifications),
    )
