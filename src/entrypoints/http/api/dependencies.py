"""What the routes of the API have in common: whom they let in, how lists are asked for, which problems there are."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query

from core.domain.access.authorization import Actor, Permission
from entrypoints.http.api.schemas import ProblemResponse, SearchText
from entrypoints.http.dependencies import (
    MappingContext,
    OrganizationContext,
    RunContext,
    actor_of_api_key,
    mapping_context,
    organization_context,
    run_context,
)
from entrypoints.http.problems import MEDIA_TYPE

Asking = Annotated[Actor, Depends(actor_of_api_key)]
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

Limit = Annotated[int, Query(ge=1, le=500, description="How many to give at most")]
_GO_ON = "Where to go on: the `next` of the part before"
# So many digits fit into every database's numbers.
Cursor = Annotated[str | None, Query(alias="cursor", pattern="^[0-9]{1,15}$", description=_GO_ON)]
IdCursor = Annotated[SearchText | None, Query(alias="cursor", description=_GO_ON)]


def offset(cursor: str | None) -> int:
    """Read a cursor that is a number."""
    return int(cursor or 0)


def cursor(position: int | None) -> str | None:
    return None if position is None else str(position)


def part(items: Sequence[dict[str, Any]], start: int, limit: int) -> dict[str, Any]:
    """Give a part of a list that is there as a whole."""
    end = start + limit
    return {"items": items[start:end], "next": cursor(end if len(items) > end else None)}


_WHAT = {
    400: "The request is for a host name that is not this program's",
    401: "No API key was given, or one that is none",
    403: "The role of the API key does not allow it",
    404: "There is no such thing, for this API key",
    409: "A rule forbids it as things are now",
    413: "The request is too large",
    422: "The request cannot be understood, or a rule forbids it",
    429: "More is asked for at once than is good for all",
    502: "The other side's answer cannot be read, or it refused us",
    503: "The other side or the database cannot be reached",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Document the problems of a route: those named, and those that every one has."""
    return {
        status: {"description": _WHAT[status], "model": ProblemResponse, "content": {MEDIA_TYPE: {}}}
        for status in sorted({400, 401, 403, 404, 413, 422, 429, 503, *statuses})
    }


def located(status: int, what: str) -> dict[int | str, dict[str, Any]]:
    """Document that an answer tells by `Location` where to find what was made."""
    schema = {"type": "string", "format": "uri-reference"}
    return {status: {"headers": {"Location": {"description": f"Where {what} is found", "schema": schema}}}}
