"""The documentation for organizers: one page, open to everyone."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.errors import NotAuthenticated
from entrypoints.http.dependencies import Wired, actor_of_session
from entrypoints.http.pages.rendering import render

routes = APIRouter(prefix="/documentation")


@routes.get("")
async def show(request: Request, container: Wired) -> Response:
    try:
        actor = await actor_of_session(request, container)
    except NotAuthenticated:
        actor = None
    support = container.settings().support_contact or ""
    return render(request, "documentation.html", actor=actor, support=support)
