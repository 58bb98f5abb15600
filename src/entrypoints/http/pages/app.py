"""The pages and their error handlers."""

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from core.domain.errors import NotAuthenticated
from entrypoints.http.dependencies import container_of, network_address
from entrypoints.http.pages import documentation, portal
from entrypoints.http.pages.access import account, expired_forms, sign_in
from entrypoints.http.pages.dependencies import RunMoved
from entrypoints.http.pages.events import (
    events,
    hand_out,
    history,
    preview,
    record_history,
    records_list,
    share_links,
    syncing,
)
from entrypoints.http.pages.forms import ForeignForm
from entrypoints.http.pages.problem_pages import show_problem
from entrypoints.http.pages.settings import (
    api_keys,
    audit_log,
    event_mappings,
    integrations,
    link_field,
    link_preview,
    mapping_settings,
    notifications,
    organizations,
    settings,
    write_back,
)
from entrypoints.http.problems import HANDLED_ERRORS, INTERNAL_ERROR, Problem, problem_of

PAGE_MODULES = (
    sign_in,
    expired_forms,
    account,
    organizations,
    integrations,
    event_mappings,
    mapping_settings,
    write_back,
    link_field,
    link_preview,
    settings,
    api_keys,
    notifications,
    audit_log,
    documentation,
    events,
    preview,
    records_list,  # after the other pages of an event: its address ends in any scope
    syncing,
    history,
    record_history,
    hand_out,
    share_links,
    portal,
)


def add_pages(app: FastAPI) -> None:
    for part in PAGE_MODULES:
        app.include_router(part.routes)
    app.add_exception_handler(NotAuthenticated, expired_forms.without_sign_in)
    app.add_exception_handler(ForeignForm, _foreign_form)
    app.add_exception_handler(RunMoved, _moved)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _no_such_page)
    for kind in HANDLED_ERRORS:
        app.add_exception_handler(kind, _handled_error)
    app.add_exception_handler(Exception, _fault)


async def _foreign_form(request: Request, _: Exception) -> Response:
    if answer := await expired_forms.after_renewal(request):
        return answer
    container_of(request).log().warning("access.form_forged", address=network_address(request))
    detail = "This form has expired or came from another site. Go back, reload the page and try again."
    return await show_problem(request, Problem(HTTPStatus.FORBIDDEN, "foreign_form", detail))


async def _moved(_: Request, moved: Exception) -> Response:
    assert isinstance(moved, RunMoved)
    return RedirectResponse(moved.url, HTTPStatus.PERMANENT_REDIRECT)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    detail = "There is no such page." if status is HTTPStatus.NOT_FOUND else f"{status.phrase}."
    response = await show_problem(request, Problem(status, status.name.lower(), detail))
    response.headers.update(error.headers or {})
    return response


async def _no_such_page(request: Request, _: Exception) -> Response:
    return await show_problem(request, Problem(HTTPStatus.NOT_FOUND, "not_found", "There is no such page."))


async def _handled_error(request: Request, error: Exception) -> Response:
    return await show_problem(request, problem_of(error) or INTERNAL_ERROR, error)


async def _fault(request: Request, _: Exception) -> Response:
    return await show_problem(request, INTERNAL_ERROR)  # the middleware logs it
