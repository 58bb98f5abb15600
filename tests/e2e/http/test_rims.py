"""Hostile requests: endless bodies, foreign host names, strange methods, odd paths."""

import socket
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import httpx
import pytest

from entrypoints.http.middleware.limits import CONTENT_SECURITY_POLICY, HEADERS, MAX_BODY_BYTES
from tests.e2e.http.conftest import Served
from tests.support.http_fixtures import ADMIN, EVERYWHERE
from tests.support.timeouts import WITHIN


def raw(served: Served, request: bytes) -> bytes:
    """Send raw bytes and return the whole response."""
    parts = urlsplit(served.url)
    with socket.create_connection((parts.hostname, parts.port), timeout=WITHIN) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe\x00",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b"1e999",
        b"NaN",
        b"9" * 60_000,
        b'{"name":1e400}',
    ],
    ids=lambda body: repr(body[:8]),
)
def test_a_body_that_is_no_document_is_refused_with_problem_details(served: Served, body: bytes) -> None:
    for content_type in (
        "application/json",
        "text/plain",
        "multipart/form-data",
        "",
        "application/x-www-form-urlencoded",
    ):
        answer = served.client(EVERYWHERE).post(
            "/organizations", content=body, headers={"Content-Type": content_type}
        )
        assert answer.status_code == 422
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=", b"--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nq\r\n--x--"),
        ("multipart/form-data; boundary=x", b"\x00" * 100),
        ("application/json", b"{}"),
        ("text/plain", b"csrf_token=x"),
        ("application/x-www-form-urlencoded", b"csrf_token=%ff%fe&csrf_token=x"),
        ("application/x-www-form-urlencoded", b"a=1&" * 5000),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="csrf_token"; filename="f"\r\n\r\nq\r\n--x--\r\n',
        ),
    ],
)
def test_a_form_that_is_none_is_refused(served: Served, content_type: str, body: bytes) -> None:
    for browser in (served.browser(), served.signed_in(ADMIN)):
        answer = browser.post("/sign-in", content=body, headers={"Content-Type": content_type})
        assert answer.status_code in {400, 403, 422}, answer.text
        assert_guarded(answer)


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 1024 + 1):
        yield b"x" * 1024


@pytest.mark.parametrize("path", ["/api/v1/organizations", "/sign-in", "/api/v1/no/such", "/no/such"])
def test_a_body_without_end_is_not_read(served: Served, path: str) -> None:
    headers = {
        "Authorization": f"Bearer {served.key(EVERYWHERE)}",
        "Content-Type": "application/x-www-form-urlencoded",
    }
    url = served.url + path
    declared = httpx.post(
        url, content=b"x" * (MAX_BODY_BYTES + 1), headers=headers, trust_env=False, timeout=WITHIN
    )
    assert declared.status_code == 413
    assert declared.json()["code"] == "too_large"
    assert_guarded(declared)
    in_chunks = httpx.post(
        url, content=chunks(MAX_BODY_BYTES), headers=headers, trust_env=False, timeout=WITHIN
    )
    # Where nobody reads the body, there is nothing to refuse.
    assert in_chunks.status_code == (404 if "no" in path else 413), in_chunks.text
    assert_guarded(in_chunks)


@pytest.mark.parametrize("length", ["-1", "x", "1" * 30, "0x10", "1_0", "٣", ""])
def test_a_length_that_is_none_is_refused(served: Served, length: str) -> None:
    request = (
        f"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
    )
    status = int(raw(served, request.encode()).split()[1])
    assert status in {400, 413}


