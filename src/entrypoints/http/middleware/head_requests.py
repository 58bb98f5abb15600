"""HEAD requests, answered like GET without the body."""

import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Event streams, and links that work once and would be used up: both need a client that reads the response.
_GET_ONLY = re.compile(r".*/progress|/sign-in/.*")


class HeadRequests:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"
        if not is_head or _GET_ONLY.fullmatch(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def without_body(message: Message) -> None:
            is_body = message["type"] == "http.response.body"
            await send({**message, "body": b""} if is_body else message)

        await self._app({**scope, "method": "GET"}, receive, without_body)
