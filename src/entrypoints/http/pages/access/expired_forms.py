"""Forms that were not processed: the sign-in had expired, or the browser's session had been renewed.

After signing in again, if needed, people get the page back with what they entered, to check it and send it again.
Nothing is processed before that.
"""

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from core.domain.errors import NotAuthenticated
from entrypoints.http.dependencies import Wired, container_of, signed_in_account
from entrypoints.http.pages.form_filling import fill_form
from entrypoints.http.pages.forms import ForeignForm, read_form, text
from entrypoints.http.pages.inner_requests import load_page
from entrypoints.http.pages.local_urls import START
from entrypoints.http.pages.rendering import FLASHES, flash, fragment, redirect_to, render
from entrypoints.http.pages.saved_forms import FIELD, SavedForm, is_same_origin, parse_saved_form, save_form

routes = APIRouter()
RESUME = "/sign-in/resume"
SIGN_IN_ENDED = "Your session had expired, so the form was not sent."
RENEWED = "This page had expired, so the form was not sent."
CHECK = "What you entered is still here. Check it and send it again."
PRESS_AGAIN = "Nothing was changed. Try again."
LOST = "What you entered could not be restored. Enter it again."


@routes.post(RESUME)
async def resume(request: Request, container: Wired) -> Response:
    """Restore a form after a sign-in in another window. It changes nothing, so it needs no CSRF token."""
    if not is_same_origin(request):
        raise ForeignForm
    saved_form = parse_saved_form(text(await read_form(request), FIELD))
    if saved_form is None:
        return redirect_to(START)
    try:
        await signed_in_account(request, container)
    except NotAuthenticated:
        return _sign_in_first(request, saved_form)
    return await restore_form(request, saved_form, SIGN_IN_ENDED)


async def without_sign_in(request: Request, _: Exception) -> Response:
    """Answer a request that needs a sign-in."""
    if request.method == "GET":
        return_url = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return redirect_to(_sign_in_url(return_url) if return_url != "/" else "/sign-in")
    saved_form = await _saved_form(request)
    if saved_form is None:
        return redirect_to("/sign-in")
    if "hx-request" in request.headers:
        flash(request, f"{SIGN_IN_ENDED} {PRESS_AGAIN}", "warn")
        return _whole_page(_sign_in_url(saved_form.page))
    return _sign_in_first(request, saved_form)


async def after_renewal(request: Request) -> Response | None:
    """Answer a form with an outdated CSRF token; None if another site may have sent it."""
    saved_form = await _saved_form(request)
    if saved_form is None:
        return None
    if saved_form.action == "/sign-in" and (
        other_form := parse_saved_form(text(await read_form(request), FIELD))
    ):
        # The person has signed in in another window meanwhile, or the sign-in page is too old.
        try:
            await signed_in_account(request, container_of(request))
        except NotAuthenticated:
            return _sign_in_first(request, other_form)
        return await restore_form(request, other_form, SIGN_IN_ENDED)
    if "hx-request" in request.headers:
        flash(request, f"{RENEWED} {PRESS_AGAIN}", "warn")
        return _whole_page(saved_form.page)
    return await restore_form(request, saved_form, RENEWED, HTTPStatus.FORBIDDEN)


async def restore_form(
    request: Request, saved_form: SavedForm, reason: str, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Show the page of a form with what was entered; if that is nothing, redirect to the page."""
    if not saved_form.fields:
        flash(request, f"{reason} {PRESS_AGAIN}", "warn")
        return redirect_to(saved_form.page)
    flashes = request.session.get(FLASHES)
    page = await load_page(request, saved_form.page)
    note = fragment("parts/restored_form.html", reason=reason, what=CHECK, page=saved_form.page)
    secrets = fragment("parts/restored_form_secrets.html")
    filled_page = fill_form(page, saved_form, note, secrets) if page is not None else None
    if filled_page is None:
        if flashes:
            request.session[FLASHES] = flashes
        flash(request, f"{reason} {LOST if page is None else PRESS_AGAIN}", "warn")
        return redirect_to(saved_form.page)
    return HTMLResponse(filled_page, status)


def _sign_in_first(request: Request, saved_form: SavedForm) -> Response:
    return render(
        request,
        "sign_in.html",
        status=HTTPStatus.UNAUTHORIZED,
        next=saved_form.page,
        email="",
        error="",
        by_openid=container_of(request).settings().offers_openid,
        saved_form=saved_form,
    )


async def _saved_form(request: Request) -> SavedForm | None:
    try:
        return save_form(request, await read_form(request))
    except HTTPException:  # unreadable
        return None


def _sign_in_url(return_url: str) -> str:
    return "/sign-in?" + urlencode({"next": return_url})


def _whole_page(url: str) -> Response:
    """Redirect the whole page: htmx would put the response of a normal redirect into the part that sent the form."""
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": url})
