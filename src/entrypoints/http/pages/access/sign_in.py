"""Signing in and out, and creating the first account."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from core.domain.access.devices import DEVICE_LIFETIME
from core.domain.errors import DomainError, LinkExpired, NotAuthenticated, Overloaded
from core.usecases.access.begin_session import BeginSession
from core.usecases.access.check_sign_up_link import CheckSignUpLink
from core.usecases.access.known_devices import RememberDevice
from core.usecases.access.redeem_sign_in_link import RedeemSignInLink
from core.usecases.access.sign_in_with_password import Credentials, SignInWithPassword
from core.usecases.access.sign_out import SignOut
from core.usecases.access.sign_up import SignUp
from entrypoints.container import Container
from entrypoints.http.dependencies import SIGN_IN, Wired, network_address, signed_in_account
from entrypoints.http.pages.access.expired_forms import SIGN_IN_ENDED, restore_form
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.local_urls import START, local
from entrypoints.http.pages.rendering import flash, redirect_to, render
from entrypoints.http.pages.saved_forms import FIELD, SavedForm, parse_saved_form
from entrypoints.http.problems import STATUS_BY_CODE, retry_after_seconds

routes = APIRouter()
Next = Annotated[str, Query(alias="next")]
DEVICE_COOKIE = "gleanin_sync_device"


async def sign_in_browser(request: Request, container: Container, secret: str, url: str) -> Response:
    """Sign the browser in and redirect it.

    Also set the known-device cookie, which outlasts the sign-in.
    """
    await _replace_session(request, container, secret)
    return await _with_device_cookie(redirect_to(url), container, secret)


async def _replace_session(request: Request, container: Container, secret: str) -> None:
    """Sign the browser in and drop the rest of its session: parts of it may have been planted."""
    await _end(request, container)
    request.session[SIGN_IN] = secret


async def _with_device_cookie(response: Response, container: Container, secret: str) -> Response:
    device = await container.resolve(RememberDevice)(secret)
    if device is not None:
        response.set_cookie(
            _device_cookie(container),
            device,
            max_age=int(DEVICE_LIFETIME.total_seconds()),
            secure=_is_https(container),
            httponly=True,
            samesite="lax",
        )
    return response


def _is_https(container: Container) -> bool:
    return (container.settings().public_url or "").startswith("https:")


def _device_cookie(container: Container) -> str:
    return f"__Host-{DEVICE_COOKIE}" if _is_https(container) else DEVICE_COOKIE


@routes.get("/")
async def start(request: Request, container: Wired) -> Response:
    try:
        await signed_in_account(request, container)
    except NotAuthenticated:
        return redirect_to("/sign-in")
    return redirect_to(START)


@routes.get("/sign-in")
async def show_sign_in_form(request: Request, container: Wired, next_: Next = START) -> Response:
    return _form(request, container, next_)


@routes.post("/sign-in")
async def sign_in(request: Request, container: Wired, form: SentForm) -> Response:
    return_url, email, saved_form = (
        text(form, "next"),
        text(form, "email"),
        parse_saved_form(text(form, FIELD)),
    )
    device = request.cookies.get(_device_cookie(container))
    try:
        credentials = Credentials(email, text(form, "password"), network_address(request), device)
        secret = await container.resolve(SignInWithPassword)(credentials)
    except DomainError as error:
        status = STATUS_BY_CODE[error.code]
        response = _form(
            request,
            container,
            return_url,
            email=email,
            error=str(error),
            status=status,
            saved_form=saved_form,
        )
        if (seconds := retry_after_seconds(error)) is not None:
            response.headers["Retry-After"] = str(seconds)
        return response
    await _replace_session(request, container, secret)
    response = (
        await restore_form(request, saved_form, SIGN_IN_ENDED)
        if saved_form
        else redirect_to(local(return_url))
    )
    return await _with_device_cookie(response, container, secret)


def _form(
    request: Request,
    container: Container,
    return_url: str,
    *,
    email: str = "",
    error: str = "",
    status: int = 200,
    saved_form: SavedForm | None = None,
) -> Response:
    settings = container.settings()
    return render(
        request,
        "sign_in.html",
        status=status,
        next=local(return_url),
        email=email,
        error=error,
        by_openid=settings.offers_openid,
        saved_form=saved_form,
    )


@routes.get("/sign-in/once/{token}")
async def show_sign_in_link_form(request: Request) -> Response:
    """Show the form of a sign-in link that was created at the command line.

    The link is not redeemed yet: programs that preview links open them, too.
    """
    return render(request, "sign_in_once.html")


@routes.post("/sign-in/once/{token}")
async def sign_in_once(request: Request, container: Wired, _: SentForm, token: str) -> Response:
    secret = await container.resolve(RedeemSignInLink)(token, network_address(request))
    return await sign_in_browser(request, container, secret, START)


@routes.post("/sign-out")
async def sign_out(request: Request, container: Wired, _: SentForm) -> Response:
    await _end(request, container)
    flash(request, "You are signed out.")
    return redirect_to("/sign-in")


async def _end(request: Request, container: Container) -> None:
    """End the browser's sign-in, if any, and clear its session."""
    secret = request.session.get(SIGN_IN)
    if isinstance(secret, str):
        await container.resolve(SignOut)(secret)
    request.session.clear()


@routes.get("/sign-up/{token}")
async def show_sign_up_form(request: Request, container: Wired, token: str) -> Response:
    await container.resolve(CheckSignUpLink)(token)
    return render(request, "sign_up.html", email="", errors={})


@routes.post("/sign-up/{token}")
async def sign_up(request: Request, container: Wired, form: SentForm, token: str) -> Response:
    email, password = text(form, "email"), text(form, "password")
    try:
        account = await container.resolve(SignUp)(token, email, password)
    except (LinkExpired, Overloaded):
        raise
    except DomainError as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        errors = {error.about or "email": str(error)}
        return render(request, "sign_up.html", status=status, email=email, errors=errors)
    secret = await container.resolve(BeginSession)(account.id)
    container.log().event(
        "access.signed_in", account=account.id, way="sign_up", address=network_address(request)
    )
    response = await sign_in_browser(request, container, secret, START)
    flash(request, f"Welcome. You are an admin of all organizations as {account.email}.")
    return response
