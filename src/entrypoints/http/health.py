"""Endpoints for operators: liveness, readiness and metrics."""

from http import HTTPStatus

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from entrypoints.http.dependencies import Wired
from ports.store.errors import PersistenceError

routes = APIRouter(include_in_schema=False)
PATHS = frozenset({"/healthz", "/readyz", "/metrics"})


@routes.get("/healthz")
async def alive() -> JSONResponse:
    """Return that the process answers, without checking anything else."""
    return JSONResponse({"status": "alive"})


@routes.get("/readyz")
async def ready(container: Wired) -> JSONResponse:
    """Return whether requests can be served, that is, whether the database answers."""
    try:
        async with container.units().read() as unit:
            await unit.accounts.is_any()
    except PersistenceError:
        return JSONResponse({"status": "the database cannot be used"}, HTTPStatus.SERVICE_UNAVAILABLE)
    return JSONResponse({"status": "ready"})


@routes.get("/metrics")
async def metrics(container: Wired) -> Response:
    return Response(await container.metrics().render(), media_type=CONTENT_TYPE_LATEST)
