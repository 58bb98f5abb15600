"""Who asks, and whether they may: dependencies that routes declare.

A route names what it is about and the right it needs, as in `may_sync_mapping`; it gets the thing, or is never called.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from core.domain.access.accounts import Account
from core.domain.access.authorization import Actor, Permission
from core.domain.errors import NotAuthenticated, NotFound
from core.domain.ids import MappingId, OrganizationId, RunId
from core.domain.runs.health import Health
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Organization
from core.usecases.access.authenticate_api_key import AuthenticateApiKey
from core.usecases.access.authenticate_session import AuthenticateSession
from core.usecases.access.authorize import AuthorizeMapping, AuthorizeOrganization, AuthorizeRun
from core.usecases.mappings.show_health import FindHalt
from entrypoints.container import Container
from entrypoints.http.fair_shares import FairShares

MAX_ID_LENGTH = 64


def container_of(request: Request) -> Container:
    container: Container = request.app.state.container
    return container


def network_address(request: Request) -> str:
    """Return where a request came from, as far as the server knows."""
    return request.client.host if request.client else "unknown"


Wired = Annotated[Container, Depends(container_of)]


def requests_of(request: Request) -> FairShares:
    requests: FairShares = request.app.state.requests
    return requests


Requests = Annotated[FairShares, Depends(requests_of)]
"""Those under way, shared out: many may wait for one slow reading, and each holds a connection."""

bearer = HTTPBearer(auto_error=False, description="An API key, as `gleanin-sync key add` shows it once.")


async def actor_of_api_key(
    request: Request, container: Wired, given: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> Actor:
    """Give whose API key a request shows.

    Raises:
        NotAuthenticated
    """
    if given is None:
        raise NotAuthenticated("Give an API key: Authorization: Bearer KEY.")
    return await container.resolve(AuthenticateApiKey)(given.credentials, network_address(request))


SIGN_IN = "sign_in"
"""Where the browser's cookie keeps the secret of its sign-in."""


async def signed_in_account(request: Request, container: Wired) -> Account:
    """Give the account of whoever is signed in in a browser.

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
    """What a route is about, in the organization that it belongs to, and who asks."""

    actor: Actor
    organization: Organization
    halt: Health | None = field(default=None, kw_only=True)
    """How the organization's connection fares while it is halted, for the pages to say so."""

    def may(self, right: Permission) -> bool:
        return self.actor.may(right, self.organization.id)

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
    right: Permission, who: Authenticate, *, with_halt: bool = False
) -> Callable[..., AsyncIterator[OrganizationContext]]:
    """Build the dependency that authorizes a request for an organization; for a page, it loads a halt too."""

    async def admitted(
        organization_id: Annotated[str, Path(max_length=MAX_ID_LENGTH)],
        container: Wired,
        requests: Requests,
        actor: Annotated[Actor, Depends(who)],
    ) -> AsyncIterator[OrganizationContext]:
        known = OrganizationId(_printable(organization_id, "organization"))
        organization = await container.resolve(AuthorizeOrganization)(actor, right, known)
        halt = await _halt(container, organization, tells=with_halt)
        with requests.hold(organization.id, actor.id):
            yield OrganizationContext(actor, organization, halt=halt)

    return admitted


def mapping_context(
    right: Permission, who: Authenticate, *, with_halt: bool = False
) -> Callable[..., AsyncIterator[MappingContext]]:
    """Build the dependency that lets somebody at a mapping."""

    async def admitted(
        mapping_id: Annotated[str, Path(max_length=MAX_ID_LENGTH)],
        container: Wired,
        requests: Requests,
        actor: Annotated[Actor, Depends(who)],
    ) -> AsyncIterator[MappingContext]:
        known = MappingId(_printable(mapping_id, "mapping"))
        organization, mapping = await container.resolve(AuthorizeMapping)(actor, right, known)
        halt = await _halt(container, organization, tells=with_halt)
        with requests.hold(organization.id, actor.id):
            yield MappingContext(actor, organization, mapping, halt=halt)

    return admitted


def run_context(
    right: Permission, who: Authenticate, *, with_halt: bool = False
) -> Callable[..., AsyncIterator[RunContext]]:
    """Build the dependency that lets somebody at a run."""

    async def admitted(
        run_id: Annotated[str, Path(max_length=MAX_ID_LENGTH)],
        container: Wired,
        requests: Requests,
        actor: Annotated[Actor, Depends(who)],
    ) -> AsyncIterator[RunContext]:
        organization, mapping, run = await container.resolve(AuthorizeRun)(
            actor, right, RunId(_printable(run_id, "run"))
        )
        halt = await _halt(container, organization, tells=with_halt)
        with requests.hold(organization.id, actor.id):
            yield RunContext(actor, organization, mapping, run, halt=halt)

    return admitted


async def _halt(container: Container, organization: Organization, *, tells: bool) -> Health | None:
    return await container.resolve(FindHalt)(organization.id) if tells else None


def _printable(asked: str, what: str) -> str:
    # No id has such characters, and some databases refuse to be asked for them.
    if not asked.isprintable():
        raise NotFound(what, asked)
    return asked
