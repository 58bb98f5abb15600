"""Start a sync on request of a person, from a page or the API."""

from core.domain.runs.run import SyncRun
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from entrypoints.container import Container


async def start_sync(container: Container, request: SyncRequest) -> SyncRun:
    """Request a sync, and have it start without waiting for the next poll.

    Raises:
        DomainError: see `RequestSync`.
    """
    run = await container.resolve(RequestSync)(request)
    container.jobs().start(run.id)
    return run
