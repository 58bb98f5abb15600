"""Serve a sandbox over HTTP: one port, with both APIs and the control routes below their base paths."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import ClientSession, web

from entrypoints.sandbox import control, gleanin, sessionboard
from entrypoints.sandbox.control import Control
from entrypoints.sandbox.fault_injection import FAULT_DECISION, FaultDecision, is_write
from entrypoints.sandbox.gleanin import EVENT, Gleanin
from entrypoints.sandbox.responses import Service, host_of, page_for_people, refusal
from entrypoints.sandbox.sessionboard import Sessionboard
from entrypoints.sandbox.sessionboard_fields import FieldRoutes
from entrypoints.sandbox.sessionboard_writes import RecordRoutes
from entrypoints.sandbox.state import LoggedRequest, SandboxState
from entrypoints.sandbox.write_control import WriteControl
from entrypoints.sandbox.write_hooks import TIMEOUT, background

JUNK = "<!doctype html><html><body><h1>We'll be back soon</h1></body></html>"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that is being served."""

    url: str
    state: SandboxState

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
    state: SandboxState, host: str = "127.0.0.1", port: int = 0, also: Sequence[str] = ()
) -> AsyncIterator[Sandbox]:
    """Serve a sandbox until the block ends.

    Args:
        state: the state to serve.
        host: the host to listen on.
        port: the port to listen on; 0 chooses a free one.
        also: additional hosts of this machine, with the same port.

    Raises:
        OSError: the port is in use.
    """
    # Do not cancel handlers: a received request is executed even if its client disconnects.
    runner = web.AppRunner(
        application(state), access_log=None, shutdown_timeout=0.1, handler_cancellation=False
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        await site.start()
        taken = runner.addresses[0][1]
        for extra_host in also:
            await web.TCPSite(runner, extra_host, taken).start()
        async with background(asyncio.create_task(_send_hooks(state))):
            yield Sandbox(f"http://{host}:{taken}", state)
    finally:
        await runner.cleanup()


async def _send_hooks(state: SandboxState) -> None:
    """Send webhooks, one after the other."""
    async with ClientSession(timeout=TIMEOUT) as http:
        while True:
            event = await state.sessionboard.hooks.next()
            programme = state.programmes.get(event.event_id)
            row = programme.record(event.feed, event.record_id) if programme else None
            if row is not None:
                await state.sessionboard.hooks.send(http, event.body(row.whole))


def application(state: SandboxState) -> web.Application:
    gleanin_api, sessionboard_api = Gleanin(state), Sessionboard(state)
    gateway = _Gateway(state, gleanin_api, sessionboard_api)
    # No limit for the control routes, which receive whole events; Gleanin has its own limit.
    app = web.Application(client_max_size=0, middlewares=[gateway.handle])
    for service in (
        gleanin_api,
        sessionboard_api,
        FieldRoutes(state),
        RecordRoutes(state),
        Control(state),
        WriteControl(state),
    ):
        app.add_routes(service.routes())
    return app


@dataclass(frozen=True, slots=True)
class _Gateway:
    """Middleware for every request: log it, apply faults, check the token."""

    state: SandboxState
    gleanin: Gleanin
    sessionboard: Sessionboard

    @web.middleware
    async def handle(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        side = _side(request.path)
        self.state.gleanin.settle()
        if side is Service.CONTROL:
            return await _handled(side, request, handler)
        log = self.state.log
        log.in_flight += 1
        begun = self.state.clock()
        result: web.StreamResponse | None = None
        try:
            result = await self._answered(side, request, handler)
        finally:
            log.in_flight -= 1
            self._note(side, request, result, begun)
        # After a cut nothing is sent. Compare with None: a StreamResponse is a mapping and may be falsy.
        return web.Response() if result is None else result

    async def _answered(
        self, side: Service, request: web.Request, handler: Handler
    ) -> web.StreamResponse | None:
        """Return the response, or None if the connection was cut."""
        try:
            # Before any delay: a client that disconnects later has still sent its request.
            await request.read()
        except ConnectionError:
            return None  # disconnected before the request was complete
        decision = self.state.faults.decide(side, request.method, request.path)
        if decision.wait:
            await asyncio.sleep(decision.wait)
        if decision.effect:
            return _fault_response(side, request, decision)
        writes = is_write(side, request.method, request.path)
        if side is Service.GLEANIN and writes and _has_word(await request.read(), decision.forbidden):
            return _forbidden(side, decision)
        request[FAULT_DECISION] = decision
        guard = self.gleanin if side is Service.GLEANIN else self.sessionboard
        result: web.StreamResponse | None = guard.refuse(request)
        if result is None:
            result = await _handled(side, request, handler)
        if decision.wait_after:
            await asyncio.sleep(decision.wait_after)
        if decision.lost and writes and result.status < HTTPStatus.BAD_REQUEST:
            if decision.lost == "cut":
                _cut(request)
                return None
            return refusal(side, int(decision.lost), "Something went wrong.")
        result.headers.update(decision.headers)
        return result

    def _note(
        self, side: Service, request: web.Request, result: web.StreamResponse | None, begun: float
    ) -> None:
        log = self.state.log
        log.total += 1
        status = 0 if result is None else result.status
        resource = request.match_info.route.resource
        template = resource.canonical if resource else request.path
        log.by_template[f"{request.method} {template}"] += 1
        log.by_status[f"{side} {status}"] += 1
        log.last.append(
            LoggedRequest(
                n=log.total,
                begun=begun,
                at=self.state.clock(),
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
    except web.HTTPException as refused:  # unknown route or method
        return refusal(side, refused.status, refused.reason)


def _fault_response(side: Service, request: web.Request, decision: FaultDecision) -> web.Response | None:
    match decision.effect:
        case "cut":
            _cut(request)
            return None
        case "junk":
            return web.Response(text=JUNK, content_type="text/html")
        case "challenged":
            return page_for_people(decision.status, "Just a moment: please prove that you are human.")
        case "revoked":
            result = refusal(side, decision.status, "The token was revoked.")
        case "throttled":
            result = refusal(side, decision.status, "You have made too many requests. Please wait.")
        case _:
            result = refusal(side, decision.status, "Something went wrong.")
    result.headers.update(decision.headers)
    return result


def _has_word(body: bytes, words: Sequence[str]) -> bool:
    """Check whether a body contains one of the words, regardless of JSON escapes."""
    if not words:
        return False
    text = body.decode(errors="replace")
    with suppress(ValueError, RecursionError):
        text += json.dumps(json.loads(body), ensure_ascii=False)
    return any(word in text for word in words)


def _forbidden(side: Service, decision: FaultDecision) -> web.Response:
    message = "The request was blocked."
    if decision.forbidden_as == "json":
        return refusal(side, HTTPStatus.FORBIDDEN, message)
    return page_for_people(HTTPStatus.FORBIDDEN, message)


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
