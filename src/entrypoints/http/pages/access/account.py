"""The account page: the signed-in account and changing its password."""

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.domain.access.accounts import Account
from core.domain.errors import DomainError
from core.usecases.access.begin_session import BeginSession
from core.usecases.access.change_password import ChangeOwnPassword
from entrypoints.http.dependencies import SignedInAccount, Wired, network_address
from entrypoints.http.pages.access.sign_in import sign_in_browser
from entrypoints.http.pages.forms import SentForm, text
from entrypoints.http.pages.rendering import crumb, flash, redirect_to, render
from entrypoints.http.problems import STATUS_BY_CODE, retry_after_seconds

routes = APIRouter(prefix="/account")


@routes.get("")
async def show(request: Request, account: SignedInAccount) -> Response:
    return _page(request, account)


@routes.get("/password")
async def redirect_back(_: SignedInAccount) -> Response:
    """Redirect from the URL of a form that was sent, as after a reload."""
    return redirect_to("/account")


@routes.post("/password")
async def change_password(
    request: Request, container: Wired, account: SignedInAccount, form: SentForm
) -> Response:
    current, new = text(form, "present_password"), text(form, "new_password")
    try:
        await container.resolve(ChangeOwnPassword)(account.id, current, new, network_address(request))
    except DomainError as error:
        field = "new_password" if error.about == "password" else "present_password"
        return _page(request, account, error, field=field)
    # Changing the password ended all sessions, including this one.
    response = await sign_in_browser(
        request, container, await container.resolve(BeginSession)(account.id), "/account"
    )
    flash(request, "Your password was changed. You are signed out on all other devices.")
    return response


def _page(
    request: Request, account: Account, error: DomainError | None = None, *, field: str = ""
) -> Response:
    response = render(
        request,
        "account.html",
        actor=account.actor,
        status=STATUS_BY_CODE[error.code] if error else HTTPStatus.OK,
        crumbs=[crumb("Organizations", "/organizations"), crumb("Your account")],
        has_password=account.password_hash is not None,
        roles=len(account.grants),
        errors={field: str(error)} if error else {},
    )
    if error and (seconds := retry_after_seconds(error)) is not None:
        response.headers["Retry-After"] = str(seconds)
    return response
