"""Webhooks from sources: used as hints that something has changed, never as data."""

import json
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import JSONResponse

from core.domain.access.api_keys import MAX_SECRET_LENGTH
from core.domain.errors import NotAuthenticated
from core.domain.ids import MAX_ID_LENGTH, OrganizationId
from core.usecases.access.authenticate_api_key import AuthenticateApiKey
from core.usecases.runs.handle_change_hint import HandleChangeHint, Hint
from entrypoints.http.dependencies import Wired, network_address
from entrypoints.http.problems import MEDIA_TYPE, Problem

routes = APIRouter(include_in_schema=False)


@routes.post("/hooks/sessionboard/{organization_id}")
async def receive_hint(
    request: Request,
    container: Wired,
    organization_id: Annotated[str, Path(max_length=MAX_ID_LENGTH)],
    x_webhook_secret: Annotated[str, Header(max_length=MAX_SECRET_LENGTH)] = "",
) -> Response:
    """Accept a hint. The secret is an API key with the role `hook`, found by its stored digest."""
    hint = Hint(OrganizationId(organization_id), _event_in(await request.body()))
    try:
        actor = await container.resolve(AuthenticateApiKey)(x_webhook_secret, network_address(request))
        await container.resolve(HandleChangeHint)(actor, hint)
    except NotAuthenticated as error:
        problem = Problem(HTTPStatus.UNAUTHORIZED, error.code, str(error))
        return JSONResponse(problem.document, problem.status, media_type=MEDIA_TYPE)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _event_in(body: bytes) -> str | None:
    try:
        document: Any = json.loads(body)
        return str(document["metadata"]["event_id"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
