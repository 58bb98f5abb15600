"""The documentation for organizers: one page, open to everyone."""

from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.errors import NotAuthenticated
from core.domain.records.kinds import ALL, KINDS
from core.domain.records.reasons import field_name
from core.domain.runs.messages import listed
from core.usecases.links.queries import ListLinkHomes
from core.usecases.organizations.add_organization import DEFAULT_SOURCE
from entrypoints.http.dependencies import Wired, actor_of_session
from entrypoints.http.pages.link_places import LinkPlaces
from entrypoints.http.pages.rendering import render

routes = APIRouter(prefix="/documentation")


@routes.get("")
async def show(request: Request, container: Wired) -> Response:
    try:
        actor = await actor_of_session(request, container)
    except NotAuthenticated:
        actor = None
    support = container.settings().support_contact or ""
    return render(
        request,
        "documentation.html",
        actor=actor,
        support=support,
        kinds=[*KINDS],
        people=[kind.plural for kind in KINDS.people],
        linked=LinkPlaces(container.resolve(ListLinkHomes)(DEFAULT_SOURCE)).people,
        scopes=[scope for scope in KINDS.scopes if scope != ALL],
        field_words=_field_words,
    )


def _field_words(fields: Iterable[str]) -> str:
    return listed([field_name(field) for field in fields]).capitalize()
