"""Whom the pages let in: whoever is signed in in the browser, and has the right."""

from typing import Annotated

from fastapi import Depends, Request

from core.domain.access.authorization import Actor, Permission
from entrypoints.http.dependencies import (
    InMapping,
    InOrganization,
    InRun,
    by_cookie,
    in_mapping,
    in_organization,
    in_run,
)

SignedIn = Annotated[Actor, Depends(by_cookie)]
ReadOrganization = Annotated[
    InOrganization, Depends(in_organization(Permission.READ, by_cookie, tells_halt=True))
]
SyncOrganization = Annotated[
    InOrganization, Depends(in_organization(Permission.SYNC, by_cookie, tells_halt=True))
]
ManageOrganization = Annotated[
    InOrganization, Depends(in_organization(Permission.MANAGE, by_cookie, tells_halt=True))
]
ReadMapping = Annotated[InMapping, Depends(in_mapping(Permission.READ, by_cookie, tells_halt=True))]
SyncMapping = Annotated[InMapping, Depends(in_mapping(Permission.SYNC, by_cookie, tells_halt=True))]
ManageMapping = Annotated[InMapping, Depends(in_mapping(Permission.MANAGE, by_cookie, tells_halt=True))]


class RunMoved(Exception):
    """What was asked for is a page of a run in whose place another one stands."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


async def _at_its_own_address(
    request: Request,
    run_id: str,
    here: Annotated[InRun, Depends(in_run(Permission.READ, by_cookie, tells_halt=True))],
) -> InRun:
    if run_id == here.run.id:
        return here
    path = request.url.path.replace(f"/runs/{run_id}", f"/runs/{here.run.id}", 1)
    raise RunMoved(f"{path}?{request.url.query}" if request.url.query else path)


ReadRun = Annotated[InRun, Depends(_at_its_own_address)]
"""A run at its own address; who asks for one in whose place it stands is led to it."""
