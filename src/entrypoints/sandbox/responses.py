"""Answers and errors as each side words them."""

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
    """Give the host name that was asked."""
    return request.host.rpartition(":")[0]


def json_bytes(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def answer(body: bytes | object, status: int = HTTPStatus.OK) -> web.Response:
    """Give a JSON answer; bytes are taken as JSON already."""
    content = body if isinstance(body, bytes) else json_bytes(body)
    return web.Response(body=content, status=status, content_type=JSON)


def page_for_people(status: int, message: str) -> web.Response:
    """Return an HTML page, as something in front of an API does."""
    title = f"{status} {HTTPStatus(status).phrase}"
    text = f"<!doctype html><html><head><title>{title}</title></head><body><h1>{title}</h1><p>{message}</p></body></html>"
    return web.Response(text=text, status=status, content_type="text/html")


def refusal(side: Service, status: int, message: str, pointer: str | None = None) -> web.Response:
    if side is Service.GLEANIN:
        return gleanin_errors(status, [(pointer, message)])
    phrase = HTTPStatus(status).phrase.title().replace(" ", "")
    return answer({"error": f"{phrase.removesuffix('Error')}Error", "message": message}, status)


def gleanin_errors(status: int, complaints: list[tuple[str | None, str]]) -> web.Response:
    """Word errors as JSON:API does; each complaint is (pointer, detail)."""
    known = HTTPStatus(status)
    errors = [
        {
            "status": str(status),
            "code": known.name.lower(),
            "title": known.phrase,
            "detail": detail,
            **({"source": {"pointer": pointer}} if pointer else {}),
        }
        for pointer, detail in complaints
    ]
    return answer({"errors": errors}, status)
