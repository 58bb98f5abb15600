"""Slow clients and many clients against a real server: they are cut off in time and do not affect others."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse

from entrypoints.http.connections import OpenConnections, ServerLimits, network_of
from entrypoints.http.server import Server, ServerConfig
from tests.support.timeouts import WITHIN, until

HASTY = ServerLimits(request_seconds=0.2, stalled_seconds=0.2)
PATIENT = ServerLimits(request_seconds=3600, stalled_seconds=3600)
HALF_A_HEAD = b"GET /small HTTP/1.1\r\nHost: x\r\nX-Fil"
WHOLE = b"GET /small HTTP/1.1\r\nHost: x\r\n\r\n"
HALF_A_BODY = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n0123456789"
MEBIBYTE = bytes(2**20)


def application() -> FastAPI:
    app = FastAPI()
    app.state.left = asyncio.Event()

    @app.get("/small")
    async def small() -> Response:
        return Response(b"small")

    @app.post("/echo")
    async def echo(request: Request) -> Response:
        return Response(await request.body())

    @app.get("/large")
    async def large() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield MEBIBYTE
                    await asyncio.sleep(0)
            finally:
                app.state.left.set()

        return StreamingResponse(pieces())

    return app


class Clients:
    """Opens sockets to a server, with a timeout for every read."""

    def __init__(self, config: ServerConfig, port: int, app: FastAPI) -> None:
        self.config, self.port, self.app = config, port, app

    async def send(self, data: bytes, source: str = "127.0.0.1") -> "Client":
        async with asyncio.timeout(WITHIN):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", self.port, local_addr=(source, 0), limit=2**16
            )
        writer.write(data)
        return Client(reader, writer)

    async def is_served(self, source: str = "127.0.0.1") -> bool:
        client = await self.send(WHOLE.replace(b"Host", b"Connection: close\r\nHost"), source)
        return (await client.rest()).endswith(b"small")


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def rest(self) -> bytes:
        """Return everything received until the server closes the connection."""
        try:
            async with asyncio.timeout(WITHIN):
                return await self.reader.read(-1)
        except ConnectionError:
            return b""
        finally:
            self.writer.close()

    async def dribble_until_cut_off(self) -> None:
        """Send single bytes until the server closes the connection."""

        async def dribble() -> None:
            while True:
                self.writer.write(b"a")
                await asyncio.sleep(0.01)

        dribbling = asyncio.create_task(dribble())
        await self.rest()
        dribbling.cancel()
        await asyncio.gather(dribbling, return_exceptions=True)

    async def answer(self) -> bytes:
        async with asyncio.timeout(WITHIN):
            return await self.reader.readuntil(b"small")


@asynccontextmanager
async def served(limits: ServerLimits) -> AsyncIterator[Clients]:
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        app = application()
        config = ServerConfig(app, limits, seconds_to_end=1)
        server = Server(config)
        serving = asyncio.ensure_future(server._serve([listener]))
        await until(lambda: server.started or serving.done())
        try:
            yield Clients(config, listener.getsockname()[1], app)
        finally:
            server.should_exit = True
            await serving


@contextmanager
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Treat the local address like any other."""
    with monkeypatch.context() as changed:
        changed.setenv("FORWARDED_ALLOW_IPS", "192.0.2.1")
        yield


async def test_who_does_not_complete_a_head_is_told_and_cut_off() -> None:
    async with served(HASTY) as clients:
        assert (await (await clients.send(HALF_A_HEAD)).rest()).startswith(
            b"HTTP/1.1 408 Request Timeout\r\n"
        )


async def test_who_sends_nothing_is_cut_off() -> None:
    async with served(HASTY) as clients:
        assert await (await clients.send(b"")).rest() == b""


async def test_one_byte_after_another_gives_no_more_time() -> None:
    async with served(HASTY) as clients:
        client = await clients.send(HALF_A_HEAD)
        await client.dribble_until_cut_off()


async def test_who_does_not_complete_a_body_is_told_and_cut_off() -> None:
    async with served(HASTY) as clients:
        assert (await (await clients.send(HALF_A_BODY)).rest()).startswith(b"HTTP/1.1 408 ")
        await until(lambda: not len(clients.config.open))


