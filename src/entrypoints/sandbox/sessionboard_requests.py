"""What the routes of Sessionboard's stand-in check before they answer: event, scope, quota, body."""

import json
from functools import partial
from http import HTTPStatus
from math import ceil
from typing import Any

from aiohttp import web

from entrypoints.sandbox.responses import Service, refusal
from entrypoints.sandbox.search import ProgrammeSearch
from entrypoints.sandbox.state import SandboxState

Json = dict[str, Any]

refuse = partial(refusal, Service.SESSIONBOARD)


class RequestRefused(Exception):
    """A request that is refused as a whole."""

    def __init__(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or {}

    @property
    def response(self) -> web.Response:
        response = refuse(self.status, self.message)
        response.headers.update(self.headers)
        return response


def find_programme(state: SandboxState, request: web.Request) -> ProgrammeSearch:
    """Return the event of a request.

    Raises:
        RequestRefused: there is none.
    """
    event_id = request.match_info["event"]
    is_number = event_id.isascii() and event_id.isdecimal()
    programme = state.programmes.get(int(event_id)) if is_number else None
    if programme is None:
        raise RequestRefused(HTTPStatus.NOT_FOUND, "Event not found.")
    return programme


def require_scope(state: SandboxState, scope: str) -> None:
    """Check that the token may write.

    Raises:
        RequestRefused: the scope is missing.
    """
    if scope not in state.sessionboard.scopes:
        raise RequestRefused(HTTPStatus.FORBIDDEN, f"The access token is missing the {scope} scope.")


def spend(state: SandboxState, kind: str, operations: int) -> dict[str, str]:
    """Count a request and return the headers about its limit.

    Raises:
        RequestRefused: the limit or the day's quota is used up.
    """
    quotas = state.sessionboard.quotas
    wait = quotas.spend(kind, operations)
    if wait is None:
        return quotas.headers(kind)
    headers = quotas.headers(kind) | {"Retry-After": str(max(1, ceil(wait)))}
    raise RequestRefused(
        HTTPStatus.TOO_MANY_REQUESTS, "You have made too many requests. Please wait.", headers
    )


def read_object(body: bytes) -> Json:
    """Parse a body.

    Raises:
        RequestRefused: it is not a JSON object.
    """
    try:
        document = json.loads(body)
    except ValueError as error:
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "The body is not JSON.") from error
    if not isinstance(document, dict):
        raise RequestRefused(HTTPStatus.BAD_REQUEST, "The body must be an object.")
    return document
