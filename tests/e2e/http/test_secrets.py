"""API keys, tokens and e-mails: how a key is shown, and where none of them may ever appear."""

import pytest

from tests.e2e.http.conftest import Served
from tests.support.http_fixtures import ADMIN, PASSWORD, REVOKED, STRANGER, VIEWER

WRONG = "wrong-horse-battery"


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "Bearer",
        "Bearer  x",
        "Basic {key}",
        "Token {key}",
        "{key}",
        "Bearer {key} x",
        "Bearer {key}, Bearer {key}",
        "Bearer " + "x" * 8000,
        "bearer\t{key}",
    ],
)
def test_an_api_key_is_shown_as_bearer_or_not_at_all(served: Served, shown: str) -> None:
    headers = {"Authorization": shown.format(key=served.key(ADMIN))}
    assert served.client().get("/organizations", headers=headers).status_code == 401


def test_an_api_key_opens_nothing_in_an_address_a_cookie_or_a_body(served: Served) -> None:
    key = served.key(ADMIN)
    for name in ("access_token", "api_key", "key", "token", "authorization"):
        assert served.client().get("/organizations", params={name: key}).status_code == 401
        assert served.client().get("/organizations", headers={"Cookie": f"{name}={key}"}).status_code == 401
        assert served.client().get("/organizations", headers={"X-Api-Key": key}).status_code == 401
    browser = served.browser()
    browser.headers["Authorization"] = f"Bearer {key}"
    assert browser.get("/organizations").headers["Location"].startswith("/sign-in")


def test_a_revoked_key_is_dead_at_once(fresh: Served) -> None:
    admin, viewer = fresh.client(ADMIN), fresh.client(VIEWER)
    assert viewer.get("/organizations").status_code == 200
    admin.delete(f"/organizations/{fresh.acme.organization}/api-keys/{fresh.acme.key}").raise_for_status()
    revoked = viewer.get("/organizations")
    assert revoked.status_code == 401
    never = fresh.client()
    never.headers["Authorization"] = "Bearer gls_never-was-one"
    assert (
        revoked.text == never.get("/organizations").text == fresh.client(REVOKED).get("/organizations").text
    )


@pytest.mark.usefixtures("everything_logged")
def test_rule_02_no_secret_and_no_e_mail_is_logged_whatever_is_asked(
    fresh: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    for email in (STRANGER, "nobody@example.org"):
        assert fresh.sign_in(fresh.browser(), email, WRONG).status_code == 401
    browser = fresh.browser(ADMIN)
    client, secret = fresh.client(ADMIN), "a-token-that-is-mistyped"
    client.get(f"/mappings/{fresh.acme.mapping}/records/grace@acme.example.org")
    client.put(f"/organizations/{fresh.acme.organization}/connection", json={"token": secret})
    client.put(f"/organizations/{fresh.acme.organization}/connection", json={"token": {"a": secret}})
    client.post(f"/mappings/{fresh.acme.mapping}/runs", json={}).raise_for_status()
    browser.get(f"/organizations/{fresh.acme.organization}/share-links")
    logged = "".join(capfd.readouterr())
    cookie = browser.cookies["gleanin_sync"]
    for hidden in ("@", secret, WRONG, PASSWORD, fresh.key(ADMIN), cookie, *cookie.split(".")):
        assert hidden not in logged


def test_rule_02_no_answer_repeats_a_token(served: Served) -> None:
    client, secret = served.client(ADMIN), "a-token-that-is-mistyped"
    url = f"/organizations/{served.acme.organization}"
    for path in (f"{url}/connection", f"{url}/sessionboard-token"):
        for body in (
            {"token": secret},
            {"token": [secret]},
            {"token": secret, secret: 1},
            {"token": secret * 300},
            {"token": secret + "\n"},
            [secret],
            secret,
        ):
            answer = client.put(path, json=body)
            assert answer.status_code in {422, 502}
            text = answer.text if not (isinstance(body, dict) and secret in body) else ""
            assert secret not in text, text
