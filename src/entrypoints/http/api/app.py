"""The JSON API as an application of its own, with its OpenAPI document and its problem details."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from entrypoints.http.api import mappings, notices, organizations, people, records, runs, syncing
from entrypoints.http.problems import HANDLED_ERRORS, INTERNAL_ERROR, MEDIA_TYPE, Problem, problem_of

TITLE = "gleanin-sync"


class Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Give the document without what the framework adds.

        It gives problems the route's media type too, and event streams a keyword that only OpenAPI 3.2 knows.
        """
        document = super().openapi()
        problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for operation in (each for path in document["paths"].values() for each in path.values()):
            for told in operation["responses"].values():
                content = told.get("content", {})
                content.get("text/event-stream", {}).pop("itemSchema", None)
                if MEDIA_TYPE in content:
                    told["content"] = problem
        return document


def api(version: str) -> FastAPI:
    app = Api(
        title=TITLE,
        version=version,
        description="Syncs conference programmes one way, from Sessionboard to Gleanin.",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=_operation,
    )
    for part in (organizations, notices, mappings, syncing, records, people, runs):
        app.include_router(part.routes)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for kind in HANDLED_ERRORS:
        app.add_exception_handler(kind, _told)
    app.add_exception_handler(Exception, _fault)
    return app


def _operation(route: APIRoute) -> str:
    """Name a route for the OpenAPI document, by its part of the API: several parts have a `read`."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name}"


def answer(problem: Problem) -> JSONResponse:
    return JSONResponse(problem.document, problem.status, problem.headers, media_type=MEDIA_TYPE)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # Where and what, and not what was given: it may be a token.
    errors = tuple((".".join(map(str, each["loc"])), each["msg"]) for each in error.errors())
    said = "The request cannot be understood: " + "; ".join(f"{where}: {what}" for where, what in errors[:5])
    return answer(Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_request", said, errors=errors[:50]))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    if status is HTTPStatus.BAD_REQUEST:  # the framework's, for a body that is no text
        said = "The request cannot be understood: its body cannot be read."
        return answer(Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "bad_request", said))
    response = answer(Problem(status, status.name.lower(), f"{status.phrase}."))
    response.headers.update(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(sorted(_methods(request)))
    return response


def _methods(request: Request) -> set[str]:
    """Give all methods that can be asked of a path: the router names those of its first route only."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    return {
        method
        for route in iter_route_contexts(request.app.routes)
        if route.path and compile_path(route.path)[0].match(path)
        for method in route.methods or ()
    }


async def _told(_: Request, error: Exception) -> JSONResponse:
    return answer(problem_of(error) or INTERNAL_ERROR)


async def _fault(_: Request, __: Exception) -> JSONResponse:
    return answer(INTERNAL_ERROR)  # the guards log it
