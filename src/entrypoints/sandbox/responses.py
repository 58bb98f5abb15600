"""Responses and errors in the formats of Sessionboard, Gleanin and the control routes."""

import json
from enum import StrEnum
from http import HTTPStatus

from aiohttp import web

JSON = "application/json"


class Service(StrEnum):
    SESSIONBOARD = "sessionboard"
    GLEANIN = "gleanin"
    CONTROL = "sandbox"


def host_of(request: web.Request) -> str:
    """Return the host name of a request."""
    return request.host.rpartition(":")[0]


def json_bytes(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def answer(body: bytes | object, status: int = HTTPStatus.OK) -> web.Response:
    """Return a JSON response; bytes must already be JSON."""
    content = body if isinstance(body, bytes) else json_bytes(body)
    return web.Response(body=content, status=status, content_type=JSON)


def page_for_people(status: int, message: str) -> web.Response:
    """Return an HTML page, as from a proxy in front of an API."""
    title = f"{status} {HTTPStatus(status).phrase}"
    text = f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1><p>{message}</p></body></html>"
    return web.Response(text=text, status=status, content_type="text/html")


def refusal(side: Service, status: int, message: str, pointer: str | None = None) -> web.Response:
    if side is Service.GLEANIN:
        return gleanin_errors(status, [(pointer, message)])
    phrase = HTTPStatus(status).phrase.title().replace(" ", "")
    return answer({"error": f"{phrase.removesuffix('Error')}Error", "message": message}, status)


def gleanin_errors(status: int, error_details: list[tuple[str | None, str]]) -> web.Response:
    """Return errors in the format of JSON:API, from pairs of pointer and detail."""
    known = HTTPStatus(status)
    errors = [
        {
            "status": str(status),
            "code": known.name.lower(),
            "title": known.phrase,
            "detail": detail,
            **({"source": {"pointer": pointer}} if pointer else {}),
        }
        for pointer, detail in error_details
    ]
    return answer({"errors": errors}, status)
