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
ReadOrganization = Annotated[InOrganization, Depends(in_organization(Right.READ, by_cookie))]
ManageOrganization = Annotated[InOrganization, Depends(in_organization(Right.MANAGE, by_cookie))]
ReadMapping = Annotated[InMapping, Depends(in_mapping(Right.READ, by_cookie))]
SyncMapping = Annotated[InMapping, Depends(in_mapping(Right.SYNC, by_cookie))]
ManageMapping = Annotated[InMapping, Depends(in_mapping(Right.MANAGE, by_cookie))]
ReadRun = Annotated[InRun, Depends(in_run(Right.READ, by_cookie))]
