"""Form errors appear beside the field that they are about, and nowhere else."""

import html
import re
from collections.abc import Mapping

import httpx
import pytest

from core.domain.access.authorization import Actor
from core.usecases.access.create_sign_up_link import CreateSignUpLink
from core.usecases.access.remove_account import RemoveAccount
from entrypoints.container import Container
from entrypoints.sandbox.state import SESSIONBOARD_TOKEN
from tests.e2e.http.conftest import Served
from tests.e2e.http.pages import post
from tests.support.http_fixtures import ADMIN, EVERYWHERE, PASSWORD, ROLES

_ERROR = re.compile(
    r'id="field-([\w-]+)-error">.*?<span class="sr-only">Error: </span>(.*?)</span>', re.DOTALL
)


def errors_in(page: httpx.Response) -> dict[str, str]:
    return {name: html.unescape(text) for name, text in _ERROR.findall(page.text)}


NEW_ORGANIZATION = {
    "name": "New",
    "region": "",
    "sessionboard_url": "https://api.example.org",
    "token": "a-token-of-theirs",
}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"token": "a b"}, "token"),
        ({"sessionboard_url": ""}, "region"),
        ({"sessionboard_url": "http://api.example.org"}, "sessionboard_url"),
        ({"sessionboard_url": "nonsense"}, "sessionboard_url"),
    ],
)
def test_an_organization_that_cannot_be_added(served: Served, wrong: Mapping[str, str], field: str) -> None:
    at = "/organizations/new"
    answer = post(served.signed_in(EVERYWHERE), at, **{**NEW_ORGANIZATION, **wrong})
    assert answer.status_code == 422
    assert [*errors_in(answer)] == [field]
    assert f'href="#field-{field}"' in answer.text
    assert "Enter it again" in answer.text


def test_an_organization_whose_name_or_token_is_not_taken(served: Served) -> None:
    at, url = "/organizations/new", served.seeded_database.sandbox.sessionboard_url
    own = {**NEW_ORGANIZATION, "sessionboard_url": url}
    refused = post(served.signed_in(EVERYWHERE), at, **own)
    assert [*errors_in(refused)] == ["token"]
    known = {**own, "name": "Acme", "token": SESSIONBOARD_TOKEN}
    assert [*errors_in(post(served.signed_in(EVERYWHERE), at, **known))] == ["name"]


@pytest.mark.parametrize(
    ("present", "new", "field"), [(PASSWORD, "short", "new_password"), ("no", PASSWORD, "present_password")]
)
def test_a_password_that_is_not_changed(served: Served, present: str, new: str, field: str) -> None:
    browser = served.signed_in(EVERYWHERE)
    answer = post(browser, "/account/password", page="/account", present_password=present, new_password=new)
    assert [*errors_in(answer)] == [field]


def test_too_many_attempts_concern_the_present_password(fresh: Served) -> None:
    browser = fresh.browser(ADMIN)
    fields = {"present_password": "no", "new_password": PASSWORD}
    answers = [post(browser, "/account/password", page="/account", **fields) for _ in range(6)]
    assert answers[-1].status_code == 429
    assert [*errors_in(answers[-1])] == ["present_password"]


@pytest.mark.parametrize(
    ("fields", "field"), [({"role": "nonsense", "name": "Good"}, "role"), ({"role": "viewer"}, "name")]
)
def test_an_api_key_that_cannot_be_made(served: Served, fields: Mapping[str, str], field: str) -> None:
    at = f"/organizations/{served.acme.organization}/settings"
    assert [*errors_in(post(served.signed_in(ADMIN), f"{at}/api-keys", page=at, **fields))] == [field]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"channel": "pigeon", "address": "https://x.example.org"}, "channel"),
        ({"channel": "email", "address": "ops@example.org"}, "channel"),
        ({"channel": "webhook", "address": "nonsense"}, "address"),
    ],
)
def test_a_recipient_that_cannot_be_one(served: Served, fields: Mapping[str, str], field: str) -> None:
    at = f"/organizations/{served.acme.organization}/settings"
    assert [*errors_in(post(served.signed_in(ADMIN), f"{at}/notices", page=at, **fields))] == [field]


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [("ada@example.org", "short", "password"), ("nonsense", PASSWORD, "email")],
)
def test_a_first_account_that_cannot_be_made(fresh: Served, email: str, password: str, field: str) -> None:
    browser, at = fresh.browser(), f"/sign-up/{fresh.running.ask(_without_accounts)}"
    answer = post(browser, at, email=email, password=password)
    assert answer.status_code == 422
    assert [*errors_in(answer)] == [field]
    assert f'href="#field-{field}"' in answer.text


async def _without_accounts(container: Container) -> str:
    for email in ROLES:
        await container.resolve(RemoveAccount)(email, actor=Actor("test"))
    offered = await container.resolve(CreateSignUpLink)()
    assert offered
    return offered
