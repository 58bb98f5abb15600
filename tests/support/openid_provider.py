"""A small OpenID Connect provider for tests, which violates the standard on request."""

import base64
import binascii
import hashlib
import html
import json
import secrets
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.support.timeouts import join

LIFETIME = 300
"""Seconds that an id token is valid."""

FORM = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Sign in</title></head>
<body><main>
<h1>Sign in</h1>
<form method="post" action="/authorize">
{hidden}
<p><label>E-mail <input type="email" name="email" required autocomplete="email"></label></p>
<p><button>Sign in</button></p>
</form>
</main></body>
</html>"""


class Misbehaviour(Enum):
    """What the provider does wrong; by default it follows the standard."""

    WRONG_ISSUER = auto()
    WRONG_AUDIENCE = auto()
    WRONG_NONCE = auto()
    EXPIRED = auto()
    UNKNOWN_KEY = auto()
    FORGED = auto()
    """Signed with another key, under the id of the right one."""
    UNSIGNED = auto()
    EMAIL_NOT_VERIFIED = auto()
    OTHER_EMAIL = auto()
    ACCESS_DENIED = auto()
    """The person declines: the response to the authorization request is an error."""


@dataclass(frozen=True, slots=True)
class Person:
    email: str
    email_verified: bool = True
    subject: str | None = None

    @property
    def sub(self) -> str:
        return self.subject or hashlib.sha256(self.email.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Grant:
    """The request for which a code was issued."""

    person: Person
    redirect_uri: str
    nonce: str | None
    challenge: str


class Refused(Exception):
    """A request that a provider must refuse, with the name of the error in the standard."""

    def __init__(self, error: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(error)
        self.error = error
        self.status = status


@dataclass(slots=True)
class Provider:
    """A provider that is being served; its behaviour can be changed at any time."""

    issuer: str
    client_id: str = "gleanin-sync"
    client_secret: str = "a secret: of/the+client"  # with characters that must be encoded in a header
    person: Person | None = None
    """The person who is signed in already; by default a form asks."""
    misbehaviour: Misbehaviour | None = None
    authorization_requests: list[dict[str, str]] = field(default_factory=list)
    """The authorization requests received."""
    requests: Counter[str] = field(default_factory=Counter)
    """The number of requests by path."""
    is_down: bool = False
    """Whether every response is a 503."""
    new_key: RSAKey | None = None
    """Replaces the signing key, and is then the only one published."""
    _grants: dict[str, Grant] = field(default_factory=dict)

    @property
    def key(self) -> RSAKey:
        return self.new_key or signing_key()

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email"],
            "claims_supported": ["sub", "email", "email_verified"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, request: dict[str, str], person: Person) -> str:
        """Return the URL to redirect to, with a code.

        Raises:
            Refused: the request is not from the client, so there is no trusted URL.
        """
        self.check(request)
        if self.misbehaviour is Misbehaviour.ACCESS_DENIED:
            return self._redirect_url(request, error="access_denied")
        if request.get("response_type") != "code":
            return self._redirect_url(request, error="unsupported_response_type")
        if "openid" not in request.get("scope", "").split():
            return self._redirect_url(request, error="invalid_scope")
        if request.get("code_challenge_method") != "S256" or not request.get("code_challenge"):
            return self._redirect_url(request, error="invalid_request")
        code = secrets.token_urlsafe()
        self._grants[code] = Grant(
            person, request["redirect_uri"], request.get("nonce"), request["code_challenge"]
        )
        return self._redirect_url(request, code=code)

    def check(self, request: dict[str, str]) -> None:
        """Check that an authorization request comes from the client.

        Raises:
            Refused: it does not.
        """
        if request.get("client_id") != self.client_id:
            raise Refused("unauthorized_client")
        if not request.get("redirect_uri", "").startswith(("http://", "https://")):
            raise Refused("invalid_request")

    def exchange(self, authorization: str, request: dict[str, str]) -> dict[str, Any]:
        """Return the tokens for a code, which works once.

        Raises:
            Refused: the client is not the right one, or the code was not issued for this request.
        """
        if _basic(authorization) != (self.client_id, self.client_secret):
            raise Refused("invalid_client", HTTPStatus.UNAUTHORIZED)
        if request.get("grant_type") != "authorization_code":
            raise Refused("unsupported_grant_type")
        grant = self._grants.pop(request.get("code", ""), None)
        if (
            not grant
            or grant.redirect_uri != request.get("redirect_uri")
            or grant.challenge != challenge_of(request.get("code_verifier", ""))
        ):
            raise Refused("invalid_grant")
        return {
            "access_token": secrets.token_urlsafe(),
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "id_token": self._id_token(grant),
        }

    def _redirect_url(self, request: dict[str, str], **answer: str) -> str:
        if "state" in request:
            answer["state"] = request["state"]
        uri = request["redirect_uri"]
        return f"{uri}{'&' if urlsplit(uri).query else '?'}{urlencode(answer)}"

    def _id_token(self, grant: Grant) -> str:
        misbehaviour = self.misbehaviour
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "sub": grant.person.sub,
            "aud": self.client_id,
            "iat": now,
            "exp": now + LIFETIME,
            "email": grant.person.email,
            "email_verified": grant.person.email_verified,
        }
        if grant.nonce is not None:
            claims["nonce"] = grant.nonce
        match misbehaviour:
            case Misbehaviour.WRONG_ISSUER:
                claims["iss"] = "https://another-issuer.example"
            case Misbehaviour.WRONG_AUDIENCE:
                claims["aud"] = "another-client"
            case Misbehaviour.WRONG_NONCE:
                claims["nonce"] = "another-nonce"
            case Misbehaviour.EXPIRED:
                claims |= {"iat": now - 2 * 3600, "exp": now - 3600}
            case Misbehaviour.EMAIL_NOT_VERIFIED:
                claims["email_verified"] = False
            case Misbehaviour.OTHER_EMAIL:
                claims["email"] = "somebody.else@example.org"
            case Misbehaviour.UNSIGNED:
                return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{_encoded(claims)}."
        key = another_key() if misbehaviour in {Misbehaviour.UNKNOWN_KEY, Misbehaviour.FORGED} else self.key
        published = another_key() if misbehaviour is Misbehaviour.UNKNOWN_KEY else self.key
        return jwt.encode({"alg": "RS256", "kid": published.kid}, claims, key)


@cache
def signing_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


@cache
def another_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, 4.2)."""
    return _base64(hashlib.sha256(verifier.encode()).digest())


