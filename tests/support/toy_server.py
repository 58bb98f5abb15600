"""A stand-in for the systems of the toy plug-ins: the toy box, which is read, and the toy shelf, which is written to."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.support.timeouts import join

TOKEN = "toy-token"
Row = dict[str, Any]


class Refused(Exception):
    def __init__(self, status: HTTPStatus) -> None:
        super().__init__(status.phrase)
        self.status = status


@dataclass
class ToyState:
    """What both systems contain."""

    box: dict[str, Row] = field(default_factory=dict)
    """Source events by id; the lists of rows of each stand in it under their names."""
    shelves: dict[str, Row] = field(default_factory=dict)
    """Destination events by id; the lists of records likewise."""
    writes: list[tuple[str, str, Row]] = field(default_factory=list)
    """The method, the path and the body of each."""
    reads: list[str] = field(default_factory=list)
    """The path of each."""
    required: dict[str, dict[str, str]] = field(default_factory=dict)
    """Headers that each request must have, by the first part of its path; of others, only the token."""
    notes: list[str] = field(default_factory=list)
    """What requests have in a header of their own."""

    def check(self, path: str, headers: Message) -> None:
        required = self.required.get(path.split("/")[1], {"Authorization": f"Token {TOKEN}"})
        if any(headers.get(name) != value for name, value in required.items()):
            raise Refused(HTTPStatus.UNAUTHORIZED)
        if note := headers.get("X-Note"):
            self.notes.append(note)

    def records(self, shelf: str, type_: str) -> list[Row]:
        rows: list[Row] = self.shelves[shelf].setdefault(type_, [])
        return rows

    def read(self, parts: list[str], query: dict[str, str]) -> object:
        match parts:
            case ["box", "events"]:
                rows = [_without_lists(event) for event in self.box.values()]
                return _page(rows, parts, query)
            case ["box", "events", event, name] if event in self.box:
                return _page(self.box[event].get(name, []), parts, query)
            case ["shelf", "shelves"]:
                return [_without_lists(shelf) for shelf in self.shelves.values()]
            case ["shelf", "shelves", shelf, type_] if shelf in self.shelves:
                return self.records(shelf, type_)
        raise Refused(HTTPStatus.NOT_FOUND)

    def write(self, method: str, parts: list[str], body: Row) -> Row:
        self.writes.append((method, "/".join(parts), body))
        match method, parts:
            case "POST", ["shelf", "shelves", shelf, type_] if shelf in self.shelves:
                record = {"id": f"{type_}-{len(self.records(shelf, type_)) + 1}", **body}
                self.records(shelf, type_).append(record)
                return record
            case "PATCH", ["shelf", "shelves", shelf, type_, record_id] if shelf in self.shelves:
                for record in self.records(shelf, type_):
                    if record["id"] == record_id:
                        record.update(body)
                        return record
        raise Refused(HTTPStatus.NOT_FOUND)


@dataclass(frozen=True)
class ToyServer:
    state: ToyState
    url: str

    @property
    def box_url(self) -> str:
        return f"{self.url}/box"

    @property
    def shelf_url(self) -> str:
        return f"{self.url}/shelf"


@contextmanager
def serving_toys(state: ToyState) -> Iterator[ToyServer]:
    """Serve both systems on a free port from a thread until the block ends."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(state)) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="toys", daemon=True)
        thread.start()
        try:
            yield ToyServer(state, f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            join(thread)


def _handler(state: ToyState) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5
        """Seconds that an idle connection is kept."""

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_PATCH(self) -> None:
            self._answer()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Log nothing."""

        def _answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                with lock:
                    status, document = HTTPStatus.OK, self._document(content)
            except Refused as refused:
                status, document = refused.status, {"error": refused.status.phrase}
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _document(self, content: bytes) -> object:
            url = urlsplit(self.path)
            state.check(url.path, self.headers)
            parts, query = url.path.strip("/").split("/"), dict(parse_qsl(url.query))
            if self.command == "GET":
                state.reads.append(url.path)
                host = f"http://{self.headers['Host']}"
                return state.read(parts, {**query, "host": host})
            return state.write(self.command, parts, json.loads(content))

    return Handler


def _page(rows: list[Row], parts: list[str], query: dict[str, str]) -> Row:
    """Return one page of rows, with an absolute link to the next one."""
    size, start = int(query.get("size", 100)), int(query.get("start", 0))
    end = start + size
    further = f"{query['host']}/{'/'.join(parts)}?{urlencode({'size': size, 'start': end})}"
    return {"rows": rows[start:end], "next": further if end < len(rows) else None}


def _without_lists(event: Row) -> Row:
    return {name: value for name, value in event.items() if not isinstance(value, list)}
