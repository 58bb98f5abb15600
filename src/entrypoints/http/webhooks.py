"""Webhooks from sources: used as hints that something has changed, never as data."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse

from core.domain.access.api_keys import MAX_SECRET_LENGTH
from core.domain.errors import NotAuthenticated
from core.domain.ids import MAX_ID_LENGTH, OrganizationId
from core.usecases.access.authenticate_api_key import AuthenticateApiKey
from core.usecases.runs.handle_change_hint import HandleChangeHint, Hint
from entrypoints.container import Container
from entrypoints.http.dependencies import Wired, network_address
from entrypoints.http.problems import MEDIA_TYPE, Problem
from entrypoints.plugins import PluginGroup, PluginMissing
from ports.plugins import HintedRecord, SourcePlugin

routes = APIRouter(include_in_schema=False)


@routes.post("/hooks/{source}/{organization_id}")
async def receive_hint(
    request: Request,
    container: Wired,
    source: Annotated[str, Path(max_length=MAX_ID_LENGTH)],
    organization_id: Annotated[str, Path(max_length=MAX_ID_LENGTH)],
) -> Response:
    """Accept a hint. The secret is an API key with the role `hook`, found by its stored digest."""
    try:
        plugin = container.plugins().source(source)
    except PluginMissing as error:
        return _refused(HTTPStatus.NOT_FOUND, "not_found", str(error))
    if plugin.event_of_hint is None:
        return _refused(HTTPStatus.NOT_FOUND, "not_found", f"{plugin.display_name} has no webhooks.")
    secret = request.headers.get(plugin.hint_header, "")[:MAX_SECRET_LENGTH]
    body = await request.body()
    try:
        actor = await container.resolve(AuthenticateApiKey)(secret, network_address(request))
        event = _read_by(plugin.event_of_hint, body, plugin, container)
        record = plugin.record_of_hint and _read_by(plugin.record_of_hint, body, plugin, container)
        hint = Hint(
            OrganizationId(organization_id),
            event if isinstance(event, str) else None,
            source,
            record if isinstance(record, HintedRecord) else None,
        )
        await container.resolve(HandleChangeHint)(actor, hint)
    except NotAuthenticated as error:
        return _refused(HTTPStatus.UNAUTHORIZED, error.code, str(error))
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _read_by(
    read: Callable[[bytes], object], body: bytes, plugin: SourcePlugin, container: Container
) -> object:
    """Return what a plug-in reads in the body of a webhook; None if it cannot read it."""
    try:
        return read(body)
    except Exception as error:  # noqa: BLE001 - whatever a plug-in raises, the hint counts
        package = container.plugins().package_of(PluginGroup.SOURCES, plugin.identifier)
        container.log().warning("hook.plugin_failed", package=package, problem=type(error).__name__)
        return None


def _refused(status: HTTPStatus, code: str, sentence: str) -> Response:
    problem = Problem(status, code, sentence)
    return JSONResponse(problem.document, problem.status, media_type=MEDIA_TYPE)
