"""Authentication and authorization as dependencies that routes declare.

A route declares its subject and the permission it needs, such as `SyncMapping`; without it the route is not called.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from core.domain.access.accounts import Account
from core.domain.access.authorization import Actor, Permission
from core.domain.errors import NotAuthenticated, NotFound
from core.domain.ids import MAX_ID_LENGTH, MappingId, OrganizationId, RunId, can_be_id
from core.domain.runs.health import Health
from core.domain.runs.run import SyncRun
from core.domain.systems import ExternalSystem
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Organization
from core.usecases.access.authenticate_api_key import AuthenticateApiKey
from core.usecases.access.authenticate_session import AuthenticateSession
from core.usecases.access.authorize import AuthorizeMapping, AuthorizeOrganization, AuthorizeRun
from core.usecases.mappings.get_health import ConnectionState, FindConnectionState, FindHalt
from entrypoints.container import Container
from entrypoints.http.fair_shares import FairShares


def container_of(request: Request) -> Container:
    container: Container = request.app.state.container
    return container


def network_address(request: Request) -> str:
    """Return the IP address a request came from, or "unknown"."""
    return request.client.host if request.client else "unknown"


Wired = Annotated[Container, Depends(container_of)]


def requests_of(request: Request) -> FairShares:
    requests: FairShares = request.app.state.requests
    return requests


Requests = Annotated[FairShares, Depends(requests_of)]
"""Fair shares of the requests in progress: many may wait for one slow read, and each holds a connection."""

bearer = HTTPBearer(auto_error=False, description="An API key, as shown once by `gleanin-sync key add`.")


async def actor_of_api_key(
    request: Request,
    container: Wired,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
) -> Actor:
    """Return the actor that a request's API key identifies.

    Raises:
        NotAuthenticated
    """
    if credentials is None:
        raise NotAuthenticated("Send an API key in the header: Authorization: Bearer KEY.")
    return await container.resolve(AuthenticateApiKey)(credentials.credentials, network_address(request))


SIGN_IN = "sign_in"
"""The key of the sign-in's secret in the session cookie."""


async def signed_in_account(request: Request, container: Wired) -> Account:
    """Return the account that is signed in in the browser.

    Raises:
        NotAuthenticated
    """
    secret = request.session.get(SIGN_IN)
    if not isinstance(secret, str):
        raise NotAuthenticated
    return await container.resolve(AuthenticateSession)(secret)


SignedInAccount = Annotated[Account, Depends(signed_in_account)]


async def actor_of_session(request: Request, container: Wired) -> Actor:
    return (await signed_in_account(request, container)).actor


Authenticate = Callable[..., Awaitable[Actor]]


@dataclass(frozen=True, slots=True)
class OrganizationContext:
    """The organization that a request is about, and the authenticated actor."""

    actor: Actor
    organization: Organization
    halt: Health | None = field(default=None, kw_only=True)
    """The health of the organization's connection while it is halted, shown on pages."""
    destination: ExternalSystem | None = field(default=None, kw_only=True)
    """The mapping's destination, or that of the open connection; loaded for pages, which name it."""

    def may(self, permission: Permission) -> bool:
        return self.actor.may(permission, self.organization.id)

    @property
    def may_sync(self) -> bool:
        return self.may(Permission.SYNC)

    @property
    def may_manage(self) -> bool:
        return self.may(Permission.MANAGE)


@dataclass(frozen=True, slots=True)
class MappingContext(OrganizationContext):
    mapping: EventMapping


@dataclass(frozen=True, slots=True)
class RunContext(MappingContext):
    run: SyncRun


def organization_context(
    permission: Permission, authenticate: Authenticate, *, for_pages: bool = False
) -> Callable[..., AsyncIterator[OrganizationContext]]:
    """Return a dependency that authorizes requests for an organization; those for pages load what every page shows."""

    async def authorized(
        organization_id: Annotated[str, Path(max_length=MAX_ID_LENGTH)],
        container: Wired,
        requests: Requests,
        actor: Annotated[Actor, Depends(authenticate)],
    ) -> AsyncIterator[OrganizationContext]:
        requested = OrganizationId(_checked(organization_id, "organization"))
        organization = await container.resolve(AuthorizeOrganization)(actor, permission, requested)
        state = await state_on_pages(container, organization) if for_pages else _NOT_LOADED
        with requests.hold(organization.id, actor.id):
            yield OrganizationContext(actor, organization, halt=state.halt, destination=state.destination)

    return authorized


def mapping_context(
    permission: Permission, authenticate: Authenticate, *, for_pages: bool = False
) -> Callable[..., AsyncIterator[MappingContext]]:
    """Return a dependency that authorizes requests for a mapping."""

    async def authorized(
        mapping_id: Annotated[str, Path(max_length=MAX_ID_LENGTH)],
        container: Wired,
        requests: Requests,
        actor: Annotated[Actor, Depends(authenticate)],
    ) -> AsyncIterator[MappingContext]:
        requested = MappingId(_checked(mapping_id, "mapping"))
        organization, mapping = await container.resolve(AuthorizeMapping)(actor, permission, requested)
        state = await state_on_pages(container, organization, mapping) if for_pages else _NOT_LOADED
        with requests.hold(organization.id, actor.id):
            yield MappingContext(actor, organization, mapping, halt=state.halt, destination=state.destination)

    return authorized


def run_context(
    permission: Permission, authenticate: Authenticate, *, for_pages: bool = False
) -> Callable[..., AsyncIterator[RunContext]]:
    """Return a dependency that authorizes requests for a run."""

    async def authorized(
        run_id: Annotated[str, Path(max_length=MAX_ID_LENGTH)],
        container: Wired,
        requests: Requests,
        actor: Annotated[Actor, Depends(authenticate)],
    ) -> AsyncIterator[RunContext]:
        organization, mapping, run = await container.resolve(AuthorizeRun)(
            actor, permission, RunId(_checked(run_id, "run"))
        )
        state = await state_on_pages(container, organization, mapping) if for_pages else _NOT_LOADED
        with requests.hold(organization.id, actor.id):
            yield RunContext(
                actor, organization, mapping, run, halt=state.halt, destination=state.destination
            )

    return authorized


_NOT_LOADED = ConnectionState(None, None)


async def state_on_pages(
    container: Container, organization: Organization, mapping: EventMapping | None = None
) -> ConnectionState:
    """Return what the pages of an organization or of one of its mappings say about the connection."""
    if mapping is None:
        return await container.resolve(FindConnectionState)(organization.id)
    return ConnectionState(mapping.systems.destination, await container.resolve(FindHalt)(organization.id))


def _checked(requested_id: str, what: str) -> str:
    if not can_be_id(requested_id):
        raise NotFound(what, requested_id)
    return requested_id
