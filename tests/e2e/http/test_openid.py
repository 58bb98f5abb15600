"""Signing in with a company's account, with a well-behaved and with a misbehaving provider."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.e2e.http.conftest import Served, served_from
from tests.support.http_fixtures import ADMIN, SeededDatabase
from tests.support.openid_provider import Misbehaviour, Person, Provider, another_key, serving

PUBLIC = "http://sync.example.org"
"""The public URL in the application's settings."""
CALLBACK = f"{PUBLIC}/sign-in/openid/callback"
NOT_VERIFIED = "could not be verified"
WRONG = {
    Misbehaviour.WRONG_ISSUER: (502, NOT_VERIFIED),
    Misbehaviour.WRONG_AUDIENCE: (502, NOT_VERIFIED),
    Misbehaviour.WRONG_NONCE: (502, NOT_VERIFIED),
    Misbehaviour.EXPIRED: (502, NOT_VERIFIED),
    Misbehaviour.UNKNOWN_KEY: (502, NOT_VERIFIED),
    Misbehaviour.FORGED: (502, NOT_VERIFIED),
    Misbehaviour.UNSIGNED: (502, NOT_VERIFIED),
    Misbehaviour.EMAIL_NOT_VERIFIED: (403, "has not verified your e-mail"),
    Misbehaviour.OTHER_EMAIL: (403, "There is no account for somebody.else@example.org"),
    Misbehaviour.ACCESS_DENIED: (403, "did not let you in, or you declined"),
}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with serving(person=Person(ADMIN)) as provider:
        yield provider


@contextmanager
def offering(
    seeded_database: SeededDatabase, folder: Path, provider: Provider, **more: str
) -> Iterator[Served]:
    settings = {
        "public_url": PUBLIC,
        "openid_issuer": provider.issuer,
        "openid_client_id": provider.client_id,
        "openid_client_secret": provider.client_secret,
        **more,
    }
    with served_from(seeded_database, folder, **settings) as served:
        yield served


@pytest.fixture
def served(seeded_database: SeededDatabase, tmp_path: Path, provider: Provider) -> Iterator[Served]:
    with offering(seeded_database, tmp_path, provider) as served:
        yield served


@pytest.fixture
def browser(served: Served) -> httpx.Client:
    return served.browser()


def at_provider(browser: httpx.Client, target: str = "/organizations") -> str:
    """Start a sign-in at the provider, and return the callback URL that it redirects to."""
    left = browser.get("/sign-in/openid", params={"next": target})
    assert left.status_code == 302, left.text
    answered = browser.get(left.headers["Location"])
    assert answered.status_code == 303
    back: str = answered.headers["Location"]
    assert back.startswith(CALLBACK)
    return back.removeprefix(PUBLIC)


def refused(response: httpx.Response, status: int, sentence: str) -> None:
    assert response.status_code == status
    assert sentence in response.text
    assert "<h1>Sign in</h1>" in response.text, "one can try in another way"


def is_signed_in(browser: httpx.Client) -> bool:
    return browser.get("/account").status_code == 200


def test_somebody_with_an_account_is_signed_in_and_gets_the_page_that_was_asked_for(
    browser: httpx.Client, provider: Provider
) -> None:
    assert "Sign in with your company" in browser.get("/sign-in").text
    back = at_provider(browser, "/account")
    (request,) = provider.authorization_requests
    assert request["redirect_uri"] == CALLBACK
    assert request["code_challenge_method"] == "S256"
    assert request["nonce"]
    assert request["state"]
    arrived = browser.get(back)
    assert (arrived.status_code, arrived.headers["Location"]) == (303, "/account")
    assert ADMIN in browser.get("/account").text


@pytest.mark.parametrize("misbehaviour", Misbehaviour)
def test_whatever_the_provider_does_wrong_nobody_is_signed_in(
    browser: httpx.Client,
    provider: Provider,
    capfd: pytest.CaptureFixture[str],
    misbehaviour: Misbehaviour,
) -> None:
    provider.misbehaviour = misbehaviour
    status, sentence = WRONG[misbehaviour]
    refused(browser.get(at_provider(browser)), status, sentence)
    assert not is_signed_in(browser)
    logged = "".join(capfd.readouterr())
    assert ADMIN not in logged
    assert "somebody.else" not in logged


@pytest.mark.parametrize("wanted", ["https://elsewhere.example/", "//elsewhere.example", "/" + "x" * 4000])
def test_nobody_is_sent_elsewhere(browser: httpx.Client, wanted: str) -> None:
    assert browser.get(at_provider(browser, wanted)).headers["Location"] == "/organizations"


def test_an_answer_serves_once(browser: httpx.Client) -> None:
    back = at_provider(browser)
    assert browser.get(back).status_code == 303
    refused(browser.get(back), 400, "was not started in this browser, or has already ended")


def test_an_answer_that_another_browser_brings_serves_nobody(browser: httpx.Client, served: Served) -> None:
    back = at_provider(browser)
    other = served.browser()
    refused(other.get(back), 400, "was not started in this browser")
    assert not is_signed_in(other)
    made_up = "/sign-in/openid/callback?code=a&state=b"
    refused(served.browser().get(made_up), 400, "was not started in this browser")
    refused(served.browser().get("/sign-in/openid/callback"), 400, "was not started in this browser")


def test_a_used_code_is_refused(browser: httpx.Client, provider: Provider) -> None:
    back = at_provider(browser)
    provider._grants.clear()
    refused(browser.get(back), 502, "refused the request")


def test_whoever_is_not_verified_may_not_pass_for_verified(browser: httpx.Client, provider: Provider) -> None:
    for verified in ("true", 1, None):
        provider.person = Person(ADMIN, email_verified=verified)  # type: ignore[arg-type]
        refused(browser.get(at_provider(browser)), 403, "has not verified")


