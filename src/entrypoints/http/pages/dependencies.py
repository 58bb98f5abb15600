"""Access to pages: the person signed in in the browser needs the permission."""

from typing import Annotated

from fastapi import Depends, Request

from core.domain.access.authorization import Actor, Permission
from entrypoints.http.dependencies import (
    MappingContext,
    OrganizationContext,
    RunContext,
    actor_of_session,
    mapping_context,
    organization_context,
    run_context,
)

SignedIn = Annotated[Actor, Depends(actor_of_session)]
ReadOrganization = Annotated[
    OrganizationContext, Depends(organization_context(Permission.READ, actor_of_session, for_pages=True))
]
SyncOrganization = Annotated[
    OrganizationContext, Depends(organization_context(Permission.SYNC, actor_of_session, for_pages=True))
]
ManageOrganization = Annotated[
    OrganizationContext, Depends(organization_context(Permission.MANAGE, actor_of_session, for_pages=True))
]
ReadMapping = Annotated[
    MappingContext, Depends(mapping_context(Permission.READ, actor_of_session, for_pages=True))
]
SyncMapping = Annotated[
    MappingContext, Depends(mapping_context(Permission.SYNC, actor_of_session, for_pages=True))
]
ManageMapping = Annotated[
    MappingContext, Depends(mapping_context(Permission.MANAGE, actor_of_session, for_pages=True))
]


class RunMoved(Exception):
    """The requested page belongs to a run that was replaced by another one."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


async def _at_own_url(
    request: Request,
    run_id: str,
    ctx: Annotated[RunContext, Depends(run_context(Permission.READ, actor_of_session, for_pages=True))],
) -> RunContext:
    if run_id == ctx.run.id:
        return ctx
    path = request.url.path.replace(f"/runs/{run_id}", f"/runs/{ctx.run.id}", 1)
    raise RunMoved(f"{path}?{request.url.query}" if request.url.query else path)


ReadRun = Annotated[RunContext, Depends(_at_own_url)]
"""A run at its own URL; the URL of a run that it replaced redirects to it."""