def _encoded(part: dict[str, Any]) -> str:
    return _base64(json.dumps(part).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _basic(authorization: str) -> tuple[str, str] | None:
    """Return the client id and secret of the header, which are form-encoded (RFC 6749, 2.3.1)."""
    scheme, _, value = authorization.partition(" ")
    try:
        name, colon, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if scheme.lower() != "basic" or not colon:
        return None
    return unquote_plus(name), unquote_plus(secret)


class Handler(BaseHTTPRequestHandler):
    server: "Server"

    @property
    def provider(self) -> Provider:
        return self.server.provider

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        self.provider.requests[url.path] += 1
        if self.provider.is_down:
            self._json(HTTPStatus.SERVICE_UNAVAILABLE, {"error": "temporarily_unavailable"})
            return
        match url.path:
            case "/.well-known/openid-configuration":
                self._json(HTTPStatus.OK, self.provider.discovery())
            case "/jwks":
                self._json(HTTPStatus.OK, {**KeySet([self.provider.key]).as_dict(private=False)})
            case "/authorize":
                self._authorize(_single(url.query))
            case _:
                self._json(HTTPStatus.NOT_FOUND, {"error": "not_found"})

    def do_POST(self) -> None:
        self.provider.requests[self.path] += 1
        body = _single(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())
        try:
            match self.path:
                case "/authorize":
                    self._redirect(self.provider.authorize(body, Person(body.get("email", ""))))
                case "/token":
                    tokens = self.provider.exchange(self.headers.get("Authorization", ""), body)
                    self._json(HTTPStatus.OK, tokens)
                case _:
                    self._json(HTTPStatus.NOT_FOUND, {"error": "not_found"})
        except Refused as refused:
            self._json(refused.status, {"error": refused.error})

    def _authorize(self, request: dict[str, str]) -> None:
        self.provider.authorization_requests.append(request)
        try:
            self.provider.check(request)
            if self.provider.person:
                self._redirect(self.provider.authorize(request, self.provider.person))
            else:
                self._form(request)
        except Refused as refused:
            self._json(refused.status, {"error": refused.error})

    def _form(self, request: dict[str, str]) -> None:
        hidden = "\n".join(
            f'<input type="hidden" name="{html.escape(name)}" value="{html.escape(value)}">'
            for name, value in request.items()
        )
        self._answer(HTTPStatus.OK, "text/html; charset=utf-8", FORM.format(hidden=hidden))

    def _redirect(self, url: str) -> None:
        self.send_response(HTTPStatus.SEE_OTHER)
        self.send_header("Location", url)
        self.end_headers()

    def _json(self, status: HTTPStatus, document: dict[str, Any]) -> None:
        self._answer(status, "application/json", json.dumps(document))

    def _answer(self, status: HTTPStatus, content_type: str, body: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Cache-Control", "no-store")
        if status is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", "Basic")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        pass


class Server(ThreadingHTTPServer):
    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.provider = Provider(f"http://127.0.0.1:{self.server_port}")


@contextmanager
def serving(
    person: Person | None = None, misbehaviour: Misbehaviour | None = None, port: int = 0
) -> Iterator[Provider]:
    """Serve a provider from a thread until the block ends; port 0 selects a free port."""
    with Server(port) as server:
        server.provider.person = person
        server.provider.misbehaviour = misbehaviour
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="openid")
        thread.start()
        try:
            yield server.provider
        finally:
            server.shutdown()
            join(thread)


def _single(form: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(form, keep_blank_values=True).items()}
