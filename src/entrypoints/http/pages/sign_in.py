"""Signing in and out, and the first account."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from core.domain.refusals import NotSignedIn, Refusal, TooManyAttempts
from core.usecases.sign_in import Credentials
from entrypoints.container import Container
from entrypoints.http.asking import SIGN_IN, Wired, signed_in_account
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.going_on import SIGN_IN_ENDED, put_back
from entrypoints.http.pages.kept_forms import FIELD, KeptForm, read_kept
from entrypoints.http.pages.local_urls import START, local
from entrypoints.http.pages.rendering import flash, go_to, render
from entrypoints.http.problems import STATUS_BY_CODE

routes = APIRouter()
Next = Annotated[str, Query(alias="next")]


async def begin(request: Request, container: Container, secret: str) -> None:
    """Let the browser be signed in. Nothing of what it had before stays: not even what somebody put there."""
    await _end(request, container)
    request.session[SIGN_IN] = secret


@routes.get("/")
async def start(request: Request, container: Wired) -> Response:
    try:
        await signed_in_account(request, container)
    except NotSignedIn:
        return go_to("/sign-in")
    return go_to(START)


@routes.get("/sign-in")
async def ask(request: Request, container: Wired, next_: Next = START) -> Response:
    return _form(request, container, next_)


@routes.post("/sign-in")
async def sign_in(request: Request, container: Wired, form: SentForm) -> Response:
    address = request.client.host if request.client else "unknown"
    wanted, email, kept = text(form, "next"), text(form, "email"), read_kept(text(form, FIELD))
    try:
        credentials = Credentials(email, text(form, "password"), address)
        secret = await container.sign_in_with_password()(credentials)
    except Refusal as refusal:
        status = STATUS_BY_CODE[refusal.code]
        error = str(refusal)
        response = _form(request, container, wanted, email=email, error=error, status=status, kept=kept)
        if isinstance(refusal, TooManyAttempts):
            response.headers["Retry-After"] = str(max(1, round(refusal.wait.total_seconds())))
        return response
    await begin(request, container, secret)
    return await put_back(request, kept, SIGN_IN_ENDED) if kept else go_to(local(wanted))


def _form(
    request: Request,
    container: Container,
    wanted: str,
    *,
    email: str = "",
    error: str = "",
    status: int = 200,
    kept: KeptForm | None = None,
) -> Response:
    settings = container.settings()
    return render(
        request,
        "sign_in.html",
        status=status,
        next=local(wanted),
        email=email,
        error=error,
        by_openid=settings.offers_openid,
        kept=kept,
    )


@routes.get("/sign-in/once/{offered}")
async def ask_sign_in_once(request: Request) -> Response:
    """Ask whether to sign in by an address that somebody at the command line asked for.

    Nothing is taken yet: programs that preview links open them too.
    """
    return render(request, "sign_in_once.html")


@routes.post("/sign-in/once/{offered}")
async def sign_in_once(request: Request, container: Wired, _: SentForm, offered: str) -> Response:
    await begin(request, container, await container.take_sign_in()(offered))
    return go_to(START)


@routes.post("/sign-out")
async def sign_out(request: Request, container: Wired, _: SentForm) -> Response:
    await _end(request, container)
    flash(request, "You are signed out.")
    return go_to("/sign-in")


async def _end(request: Request, container: Container) -> None:
    """End the sign-in that the browser has, if any, and forget all that it kept."""
    secret = request.session.get(SIGN_IN)
    if isinstance(secret, str):
        await container.sign_out()(secret)
    request.session.clear()


@routes.get("/sign-up/{offered}")
async def ask_sign_up(request: Request, container: Wired, offered: str) -> Response:
    await container.check_sign_up()(offered)
    return render(request, "sign_up.html", email="", errors={})


@routes.post("/sign-up/{offered}")
async def sign_up(request: Request, container: Wired, form: SentForm, offered: str) -> Response:
    email, password = text(form, "email"), text(form, "password")
    try:
        account = await container.sign_up()(offered, email, password)
    except Refusal as refusal:
        if refusal.code == "address_expired":
            raise
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        errors = {refusal.about or "email": str(refusal)}
        return render(request, "sign_up.html", status=status, email=email, errors=errors)
    await begin(request, container, await container.sign_in_elsewhere()(account.email))
    flash(request, f"Welcome. You are an admin of all organizations as {account.email}.")
    return go_to(START)