def test_a_provider_that_offers_no_signature_is_not_taken_at_its_word(
    browser: httpx.Client, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = provider.discovery() | {"id_token_signing_alg_values_supported": ["none", "HS256", "RS256"]}
    monkeypatch.setattr(Provider, "discovery", lambda _: dict(document))
    provider.misbehaviour = Misbehaviour.UNSIGNED
    refused(browser.get(at_provider(browser)), 502, NOT_VERIFIED)
    provider.misbehaviour = None
    assert browser.get(at_provider(browser)).status_code == 303


def test_what_somebody_put_into_the_browser_before_does_not_stay(browser: httpx.Client) -> None:
    browser.get("/sign-in")
    before = browser.cookies["gleanin_sync"]
    browser.get(at_provider(browser))
    browser.get("/account")
    assert browser.cookies["gleanin_sync"] != before


def test_a_wrong_client_secret_is_told_to_nobody(
    seeded_database: SeededDatabase, tmp_path: Path, provider: Provider
) -> None:
    with offering(seeded_database, tmp_path, provider, openid_client_secret="wrong") as served:
        browser = served.browser()
        refused(browser.get(at_provider(browser)), 502, "refused the request")


def test_a_provider_that_goes_by_another_name_is_not_trusted(
    seeded_database: SeededDatabase, tmp_path: Path, provider: Provider
) -> None:
    real, provider.issuer = provider.issuer, "https://another-issuer.example"
    with offering(seeded_database, tmp_path, provider, openid_issuer=real) as served:
        refused(served.browser().get("/sign-in/openid"), 502, "reports a different issuer")


def test_a_provider_without_tls_is_not_asked(
    seeded_database: SeededDatabase, tmp_path: Path, provider: Provider
) -> None:
    with served_from(
        seeded_database,
        tmp_path,
        allow_private_addresses=False,
        openid_issuer=provider.issuer,
        openid_client_id="a",
        openid_client_secret="b",
    ) as served:
        refused(served.browser().get("/sign-in/openid"), 502, "does not begin with https")


def test_a_provider_that_is_down_keeps_nobody_from_the_other_way(
    seeded_database: SeededDatabase, tmp_path: Path
) -> None:
    with serving() as gone:
        pass
    with offering(seeded_database, tmp_path, gone) as served:
        browser = served.browser()
        refused(browser.get("/sign-in/openid"), 503, "cannot be reached")
        assert served.sign_in(browser, ADMIN).status_code == 303


def test_it_is_offered_only_when_all_of_it_is_set(
    seeded_database: SeededDatabase, tmp_path: Path, provider: Provider
) -> None:
    with served_from(
        seeded_database, tmp_path, openid_issuer=provider.issuer, openid_client_id="half"
    ) as served:
        browser = served.browser()
        assert "your company" not in browser.get("/sign-in").text
        assert browser.get("/sign-in/openid").status_code == 404
        assert browser.get("/sign-in/openid/callback").status_code == 404


def test_the_address_to_come_back_to_does_not_follow_the_host_header(
    browser: httpx.Client, served: Served
) -> None:
    port = urlsplit(served.url).port
    left = browser.get("/sign-in/openid", headers={"Host": f"localhost:{port}"})
    query = parse_qs(urlsplit(left.headers["Location"]).query)
    assert query["redirect_uri"] == [CALLBACK]


def test_from_the_second_time_on_the_subject_counts_and_not_the_email(
    browser: httpx.Client, served: Served, provider: Provider
) -> None:
    assert browser.get(at_provider(browser)).status_code == 303
    provider.person = Person("ada.married@example.org", email_verified=False, subject=Person(ADMIN).sub)
    again = served.browser()
    assert again.get(at_provider(again)).status_code == 303
    assert ADMIN in again.get("/account").text
    provider.person = Person(ADMIN, subject="somebody-else")
    other = served.browser()
    refused(other.get(at_provider(other)), 403, "is bound to another identity at your company")
    assert not is_signed_in(other)


@pytest.mark.parametrize(
    "query", ["", "?code=a&state=b", "?error=access_denied", "?code=a", "?state=b&error=x"]
)
def test_a_forged_answer_causes_no_request_to_the_provider(
    served: Served, browser: httpx.Client, provider: Provider, query: str
) -> None:
    for one in (served.browser(), browser):
        refused(one.get(f"/sign-in/openid/callback{query}"), 400, "was not started in this browser")
    assert not provider.requests
    at_provider(browser)
    provider.requests.clear()
    refused(browser.get(f"/sign-in/openid/callback{query}"), 400, "was not started in this browser")
    assert not provider.requests


def test_the_provider_describes_itself_once_for_many(served: Served, provider: Provider) -> None:
    for _ in range(3):
        one = served.browser()
        assert one.get(at_provider(one)).status_code == 303
    with ThreadPoolExecutor(8) as pool:
        browsers = [served.browser() for _ in range(8)]
        assert {*pool.map(lambda one: one.get("/sign-in/openid").status_code, browsers)} == {302}
    assert provider.requests["/.well-known/openid-configuration"] == 1
    assert provider.requests["/jwks"] == 1


def test_a_key_that_is_not_known_yet_is_asked_for(
    served: Served, browser: httpx.Client, provider: Provider
) -> None:
    assert browser.get(at_provider(browser)).status_code == 303
    provider.new_key = another_key()
    later = served.browser()
    assert later.get(at_provider(later)).status_code == 303
    assert provider.requests["/jwks"] == 2
    assert provider.requests["/.well-known/openid-configuration"] == 1
