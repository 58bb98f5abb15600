"""Signing in with a company's account, by OpenID Connect: the redirect to the provider and the verified callback."""

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from joserfc.errors import JoseError

from core.domain.access.identities import ProviderIdentity
from core.domain.errors import EmailNotVerified, IdentityMismatch, InvalidInput, NotAuthenticated
from core.usecases.access.sign_in_with_identity_provider import ProviderClaims, SignInWithIdentityProvider
from entrypoints.container import Container
from entrypoints.http.dependencies import Wired, network_address
from entrypoints.http.openid_client import (
    MismatchingStateError,
    OAuthError,
    OpenIdProvider,
    ProviderUnusable,
    StarletteOAuth2App,
    check_is_begun_here,
)
from entrypoints.http.pages.access.sign_in import Next, sign_in_browser
from entrypoints.http.pages.local_urls import START, local
from entrypoints.http.pages.rendering import render

PATH = "/sign-in/openid"
routes = APIRouter(prefix=PATH)
RETURN_URL_KEY = "openid_next"
"""Cookie key of the requested page."""
MAX_RETURN_URL_LENGTH = 500
"""Characters: the whole cookie is limited to 4096 bytes."""
STANDARD_ERRORS = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "login_required",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_response_type",
    }
)
"""Error codes that are logged as received; any other could contain arbitrary text."""


@dataclass(frozen=True, slots=True)
class SignInFailure:
    """A failed sign-in: HTTP status, sentence for the person, and cause for the log."""

    status: HTTPStatus
    sentence: str
    cause: str


CAUSE_BY_ERROR: dict[type[NotAuthenticated], str] = {
    EmailNotVerified: "email_not_verified",
    IdentityMismatch: "identity_mismatch",
}
DENIED = SignInFailure(
    HTTPStatus.FORBIDDEN, "Your company's sign-in did not let you in, or you declined.", "access_denied"
)
REFUSED = SignInFailure(
    HTTPStatus.BAD_GATEWAY,
    "Your company's sign-in refused the request. Try again; if it persists, tell an admin.",
    "other",
)
UNREACHABLE = SignInFailure(
    HTTPStatus.SERVICE_UNAVAILABLE,
    "Your company's sign-in cannot be reached or did not answer correctly. Try again later.",
    "unreachable",
)
NOT_VERIFIED = SignInFailure(
    HTTPStatus.BAD_GATEWAY,
    "The response from your company's sign-in could not be verified. You are not signed in.",
    "not_verified",
)
FAILURE_BY_ERROR: tuple[tuple[type[Exception], SignInFailure], ...] = (
    (
        MismatchingStateError,
        SignInFailure(
            HTTPStatus.BAD_REQUEST,
            "This sign-in was not started in this browser, or has already ended. Start again.",
            "state",
        ),
    ),
    (JoseError, NOT_VERIFIED),
    (InvalidInput, NOT_VERIFIED),
)


def provider_of(request: Request) -> OpenIdProvider:
    provider: OpenIdProvider = request.app.state.openid
    return provider


Provider = Annotated[OpenIdProvider, Depends(provider_of)]


@routes.get("")
async def redirect_to_provider(
    request: Request, container: Wired, provider: Provider, next_: Next = START
) -> Response:
    """Send the browser to the provider."""
    return_url = local(next_)
    request.session[RETURN_URL_KEY] = return_url if len(return_url) <= MAX_RETURN_URL_LENGTH else START
    callback_url = container.settings().address_of(f"{PATH}/callback")
    try:
        client = await provider.client()
        response: Response = await client.authorize_redirect(request, callback_url)
    except Exception as error:  # noqa: BLE001 - errors of the provider's server are not internal errors
        return _not_signed_in(request, container, error)
    return response


@routes.get("/callback")
async def handle_callback(request: Request, container: Wired, provider: Provider) -> Response:
    """Handle the provider's response."""
    return_url = local(str(request.session.get(RETURN_URL_KEY, START)))
    try:
        check_is_begun_here(request)  # before any request to the provider: a forged callback costs nothing
        claims = _provider_claims(await _claims(await provider.client(), request), network_address(request))
    except Exception as error:  # noqa: BLE001 - likewise
        return _not_signed_in(request, container, error)
    try:
        secret = await container.resolve(SignInWithIdentityProvider)(claims)
    except NotAuthenticated as error:
        cause = CAUSE_BY_ERROR.get(type(error), "no_account")
        container.log().warning("access.openid_refused", because=cause, address=claims.address)
        return _form(request, return_url, str(error), HTTPStatus.FORBIDDEN)
    return await sign_in_browser(request, container, secret, return_url)


async def _claims(client: StarletteOAuth2App, request: Request) -> dict[str, Any]:
    issuer = client.server_metadata["issuer"]
    token = await client.authorize_access_token(
        request,
        claims_options={
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": client.client_id},
        },
    )
    return dict(token["userinfo"])  # the claims of a verified id token; empty without one


def _provider_claims(claims: dict[str, Any], address: str) -> ProviderClaims:
    """Return the identity in the claims.

    Raises:
        InvalidInput: the claims contain no identity.
    """
    subject, email = claims.get("sub"), claims.get("email")
    identity = ProviderIdentity(claims["iss"], subject if isinstance(subject, str) else "")
    # Some providers accept any address: only a verified one identifies a person.
    is_verified = isinstance(email, str) and claims.get("email_verified") is True
    return ProviderClaims(identity, email if is_verified else None, address)


def _not_signed_in(request: Request, container: Container, error: Exception) -> Response:
    return_url = local(str(request.session.pop(RETURN_URL_KEY, START)))
    failure = _failure(error)
    container.log().warning(
        "access.openid_refused",
        because=failure.cause,
        error=type(error).__name__,
        address=network_address(request),
    )
    return _form(request, return_url, failure.sentence, failure.status)


def _failure(error: Exception) -> SignInFailure:
    match error:
        case ProviderUnusable():
            return SignInFailure(HTTPStatus.BAD_GATEWAY, f"{error} Tell an admin.", "unusable")
        case OAuthError(error="access_denied"):
            return DENIED
        case OAuthError() if not isinstance(error, MismatchingStateError):
            return replace(REFUSED, cause=error.error if error.error in STANDARD_ERRORS else "other")
    return next((failure for kind, failure in FAILURE_BY_ERROR if isinstance(error, kind)), UNREACHABLE)


def _form(request: Request, return_url: str, sentence: str, status: HTTPStatus) -> Response:
    return render(
        request,
        "sign_in.html",
        status=status,
        next=return_url,
        email="",
        error="",
        by_openid=True,
        openid_error=sentence,
    )
