"""Permissions of the JSON API: every route, for every role, with own, foreign and unknown ids.

A new route has no expectation and fails here until it has one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from core.domain.access.authorization import Permission
from entrypoints.http.api.app import api
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN
from tests.e2e.http.conftest import Served
from tests.support.http_fixtures import (
    ACME_EVENT,
    ADMIN,
    EVERYWHERE,
    FREE_EVENT,
    REVOKED,
    STRANGER,
    STRANGER_EVENT,
    SUPPORT,
    VIEWER,
    Tenant,
)
from tests.support.timeouts import WITHIN

UNKNOWN = Tenant("unknownorg12", "unknownmap12", "unknownrun12", "person-0", "unknownkey12")


@dataclass(frozen=True, slots=True)
class Expected:
    right: Permission
    status: int
    """The expected response with the permission."""
    body: Any = None
    query: str = ""


READ, SYNC, MANAGE = Permission.READ, Permission.SYNC, Permission.MANAGE
ORGANIZATION, MAPPING, RUN = "/organizations/{organization_id}", "/mappings/{mapping_id}", "/runs/{run_id}"
PERSON = MAPPING + "/people/{kind}/{source_id}/portal-address"
EXPECTED = {
    f"GET {ORGANIZATION}": Expected(READ, 200),
    f"PUT {ORGANIZATION}/sessionboard-token": Expected(MANAGE, 200, {"token": SESSIONBOARD_TOKEN}),
    f"GET {ORGANIZATION}/connection": Expected(READ, 200),
    f"PUT {ORGANIZATION}/connection": Expected(MANAGE, 200, {"token": GLEANIN_TOKEN}),
    f"GET {ORGANIZATION}/events": Expected(READ, 200),
    f"GET {ORGANIZATION}/api-keys": Expected(MANAGE, 200),
    f"POST {ORGANIZATION}/api-keys": Expected(MANAGE, 201, {"name": "Another", "role": "viewer"}),
    f"GET {ORGANIZATION}/audit-log": Expected(READ, 200),
    f"GET {ORGANIZATION}/notices": Expected(MANAGE, 200),
    f"PUT {ORGANIZATION}/notices": Expected(
        MANAGE, 200, {"channel": "webhook", "address": "https://hooks.example.org/sync"}
    ),
    f"DELETE {ORGANIZATION}/notices": Expected(MANAGE, 204),
    f"GET {ORGANIZATION}/mappings": Expected(READ, 200),
    f"POST {ORGANIZATION}/mappings": Expected(
        MANAGE, 404, {"sessionboard_event": "no-such-event", "gleanin_event": "no-such-event"}
    ),
    f"GET {MAPPING}": Expected(READ, 200),
    f"PATCH {MAPPING}": Expected(MANAGE, 200, {"moderators": True}),
    f"POST {MAPPING}/preview": Expected(READ, 200, {}),
    f"POST {MAPPING}/runs": Expected(SYNC, 202, {}),
    f"GET {MAPPING}/runs": Expected(READ, 200),
    f"GET {MAPPING}/records/{{record_id}}": Expected(READ, 200),
    f"GET {MAPPING}/share-links": Expected(READ, 200),
    f"GET {MAPPING}/share-links.csv": Expected(READ, 200),
    f"POST {PERSON}": Expected(MANAGE, 201),
    f"DELETE {PERSON}": Expected(MANAGE, 204),
    f"GET {MAPPING}/portal-addresses": Expected(MANAGE, 200),
    f"GET {MAPPING}/portal-addresses.csv": Expected(MANAGE, 200),
    f"POST {MAPPING}/portal-addresses": Expected(MANAGE, 200, {"all": True}),
    f"POST {MAPPING}/portal-addresses/revoke": Expected(MANAGE, 200, {"all": True}),
    f"GET {MAPPING}/link-fields": Expected(MANAGE, 200),
    f"POST {MAPPING}/link-fields": Expected(MANAGE, 200, {"name": "Twitter handle"}),
    f"GET {MAPPING}/write-back": Expected(READ, 409),
    f"POST {MAPPING}/write-back": Expected(MANAGE, 409),
    f"GET {RUN}": Expected(READ, 200),
    f"GET {RUN}/progress": Expected(READ, 200),
    f"GET {RUN}/outcomes": Expected(READ, 200),
    f"GET {RUN}/outcomes.csv": Expected(READ, 200),
    f"GET {RUN}/links": Expected(READ, 200),
    # What spoils the rest comes last.
    f"DELETE {ORGANIZATION}/api-keys/{{key_id}}": Expected(MANAGE, 204),
    f"DELETE {MAPPING}": Expected(MANAGE, 204),
    f"DELETE {ORGANIZATION}/connection": Expected(MANAGE, 422, query="?confirm=wrong"),
    f"DELETE {ORGANIZATION}": Expected(MANAGE, 409, query="?confirm=wrong"),
}
OF_NO_ORGANIZATION = {
    "GET /organizations": "lists what each may read; tested by itself",
    "POST /organizations": "is for admins of all; tested by itself",
    "GET /openapi.json": "is for everybody: it has no data",
}
ROUTES = pytest.mark.parametrize("route", EXPECTED)


def ask(client: httpx.Client, route: str, tenant: Tenant) -> httpx.Response:
    method, path = route.split()
    expected = EXPECTED[route]
    filled = path.format(
        organization_id=tenant.organization,
        mapping_id=tenant.mapping,
        run_id=tenant.run,
        key_id=tenant.key,
        record_id=tenant.person,
        source_id=tenant.person,
        kind="speaker",
    )
    return client.request(method, filled + expected.query, json=expected.body)


def without_ids(answer: httpx.Response, tenant: Tenant) -> tuple[int, str, dict[str, str]]:
    """Return the parts of a response that must not depend on the requested id."""
    text = answer.text
    for id_ in (tenant.organization, tenant.mapping, tenant.run, tenant.key):
        text = text.replace(id_, "ID")
    headers = {
        name: value for name, value in answer.headers.items() if name not in {"date", "content-length"}
    }
    return answer.status_code, text, headers


def test_every_route_of_the_api_has_an_expectation() -> None:
    routes = {
        f"{method} {context.path}"
        for context in iter_route_contexts(api("0").routes)
        for method in (context.methods or set()) - {"HEAD"}
    }
    assert routes == EXPECTED.keys() | OF_NO_ORGANIZATION.keys()


@ROUTES
@pytest.mark.parametrize("role", [None, REVOKED])
def test_nobody_is_told_nothing(served: Served, route: str, role: str | None) -> None:
    answers = [ask(served.client(role), route, tenant) for tenant in (served.acme, UNKNOWN)]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answers[0].text == answers[1].text


@ROUTES
def test_a_browser_that_is_signed_in_is_nobody_to_the_api(served: Served, route: str) -> None:
    browser = served.signed_in(ADMIN)
    with_cookies = httpx.Client(
        base_url=served.client().base_url, cookies=browser.cookies, trust_env=False, timeout=WITHIN
    )
    with with_cookies:
        assert ask(with_cookies, route, served.acme).status_code == 401


@ROUTES
@pytest.mark.parametrize("role", [ADMIN, VIEWER, STRANGER])
def test_what_is_a_strangers_is_answered_like_what_does_not_exist(
    served: Served, route: str, role: str
) -> None:
    client = served.client(role)
    other = served.acme if role == STRANGER else served.stranger
    strange, unknown = ask(client, route, other), ask(client, route, UNKNOWN)
    assert strange.status_code == 404
    assert without_ids(strange, other) == without_ids(unknown, UNKNOWN)


@ROUTES
def test_a_viewer_reads_and_changes_nothing(served: Served, route: str) -> None:
    expected = EXPECTED[route]
    answer = ask(served.client(VIEWER), route, served.acme)
    assert answer.status_code == (expected.status if expected.right is READ else 403), answer.text


@ROUTES
def test_support_reads_everything_and_starts_syncs_only(served: Served, route: str) -> None:
    expected = EXPECTED[route]
    for tenant in (served.acme, served.stranger):
        answer = ask(served.client(SUPPORT), route, tenant)
        assert answer.status_code == (403 if expected.right is MANAGE else expected.status), answer.text


@pytest.mark.parametrize("role", [ADMIN, EVERYWHERE])
def test_an_admin_may_do_everything(fresh: Served, role: str) -> None:
    answers = {route: ask(fresh.client(role), route, fresh.acme) for route in EXPECTED}
    assert {route: answer.status_code for route, answer in answers.items()} == {
        route: expected.status for route, expected in EXPECTED.items()
    }


def listed(served: Served, role: str) -> set[str]:
    answer = served.client(role).get("/organizations").raise_for_status()
    return {item["name"] for item in answer.json()["items"]}


def test_each_sees_the_organizations_of_their_own(served: Served) -> None:
    assert {role: listed(served, role) for role in (ADMIN, VIEWER, STRANGER)} == {
        ADMIN: {"Acme"},
        VIEWER: {"Acme"},
        STRANGER: {"Stranger"},
    }
    assert {"Acme", "Stranger"} <= listed(served, SUPPORT) & listed(served, EVERYWHERE)


@pytest.mark.parametrize("role", [ADMIN, VIEWER, SUPPORT, STRANGER])
def test_only_an_admin_of_all_adds_organizations_and_a_name_that_is_taken_is_told_to_no_other(
    served: Served, role: str
) -> None:
    new = {"name": "Stranger", "token": SESSIONBOARD_TOKEN, "sessionboard_url": "https://x.example.org"}
    taken, free = (
        served.client(role).post("/organizations", json=new | {"name": name}) for name in ("Stranger", "Free")
    )
    assert taken.status_code == free.status_code == 403
    assert taken.text == free.text


def test_a_key_of_one_organization_cannot_be_revoked_through_another(served: Served) -> None:
    own, strange = (
        served.client(ADMIN).delete(f"/organizations/{served.acme.organization}/api-keys/{key}")
        for key in (UNKNOWN.key, served.stranger.key)
    )
    assert own.status_code == strange.status_code == 404
    assert own.text.replace(UNKNOWN.key, "ID") == strange.text.replace(served.stranger.key, "ID")
    assert served.client(STRANGER).get("/organizations").status_code == 200


def test_a_key_makes_no_key_that_may_more_than_itself(served: Served) -> None:
    url = f"/organizations/{served.acme.organization}/api-keys"
    assert served.client(ADMIN).post(url, json={"name": "Mine", "role": "support"}).status_code == 422
    made = served.client(ADMIN).post(url, json={"name": "Mine", "role": "admin"}).raise_for_status().json()
    assert made["organization_id"] == served.acme.organization


def everything(served: Served, role: str) -> Iterator[tuple[str, str]]:
    """Read everything about Acme that a role may read."""
    for route, expected in EXPECTED.items():
        if route.startswith("GET") or route.endswith("/preview"):
            answer = ask(served.client(role), route, served.acme)
            assert answer.status_code == expected.status
            yield route, answer.text + str(answer.headers)
    yield "organizations", served.client(role).get("/organizations").text
    yield "metrics", served.browser().get("/metrics").text


def test_nothing_that_an_admin_reads_tells_that_there_is_another_organization(served: Served) -> None:
    served.client(STRANGER).get(f"/runs/{served.stranger.run}").raise_for_status()
    strange = re.compile(
        "|".join(["(?i:stranger)", "Sten", *(getattr(served.stranger, part) for part in Tenant.__slots__)])
    )
    for route, text in everything(served, ADMIN):
        found = strange.search(text)
        assert not found, (route, found)


def test_rule_04_whose_mapping_holds_an_event_is_nobodys_business(served: Served) -> None:
    client = served.client(ADMIN)
    url = f"/organizations/{served.acme.organization}"
    events = client.get(f"{url}/events").raise_for_status().json()
    there = next(event for event in events["gleanin"] if event["name"] == "Other Days")
    assert (there["mappable"], there["why_not"], there["only_with"]) == (False, "already mapped", "")
    taken = client.post(
        f"{url}/mappings", json={"sessionboard_event": str(FREE_EVENT), "gleanin_event": there["id"]}
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "already_mapped")
    assert "Stranger" not in taken.text


def test_rule_05_what_a_strangers_event_was_synced_with_is_nobodys_business(fresh: Served) -> None:
    fresh.client(STRANGER).delete(f"/mappings/{fresh.stranger.mapping}").raise_for_status()
    client, url = fresh.client(ADMIN), f"/organizations/{fresh.acme.organization}"
    events = client.get(f"{url}/events").raise_for_status().json()
    held = [
        event
        for side in ("sessionboard", "gleanin")
        for event in events[side]
        if event["name"] == "Other Days"
    ]
    assert [(each["why_not"], each["only_with"]) for each in held] == [("already mapped", "")] * 2
    free = next(event["id"] for event in events["gleanin"] if event["name"] == "Free Days")
    taken = client.post(
        f"{url}/mappings", json={"sessionboard_event": str(STRANGER_EVENT), "gleanin_event": free}
    )
    assert (taken.status_code, taken.json()["code"]) == (409, "already_mapped")


def test_rule_11_a_mapping_that_was_removed_is_not_synced(fresh: Served) -> None:
    client, url = fresh.client(ADMIN), f"/mappings/{fresh.acme.mapping}"
    client.delete(url).raise_for_status()
    for answer in (client.post(f"{url}/runs", json={}), client.post(f"{url}/preview", json={})):
        assert (answer.status_code, answer.json()["code"]) == (409, "not_mapped")
    assert client.get(f"/runs/{fresh.acme.run}/outcomes").status_code == 200
    assert str(ACME_EVENT) in client.get(f"/organizations/{fresh.acme.organization}/events").text
