"""A page as the browser would get it now, requested while another request is answered."""

from urllib.parse import unquote

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import Message, Scope

from entrypoints.http.pages.local_urls import is_local

MOST_REDIRECTS = 3
_OF_THE_FORM = (b"content-", b"transfer-encoding", b"hx-")


async def page_at(request: Request, url: str) -> str | None:
    """Return the HTML of a page of ours, for the same session; None where there is none to be shown."""
    for _ in range(1 + MOST_REDIRECTS):
        answer = _Answer()
        try:
            await request.app.router(_scope(request, url), _nothing, answer.take)
        except HTTPException:  # there is no such page
            return None
        leads_to = answer.headers.get("location", "")
        if not (300 <= answer.status < 400 and is_local(leads_to)):  # noqa: PLR2004 - redirects
            return answer.body.decode() if answer.is_page and answer.status == 200 else None  # noqa: PLR2004
        url = leads_to.partition("#")[0]
    return None


class _Answer:
    def __init__(self) -> None:
        self.status = 0
        self.headers = Headers()
        self.is_page = False
        self.body = b""

    async def take(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], Headers(raw=message["headers"])
            self.is_page = self.headers.get("content-type", "").startswith("text/html")
        elif self.is_page:
            self.body += message.get("body", b"")


def _scope(request: Request, url: str) -> Scope:
    path, _, query = url.partition("?")
    headers = [each for each in request.headers.raw if not each[0].lower().startswith(_OF_THE_FORM)]
    mine = {
        key: value for key, value in request.scope.items() if key not in {"path_params", "route", "endpoint"}
    }
    return {
        **mine,
        "method": "GET",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": headers,
    }


async def _nothing() -> Message:
    # There is no client to stream events to: such an answer ends at once.
    return {"type": "http.disconnect"}