async def test_the_second_request_of_a_connection_has_its_deadline_too() -> None:
    async with served(HASTY) as clients:
        client = await clients.send(WHOLE)
        await client.answer()
        client.writer.write(HALF_A_HEAD)
        assert (await client.rest()).startswith(b"HTTP/1.1 408 ")


async def test_who_goes_on_sending_after_the_answer_is_cut_off() -> None:
    async with served(HASTY) as clients:
        client = await clients.send(b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n")
        await client.dribble_until_cut_off()


async def test_who_does_not_read_an_answer_is_cut_off() -> None:
    async with served(HASTY) as clients:
        client = await clients.send(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        await asyncio.wait_for(clients.app.state.left.wait(), WITHIN)
        await until(lambda: not len(clients.config.open))
        client.writer.close()


async def test_requests_that_were_sent_half_do_not_keep_others_out() -> None:
    async with served(ServerLimits(connections=10, request_seconds=3600)) as clients:
        slow = [await clients.send(HALF_A_HEAD) for _ in range(50)]
        assert await clients.is_served()
        assert len(clients.config.open) <= 10
        for each in slow:
            each.writer.close()


async def test_bodies_that_were_sent_half_do_not_keep_others_out_for_long() -> None:
    async with served(ServerLimits(connections=10, request_seconds=0.5)) as clients:
        slow = [await clients.send(HALF_A_BODY) for _ in range(50)]
        async with asyncio.timeout(WITHIN):
            while not await clients.is_served():  # noqa: ASYNC110 - it raises no event
                await asyncio.sleep(0.05)
        for each in slow:
            each.writer.close()


async def test_who_comes_when_all_are_busy_is_told() -> None:
    async with served(ServerLimits(connections=1, request_seconds=3600)) as clients:
        busy = await clients.send(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        async with asyncio.timeout(WITHIN):
            await busy.reader.readexactly(1000)
        assert (await (await clients.send(WHOLE)).rest()).startswith(b"HTTP/1.1 503 ")
        busy.writer.close()


async def test_one_address_does_not_have_the_connections_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with no_proxy(monkeypatch):
        limits = ServerLimits(connections=20, connections_per_address=2, request_seconds=3600)
        async with served(limits) as clients:
            slow = [await clients.send(HALF_A_BODY, "127.0.0.2") for _ in range(20)]
            for _ in range(3):
                assert await clients.is_served("127.0.0.3")
            assert len(clients.config.open) <= 3
            for each in slow:
                each.writer.close()


async def test_a_proxy_is_no_address_like_others() -> None:
    async with served(ServerLimits(connections_per_address=1, request_seconds=3600)) as clients:
        busy = [await clients.send(HALF_A_BODY) for _ in range(5)]
        await until(lambda: len(clients.config.open) == 5)
        assert await clients.is_served()
        for each in busy:
            each.writer.close()


async def test_a_whole_request_is_served_however_it_is_cut_into_pieces() -> None:
    async with served(PATIENT) as clients:
        client = await clients.send(b"")
        for each in WHOLE + WHOLE:
            client.writer.write(bytes([each]))
            await client.writer.drain()
        await client.answer()
        await client.answer()
        client.writer.close()


class FakeConnection:
    ended = False

    def make_room(self) -> None:
        self.ended = True


def test_the_one_that_has_waited_longest_makes_room() -> None:
    connections = OpenConnections(ServerLimits(connections=2))
    first, second, third = FakeConnection(), FakeConnection(), FakeConnection()
    for each in (first, second):
        assert connections.admit(each, None)
        connections.mark_waiting(each)
    connections.mark_waiting(first)  # for another request
    assert connections.admit(third, None)
    assert (first.ended, second.ended, len(connections)) == (False, True, 2)
    connections.mark_busy(first)
    assert not connections.admit(FakeConnection(), None)


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::ffff:1", "2001:db8::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("somewhere", "somewhere"),
    ],
)
def test_a_network_of_ipv6_is_one_address(host: str, network: str) -> None:
    assert network_of(host) == network
