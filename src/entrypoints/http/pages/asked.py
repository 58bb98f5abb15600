"""Whom the pages let in: whoever is signed in in the browser, and has the right."""

from typing import Annotated

from fastapi import Depends

from core.domain.access import Actor, Right
from entrypoints.http.asking import (
    InMapping,
    InOrganization,
    InRun,
    by_cookie,
    in_mapping,
    in_organization,
    in_run,
)

SignedIn = Annotated[Actor, Depends(by_cookie)]
ReadOrganization = Annotated[InOrganization, Depends(in_organization(Right.READ, by_cookie, tells_halt=True))]
SyncOrganization = Annotated[InOrganization, Depends(in_organization(Right.SYNC, by_cookie, tells_halt=True))]
ManageOrganization = Annotated[
    InOrganization, Depends(in_organization(Right.MANAGE, by_cookie, tells_halt=True))
]
ReadMapping = Annotated[InMapping, Depends(in_mapping(Right.READ, by_cookie, tells_halt=True))]
SyncMapping = Annotated[InMapping, Depends(in_mapping(Right.SYNC, by_cookie, tells_halt=True))]
ManageMapping = Annotated[InMapping, Depends(in_mapping(Right.MANAGE, by_cookie, tells_halt=True))]
ReadRun = Annotated[InRun, Depends(in_run(Right.READ, by_cookie, tells_halt=True))]
