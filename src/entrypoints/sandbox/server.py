"""Serves a world over HTTP: one port, both APIs and the control below their base paths."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web

from entrypoints.sandbox import control, gleanin, sessionboard
from entrypoints.sandbox.control import Control
from entrypoints.sandbox.fault_injection import FAULT_DECISION, FaultDecision, is_write
from entrypoints.sandbox.gleanin import EVENT, Gleanin
from entrypoints.sandbox.responses import Service, host_of, page_for_people, refusal
from entrypoints.sandbox.sessionboard import Sessionboard
from entrypoints.sandbox.state import Asked, SandboxState

JUNK = "<!doctype html><html><body><h1>We'll be back soon</h1></body></html>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A world that is being served."""

    url: str
    world: SandboxState

    @property
    def sessionboard_url(self) -> str:
        return self.url + sessionboard.BASE

    @property
    def gleanin_url(self) -> str:
        return self.url + gleanin.BASE

    @property
    def control_url(self) -> str:
        return self.url + control.BASE


@asynccontextmanager
async def serve(
    world: SandboxState, host: str = "127.0.0.1", port: int = 0, also: Sequence[str] = ()
) -> AsyncIterator[Sandbox]:
    """Serve a world until the block ends; port 0 takes a free one.

    Args:
        world: what is served.
        host: where.
        port: where.
        also: further hosts of this machine, with the same port.

    Raises:
        OSError: the port is taken.
    """
    # What was received is carried out although its client may have gone: so handlers are not cancelled.
    runner = web.AppRunner(
        application(world), access_log=None, shutdown_timeout=0.1, handler_cancellation=False
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        taken = runner.addresses[0][1]
        for each in also:
            await web.TCPSite(runner, each, taken).start()
        yield Sandbox(f"http://{host}:{taken}", world)
    finally:
        await runner.cleanup()


def application(world: SandboxState) -> web.Application:
    ours, theirs, steering = Gleanin(world), Sessionboard(world), Control(world)
    door = _Door(world, ours, theirs)
    # No limit for the control, which is given whole events; Gleanin has its own.
    app = web.Application(client_max_size=0, middlewares=[door.through])
    for side in (ours, theirs, steering):
        app.add_routes(side.routes())
    return app


@dataclass(frozen=True, slots=True)
class _Door:
    """What every request passes: it is counted, it meets its fate, its token is looked at."""

    world: SandboxState
    gleanin: Gleanin
    sessionboard: Sessionboard

    @web.middleware
    async def through(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        side = _side(request.path)
        self.world.gleanin.settle()
        if side is Service.CONTROL:
            return await _handled(side, request, handler)
        log = self.world.log
        log.in_flight += 1
        begun = self.world.clock()
        result: web.StreamResponse | None = None
        try:
            result = await self._answered(side, request, handler)
        finally:
            log.in_flight -= 1
            self._note(side, request, result, begun)
        # Into a connection that was cut, nothing goes out. StreamResponse may be falsy: it is a mapping.
        return web.Response() if result is None else result

    async def _answered(
        self, side: Service, request: web.Request, handler: Handler
    ) -> web.StreamResponse | None:
        """Give the answer, or None where the connection was cut."""
        try:
            # Before any wait: a client that is gone after it takes nothing back of what it sent.
            await request.read()
        except ConnectionError:
            return None  # it went before all was sent
        fate = self.world.troubles.fate(side, request.method)
        if fate.wait:
            await asyncio.sleep(fate.wait)
        if fate.stroke:
            return _struck(side, request, fate)
        if is_write(side, request.method) and _has_word(await request.read(), fate.forbidden):
            return _forbidden(side, fate)
        request[FAULT_DECISION] = fate
        guard = self.gleanin if side is Service.GLEANIN else self.sessionboard
        result: web.StreamResponse | None = guard.refuse(request)
        if result is None:
            result = await _handled(side, request, handler)
        if fate.wait_after:
            await asyncio.sleep(fate.wait_after)
        if fate.lost and is_write(side, request.method) and result.status < HTTPStatus.BAD_REQUEST:
            if fate.lost == "cut":
                _cut(request)
                return None
            return refusal(side, int(fate.lost), "Something went wrong.")
        result.headers.update(fate.headers)
        return result

    def _note(
        self, side: Service, request: web.Request, result: web.StreamResponse | None, begun: float
    ) -> None:
        log = self.world.log
        log.total += 1
        status = 0 if result is None else result.status
        resource = request.match_info.route.resource
        template = resource.canonical if resource else request.path
        log.by_template[f"{request.method} {template}"] += 1
        log.by_status[f"{side} {status}"] += 1
        log.last.append(
            Asked(
                n=log.total,
                begun=begun,
                at=self.world.clock(),
                host=host_of(request),
                side=side,
                method=request.method,
                path=request.path_qs,
                status=status,
                received=request.content_length or 0,
                sent=len(result.body)
                if isinstance(result, web.Response) and isinstance(result.body, bytes)
                else 0,
                event=request.get(EVENT),
            )
        )


def _side(path: str) -> Service:
    if path.startswith(gleanin.BASE):
        return Service.GLEANIN
    return Service.SESSIONBOARD if path.startswith(sessionboard.BASE) else Service.CONTROL


async def _handled(side: Service, request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except web.HTTPException as refused:  # no such route, no such method
        return refusal(side, refused.status, refused.reason)


def _struck(side: Service, request: web.Request, fate: FaultDecision) -> web.Response | None:
    match fate.stroke:
        case "cut":
            _cut(request)
            return None
        case "junk":
            return web.Response(text=JUNK, content_type="text/html")
        case "challenged":
            return page_for_people(fate.status, "Just a moment: please prove that you are human.")
        case "revoked":
            result = refusal(side, fate.status, "The token was revoked.")
        case "throttled":
            result = refusal(side, fate.status, "You have made too many requests. Please wait.")
        case _:
            result = refusal(side, fate.status, "Something went wrong.")
    result.headers.update(fate.headers)
    return result


def _has_word(body: bytes, words: Sequence[str]) -> bool:
    """Check whether a body has one of the words, however its JSON is escaped."""
    if not words:
        return False
    text = body.decode(errors="replace")
    with suppress(ValueError, RecursionError):
        text += json.dumps(json.loads(body), ensure_ascii=False)
    return any(word in text for word in words)


def _forbidden(side: Service, fate: FaultDecision) -> web.Response:
    message = "The request was blocked."
    if fate.forbidden_as == "json":
        return refusal(side, HTTPStatus.FORBIDDEN, message)
    return page_for_people(HTTPStatus.FORBIDDEN, message)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
