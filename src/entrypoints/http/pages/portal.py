"""The speaker portal and the exhibitor portal: one person's share links, behind a signed URL.

There is no sign-in here: no session, no cookie, nothing about the organization (rule 31).
"""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, Response

from core.usecases.access.open_portal import OpenPortal
from entrypoints.http.dependencies import Wired
from entrypoints.http.pages.rendering import fragment
from entrypoints.http.problems import HANDLED_ERRORS, INTERNAL_ERROR, problem_of
from entrypoints.text import shortened

routes = APIRouter(prefix="/portal")
MAX_LINK_LENGTH = 4000
HEADERS = {"X-Robots-Tag": "noindex, nofollow"}


@routes.get("/{address:path}")
async def show(container: Wired, address: Annotated[str, Path()]) -> Response:
    try:
        page = await container.resolve(OpenPortal)(address[:MAX_LINK_LENGTH])
    except HANDLED_ERRORS as error:
        problem = problem_of(error) or INTERNAL_ERROR
        return _response("portal_problem.html", problem.status, problem=problem)
    share_text = f"{page.kind.share_text} at {page.event}"
    return _response("portal.html", page=page, share_text=shortened(share_text))


def _response(template: str, status: int = 200, **variables: Any) -> Response:
    return HTMLResponse(fragment(template, **variables), status, HEADERS)
