"""Forms that were not carried out: the sign-in had ended, or the browser's session had been renewed.

After signing in, where that is needed, people get the form's page back with what they typed, to check it and send it
again. Nothing is carried out without that.
"""

from http import HTTPStatus
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from starlette.exceptions import HTTPException

from core.domain.errors import NotAuthenticated
from entrypoints.http.dependencies import Wired, container_of, signed_in_account
from entrypoints.http.pages.form_filling import filled
from entrypoints.http.pages.forms import ForeignForm, read_form, text
from entrypoints.http.pages.inner_requests import page_at
from entrypoints.http.pages.kept_forms import FIELD, KeptForm, is_same_origin, keep, read_kept
from entrypoints.http.pages.local_urls import START
from entrypoints.http.pages.rendering import FLASHES, flash, fragment, go_to, render

routes = APIRouter()
RESUME = "/sign-in/resume"
SIGN_IN_ENDED = "Your session had expired, so the form was not sent."
RENEWED = "This page had expired, so the form was not sent."
CHECK = "What you entered is still here. Check it and send it again."
PRESS_AGAIN = "Nothing was changed. Try again."
LOST = "What you entered could not be restored. Enter it again."


@routes.post(RESUME)
async def resume(request: Request, container: Wired) -> Response:
    """Put a form back for somebody who has signed in elsewhere. It changes nothing, and needs no secret for that."""
    if not is_same_origin(request):
        raise ForeignForm
    kept = read_kept(text(await read_form(request), FIELD))
    if kept is None:
        return go_to(START)
    try:
        await signed_in_account(request, container)
    except NotAuthenticated:
        return _sign_in_first(request, kept)
    return await put_back(request, kept, SIGN_IN_ENDED)


async def without_sign_in(request: Request, _: Exception) -> Response:
    """Answer what only somebody can do who is signed in."""
    if request.method == "GET":
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return go_to(_sign_in_url(wanted) if wanted != "/" else "/sign-in")
    kept = await _kept(request)
    if kept is None:
        return go_to("/sign-in")
    if "hx-request" in request.headers:
        flash(request, f"{SIGN_IN_ENDED} {PRESS_AGAIN}", "warn")
        return _whole_page(_sign_in_url(kept.page))
    return _sign_in_first(request, kept)


async def after_renewal(request: Request) -> Response | None:
    """Answer a form whose secret is not the browser's any more; None for one that may be another site's."""
    kept = await _kept(request)
    if kept is None:
        return None
    if kept.action == "/sign-in" and (of_another := read_kept(text(await read_form(request), FIELD))):
        # Somebody has signed in in another window meanwhile, or tries to sign in from a page that is too old.
        try:
            await signed_in_account(request, container_of(request))
        except NotAuthenticated:
            return _sign_in_first(request, of_another)
        return await put_back(request, of_another, SIGN_IN_ENDED)
    if "hx-request" in request.headers:
        flash(request, f"{RENEWED} {PRESS_AGAIN}", "warn")
        return _whole_page(kept.page)
    return await put_back(request, kept, RENEWED, HTTPStatus.FORBIDDEN)


async def put_back(
    request: Request, kept: KeptForm, why: str, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    """Show the page of a form with what was typed into it; where that is nothing, just the page."""
    if not kept.fields:
        flash(request, f"{why} {PRESS_AGAIN}", "warn")
        return go_to(kept.page)
    waiting = request.session.get(FLASHES)
    page = await page_at(request, kept.page)
    note = fragment("parts/put_back.html", why=why, what=CHECK, page=kept.page)
    secrets = fragment("parts/put_back_secrets.html")
    whole = filled(page, kept, note, secrets) if page is not None else None
    if whole is None:
        if waiting:
            request.session[FLASHES] = waiting
        flash(request, f"{why} {LOST if page is None else PRESS_AGAIN}", "warn")
        return go_to(kept.page)
    return HTMLResponse(whole, status)


def _sign_in_first(request: Request, kept: KeptForm) -> Response:
    return render(
        request,
        "sign_in.html",
        status=HTTPStatus.UNAUTHORIZED,
        next=kept.page,
        email="",
        error="",
        by_openid=container_of(request).settings().offers_openid,
        kept=kept,
    )


async def _kept(request: Request) -> KeptForm | None:
    try:
        return keep(request, await read_form(request))
    except HTTPException:  # it cannot be read
        return None


def _sign_in_url(wanted: str) -> str:
    return "/sign-in?" + urlencode({"next": wanted})


def _whole_page(url: str) -> Response:
    """Send the browser elsewhere: a part of a page would show what it gets in its own place."""
    return Response(status_code=HTTPStatus.NO_CONTENT, headers={"HX-Redirect": url})
