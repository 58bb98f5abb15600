"""A receiver of webhooks, which keeps what it was sent."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.support.timeouts import WITHIN, join


class Hook(HTTPServer):
    taken: list[Any]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class WebhookHandler(BaseHTTPRequestHandler):
    server: Hook
    timeout = WITHIN

    def do_POST(self) -> None:
        self.server.taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class ServerOnAnyPort(Hook):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), WebhookHandler)
        self.taken = []


@pytest.fixture
def hook() -> Iterator[Hook]:
    with ServerOnAnyPort() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        join(thread)