def test_another_host_name_is_not_answered(served: Served) -> None:
    for host in (
        "evil.example.org",
        "127.0.0.1.evil.example.org",
        "evil.example.org:80",
        "",
        "127.0.0.1@evil.org",
        "a b",
    ):
        answer = raw(served, f"GET /sign-in HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert answer.split()[1] == b"400", host
        assert b"evil" not in answer


@pytest.mark.parametrize(
    "header", ["X-Forwarded-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override"]
)
def test_no_header_says_that_something_else_was_asked(served: Served, header: str) -> None:
    value = {"X-HTTP-Method-Override": "DELETE", "Forwarded": "host=evil.example.org"}.get(
        header, "/evil.example.org"
    )
    plain, with_header = (
        served.browser().get("/organizations", headers=more) for more in ({}, {header: value})
    )
    assert (plain.status_code, plain.headers["Location"]) == (
        with_header.status_code,
        with_header.headers["Location"],
    )


@pytest.mark.parametrize(
    "method", ["TRACE", "OPTIONS", "CONNECT", "PROPFIND", "PUT", "DELETE", "PATCH", "FOO"]
)
@pytest.mark.parametrize(
    "path", ["/sign-in", "/organizations", "/static/app.css", "/api/v1/organizations", "/metrics"]
)
def test_a_method_that_a_path_does_not_know_is_refused(served: Served, method: str, path: str) -> None:
    answer = raw(
        served,
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX-Echo: mirrored\r\n\r\n".encode(),
    )
    assert answer.split()[1] in {b"405", b"400"}
    assert b"mirrored" not in answer
    assert b"Access-Control" not in answer


def assert_guarded(answer: httpx.Response) -> None:
    for name, value in HEADERS.items():
        assert answer.headers.get(name) == value, name
    assert "server" not in answer.headers
    assert "x-powered-by" not in answer.headers


def test_every_kind_of_answer_keeps_browsers_strict(served: Served) -> None:
    browser, client = served.signed_in(ADMIN), served.client(ADMIN)
    run, organization = served.acme.run, served.acme.organization
    answers = [
        browser.get("/sign-in"),
        browser.get("/no/such/page"),
        browser.get("/organizations"),
        browser.post("/sign-in"),
        browser.request("PUT", "/sign-in"),
        browser.get("/static/app.css"),
        browser.get("/static/none.css"),
        browser.get("/static/app.js", headers={"Range": "bytes=0-3"}),
        browser.get("/healthz"),
        browser.get("/metrics"),
        browser.get(f"/runs/{run}"),
        browser.get(f"/runs/{run}/outcomes.csv"),
        browser.get(f"/runs/{run}/progress"),
        client.get(f"/runs/{run}/outcomes.csv"),
        client.get(f"/runs/{run}/progress"),
        client.get("/organizations"),
        client.get("/openapi.json"),
        client.get(f"/organizations/{organization}/none"),
        client.post("/organizations", content="{"),
        served.client().get("/organizations"),
        browser.get("/sign-in", headers={"Host": "evil.example.org"}),
        browser.get("/portal/none"),
    ]
    for answer in answers:
        assert_guarded(answer)
        static = answer.request.url.path.startswith("/static/")
        assert ("no-store" in answer.headers.get("Cache-Control", "")) is not static, answer.request.url
    assert "unsafe" not in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%252e%252e/app.py",
        "/static/..\\app.py",
        "/static/%5c..%5capp.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/vendor/../../app.py",
        "/static/",
        "/static/vendor",
        "/static/.%00/app.css",
    ],
)
def test_only_static_files_are_static(served: Served, path: str) -> None:
    answer = raw(served, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    assert answer.split()[1] in {b"404", b"400"}
    assert b"TrustedHost" not in answer
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "tail", ["\r\nX-Evil: 1", "\nX-Evil: 1", "%0d%0aX-Evil:%201", '"; filename="evil.exe', "\u2028"]
)
def test_nobody_puts_headers_into_an_answer(served: Served, tail: str) -> None:
    put, run = quote(tail, safe="%"), served.acme.run
    answers = [
        served.browser().get(f"/organizations/{put}"),
        served.browser().get(f"/sign-in?next=/{put}"),
        served.client(ADMIN).get(f"/runs/{run}/outcomes.csv?outcome={put}"),
        served.signed_in(ADMIN).get(f"/runs/{run}/outcomes.csv?outcome={put}"),
        served.signed_in(ADMIN).get(f"/organizations/{served.acme.organization}/events/{put}"),
    ]
    for answer in answers:
        assert "x-evil" not in answer.headers
        assert "evil" not in answer.headers.get("Content-Disposition", "")
        assert answer.status_code < 500
