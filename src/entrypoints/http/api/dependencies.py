"""What the routes of the API share: authorization, paging and the documentation of problems."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query

from core.domain.access.authorization import Actor, Permission
from entrypoints.http.api.requests import MAX_ITEMS, POSITION, SearchText
from entrypoints.http.dependencies import (
    MappingContext,
    OrganizationContext,
    RunContext,
    actor_of_api_key,
    mapping_context,
    organization_context,
    run_context,
)
from entrypoints.http.problems import MEDIA_TYPE, ProblemResponse

T = TypeVar("T")

Caller = Annotated[Actor, Depends(actor_of_api_key)]
ReadOrganization = Annotated[
    OrganizationContext, Depends(organization_context(Permission.READ, actor_of_api_key))
]
ManageOrganization = Annotated[
    OrganizationContext, Depends(organization_context(Permission.MANAGE, actor_of_api_key))
]
ReadMapping = Annotated[MappingContext, Depends(mapping_context(Permission.READ, actor_of_api_key))]
SyncMapping = Annotated[MappingContext, Depends(mapping_context(Permission.SYNC, actor_of_api_key))]
ManageMapping = Annotated[MappingContext, Depends(mapping_context(Permission.MANAGE, actor_of_api_key))]
ReadRun = Annotated[RunContext, Depends(run_context(Permission.READ, actor_of_api_key))]

Limit = Annotated[int, Query(ge=1, le=MAX_ITEMS, description="The maximum number of items")]
_CURSOR = "The `next` of the previous part"
Cursor = Annotated[str | None, Query(alias="cursor", pattern=f"^{POSITION}$", description=_CURSOR)]
IdCursor = Annotated[SearchText | None, Query(alias="cursor", description=_CURSOR)]


def offset(cursor: str | None) -> int:
    """Return the position of a numeric cursor."""
    return int(cursor or 0)


def parse_preview_cursor(cursor: str | None) -> tuple[int, str | None]:
    """Return the position in a preview and the preview's id; no id for a new preview."""
    number, _, preview_id = (cursor or "").partition("-")
    return offset(number or None), preview_id or None


def cursor(position: int | None) -> str | None:
    return None if position is None else str(position)


def part(items: Sequence[T], start: int, limit: int) -> tuple[Sequence[T], str | None]:
    """Return a part of a complete list, and the cursor of the next one."""
    end = start + limit
    return items[start:end], cursor(end if len(items) > end else None)


_DESCRIPTIONS = {
    400: "The host name of the request is not this program's",
    401: "The API key is missing or not valid",
    403: "The role of the API key does not allow this",
    404: "Not found, or not visible to this API key",
    409: "Not possible in the current state",
    413: "The request is too large",
    422: "The request is not valid, or a rule forbids it",
    429: "Too many concurrent requests",
    502: "The source or the destination refused the request or sent a response that cannot be read",
    503: "The source, the destination or the database cannot be reached",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems of a route: the given ones and those that every route has."""
    return {
        status: {"description": _DESCRIPTIONS[status], "model": ProblemResponse, "content": {MEDIA_TYPE: {}}}
        for status in sorted({400, 401, 403, 404, 413, 422, 429, 503, *statuses})
    }


def located(status: int, what: str) -> dict[int | str, dict[str, Any]]:
    """Document that the response has a `Location` header with the URL of what was created."""
    schema = {"type": "string", "format": "uri-reference"}
    return {status: {"headers": {"Location": {"description": f"The URL of {what}", "schema": schema}}}}
