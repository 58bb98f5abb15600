"""The provider for tests keeps to the standard where it is not told otherwise."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from tests.support.openid_provider import Misbehaviour, Person, Provider, challenge_of, serving
from tests.support.timeouts import WITHIN

VERIFIER = "a-verifier-that-is-long-enough-for-the-standard"
REDIRECT_URI = "http://localhost:1/callback?from=provider"
ADA = Person("ada@example.org")


@dataclass
class Client:
    """What an application does, by hand."""

    provider: Provider
    http: httpx.Client
    query: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.query = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": REDIRECT_URI,
            "scope": "openid email",
            "state": "a state&more",
            "nonce": "a nonce",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }

    def answer(self, **changed: str) -> dict[str, str]:
        """Ask for authorization and give what the browser brings back."""
        response = self.http.get("/authorize", params={**self.query, **changed})
        assert response.status_code == 303
        return brought_back(response.headers["Location"])

    def exchange(self, code: str, secret: str | None = None, **changed: str) -> httpx.Response:
        name = quote_plus(self.provider.client_id)
        secret = quote_plus(secret or self.provider.client_secret)
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
        }
        return self.http.post("/token", data={**form, **changed}, auth=(name, secret))

    def claims(self) -> dict[str, Any]:
        """Sign in and give the claims of the id token, whose signature is verified."""
        id_token = self.exchange(self.answer()["code"]).json()["id_token"]
        keys = KeySet.import_key_set(self.http.get("/jwks").json())
        return jwt.decode(id_token, keys, algorithms=["RS256"]).claims


def brought_back(url: str) -> dict[str, str]:
    assert url.startswith(REDIRECT_URI)
    return {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving(person=ADA) as provider:
        yield provider


@pytest.fixture
def client(provider: Provider) -> Iterator[Client]:
    with httpx.Client(base_url=provider.issuer, timeout=WITHIN) as http:
        yield Client(provider, http)


def test_it_tells_where_its_endpoints_are(client: Client) -> None:
    document = client.http.get("/.well-known/openid-configuration").json()
    assert document["issuer"] == client.provider.issuer
    assert document["token_endpoint"] == f"{client.provider.issuer}/token"
    (key,) = client.http.get(document["jwks_uri"]).json()["keys"]
    assert key["kid"]
    assert "d" not in key, "the private part"


def test_a_person_signs_in(client: Client) -> None:
    answer = client.answer()
    assert answer.keys() == {"from", "code", "state"}
    assert answer["state"] == "a state&more"
    claims = client.claims()
    assert claims["exp"] > time.time()
    assert {**claims, "iat": 0, "exp": 0} == {
        "iss": client.provider.issuer,
        "sub": ADA.sub,
        "aud": client.provider.client_id,
        "iat": 0,
        "exp": 0,
        "nonce": "a nonce",
        "email": "ada@example.org",
        "email_verified": True,
    }
    assert client.provider.authorization_requests[0]["scope"] == "openid email"


def test_without_a_person_a_form_asks_who_it_is(client: Client) -> None:
    client.provider.person = None
    form = client.http.get("/authorize", params=client.query)
    assert 'value="a state&amp;more"' in form.text
    sent = client.http.post("/authorize", data={**client.query, "email": "bo@example.org"})
    code = brought_back(sent.headers["Location"])["code"]
    assert client.exchange(code).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"code_verifier": "another verifier"},
        {"code_verifier": ""},
        {"redirect_uri": "http://localhost:1/elsewhere"},
        {"code": "another code"},
    ],
)
def test_a_code_is_refused_if_the_exchange_does_not_fit(client: Client, changed: dict[str, str]) -> None:
    refused = client.exchange(**{"code": client.answer()["code"], **changed})
    assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})


def test_a_code_is_refused_the_second_time(client: Client) -> None:
    code = client.answer()["code"]
    assert client.exchange(code).status_code == 200
    assert client.exchange(code).json() == {"error": "invalid_grant"}


def test_a_code_is_not_given_to_somebody_without_the_secret(client: Client) -> None:
    code = client.answer()["code"]
    refused = client.exchange(code, secret="guessed")
    assert (refused.status_code, refused.json()) == (401, {"error": "invalid_client"})
    assert client.http.post("/token", data={"code": code}).status_code == 401
    assert client.http.post("/token", headers={"Authorization": "Basic ?"}).status_code == 401


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
    ],
)
def test_an_authorization_request_that_lacks_something_is_sent_back(
    client: Client, changed: dict[str, str], error: str
) -> None:
    assert client.answer(**changed)["error"] == error


@pytest.mark.parametrize("changed", [{"client_id": "another"}, {"redirect_uri": "javascript:alert()"}])
def test_an_unknown_client_is_not_sent_back(client: Client, changed: dict[str, str]) -> None:
    refused = client.http.get("/authorize", params={**client.query, **changed})
    assert refused.status_code == 400


@pytest.mark.parametrize(
    ("misbehaviour", "claims"),
    [
        (Misbehaviour.WRONG_ISSUER, {"iss": "https://another-issuer.example"}),
        (Misbehaviour.WRONG_AUDIENCE, {"aud": "another-client"}),
        (Misbehaviour.WRONG_NONCE, {"nonce": "another-nonce"}),
        (Misbehaviour.EMAIL_NOT_VERIFIED, {"email_verified": False}),
        (Misbehaviour.OTHER_EMAIL, {"email": "somebody.else@example.org"}),
    ],
)
def test_it_tells_wrong_claims_on_request(
    client: Client, misbehaviour: Misbehaviour, claims: dict[str, Any]
) -> None:
    right = client.claims()
    client.provider.misbehaviour = misbehaviour
    wrong = client.claims()
    assert {
        name: wrong[name] for name in right if name not in {"iat", "exp"} and wrong[name] != right[name]
    } == claims


def test_it_gives_an_expired_token_on_request(client: Client) -> None:
    client.provider.misbehaviour = Misbehaviour.EXPIRED
    assert client.claims()["exp"] < time.time()


@pytest.mark.parametrize(
    ("misbehaviour", "error"),
    [
        (Misbehaviour.UNKNOWN_KEY, InvalidKeyIdError),
        (Misbehaviour.FORGED, BadSignatureError),
        (Misbehaviour.UNSIGNED, JoseError),
    ],
)
def test_it_gives_a_token_that_nobody_should_trust_on_request(
    client: Client, misbehaviour: Misbehaviour, error: type[Exception]
) -> None:
    client.provider.misbehaviour = misbehaviour
    with pytest.raises(error):
        client.claims()


def test_the_person_says_no_on_request(client: Client) -> None:
    client.provider.misbehaviour = Misbehaviour.ACCESS_DENIED
    answer = client.answer()
    assert answer["error"] == "access_denied"
    assert "code" not in answer
