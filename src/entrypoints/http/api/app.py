"""The JSON API as a sub-application, with its OpenAPI document and problem details."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from entrypoints.http.api import (
    links,
    mappings,
    notices,
    organizations,
    people,
    portal,
    records,
    runs,
    syncing,
)
from entrypoints.http.problems import HANDLED_ERRORS, INTERNAL_ERROR, MEDIA_TYPE, Problem, problem_of

TITLE = "gleanin-sync"


class Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Return the document without what the framework adds wrongly.

        The framework also documents problems with the route's own media type, and event streams with a keyword that
        only OpenAPI 3.2 has.
        """
        document = super().openapi()
        problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemResponse"}}}
        operations = [operation for path in document["paths"].values() for operation in path.values()]
        for operation in operations:
            for response in operation["responses"].values():
                content = response.get("content", {})
                content.get("text/event-stream", {}).pop("itemSchema", None)
                if MEDIA_TYPE in content:
                    response["content"] = problem
        return document


def api(version: str) -> FastAPI:
    app = Api(
        title=TITLE,
        version=version,
        description="Syncs conference programmes one way, from a source such as Sessionboard to a destination such as Gleanin.",
        docs_url=None,  # its pages load scripts from other sites
        redoc_url=None,
        generate_unique_id_function=_operation,
    )
    for part in (organizations, notices, mappings, syncing, records, people, portal, links, runs):
        app.include_router(part.routes)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for kind in HANDLED_ERRORS:
        app.add_exception_handler(kind, _handled)
    app.add_exception_handler(Exception, _internal_error)
    return app


def _operation(route: APIRoute) -> str:
    """Return the operation id of a route: its module and name, because several modules have a `read`."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name}"


def answer(problem: Problem) -> JSONResponse:
    return JSONResponse(problem.document, problem.status, problem.headers, media_type=MEDIA_TYPE)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Without the input, which may be a token.
    errors = tuple((".".join(map(str, problem["loc"])), problem["msg"]) for problem in error.errors())
    detail = "The request is not valid: " + "; ".join(f"{where}: {what}" for where, what in errors[:5])
    return answer(Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_request", detail, errors=errors[:50]))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:  # from the framework, for a body that is not text
        detail = "The request is not valid: its body cannot be read."
        return answer(Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_request", detail))
    response = answer(Problem(status, status.name.lower(), f"{status.phrase}."))
    response.headers.update(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return response


def _methods(request: Request) -> set[str]:
    """Return all methods of a path; the router reports only those of the first matching route."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.path and compile_path(route.path)[0].match(path)
        for method in route.methods or ()
    }


async def _handled(_: Request, error: Exception) -> JSONResponse:
    return answer(problem_of(error) or INTERNAL_ERROR)


async def _internal_error(_: Request, __: Exception) -> JSONResponse:
    return answer(INTERNAL_ERROR)  # `RequestLimits` logs it
