"""Hints from Sessionboard's webhooks: taken as hints, never as data."""

import json
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Request, Response
from fastapi.responses import JSONResponse

from core.domain.errors import NotAuthenticated
from core.domain.ids import OrganizationId
from core.usecases.access.authenticate_api_key import AuthenticateApiKey
from core.usecases.runs.handle_change_hint import HandleChangeHint, Hint
from entrypoints.http.dependencies import LONGEST_ID, Wired, network_address
from entrypoints.http.problems import MEDIA_TYPE, Problem

routes = APIRouter(include_in_schema=False)


@routes.post("/hooks/sessionboard/{organization_id}")
async def take(
    request: Request,
    container: Wired,
    organization_id: Annotated[str, Path(max_length=LONGEST_ID)],
    x_webhook_secret: Annotated[str, Header(max_length=200)] = "",
) -> Response:
    """Take one. The secret is an API key of the role `hook`, of which only a digest is known and looked up."""
    hint = Hint(OrganizationId(organization_id), _event_in(await request.body()))
    try:
        actor = await container.resolve(AuthenticateApiKey)(x_webhook_secret, network_address(request))
        await container.resolve(HandleChangeHint)(actor, hint)
    except NotAuthenticated as refusal:
        problem = Problem(HTTPStatus.UNAUTHORIZED, refusal.code, str(refusal))
        return JSONResponse(problem.document, problem.status, media_type=MEDIA_TYPE)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _event_in(body: bytes) -> str | None:
    try:
        told: Any = json.loads(body)
        return str(told["metadata"]["event_id"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
