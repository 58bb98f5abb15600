"""Suites that each database must pass: strange text in requests, and concurrent requests."""

import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx
import pytest

from tests.e2e.http.conftest import Served
from tests.e2e.http.pages import csrf_in
from tests.e2e.http.steps import runs_of, start, wait_for_end
from tests.support.http_fixtures import ADMIN, EVERYWHERE

STRANGE = [
    "\0",
    "a\0b",
    "\ud800",
    "\udfff",
    "\r\nX: y",
    "\x1b[31m",
    "\u202e",
    "ﷺ" * 400,
    "' OR 1=1 --",
    "%00",
    "../..",
    "\U0001d54f",
]
NAMES = [repr(each)[:20] for each in STRANGE]
EACH = pytest.mark.parametrize("text", STRANGE, ids=NAMES)


def bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def is_no_server_error(answer: httpx.Response) -> bool:
    return answer.status_code < 500


class StrangeTextSuite:
    @EACH
    def test_strange_text_in_a_url_causes_no_server_error(self, served: Served, text: str) -> None:
        client, put = served.client(ADMIN), quote(bytes_of(text), safe="")
        mapping, run, organization = served.acme.mapping, served.acme.run, served.acme.organization
        for path in (
            f"/organizations/{put}",
            f"/mappings/{put}",
            f"/runs/{put}",
            f"/mappings/{mapping}/records/{put}",
            f"/mappings/{mapping}/records/{put}?cursor={put}",
            f"/mappings/{mapping}/runs?cursor={put}",
            f"/mappings/{mapping}/share-links?search={put}",
            f"/mappings/{mapping}/share-links?cursor={put}",
            f"/runs/{run}/outcomes?search={put}&kind={put}",
            f"/runs/{run}/outcomes?search={put}",
            f"/organizations/{organization}/events?search={put}",
            f"/organizations/{organization}/audit-log?cursor={put}&limit={put}",
        ):
            assert is_no_server_error(client.get(path)), path
        for path in (
            f"/organizations/{organization}/api-keys/{put}",
            f"/organizations/{organization}?confirm={put}",
            f"/organizations/{organization}/connection?confirm={put}",
            f"/mappings/{mapping}/people/speaker/{put}/portal-address",
            f"/mappings/{mapping}/people/{put}/x/portal-address",
        ):
            assert client.delete(path).status_code in {404, 409, 422}, path

    @EACH
    def test_strange_text_in_a_body_causes_no_server_error(self, served: Served, text: str) -> None:
        client, mapping, organization = served.client(ADMIN), served.acme.mapping, served.acme.organization
        everywhere = served.client(EVERYWHERE)

        def send(one: httpx.Client, path: str, body: object) -> httpx.Response:
            # Escaped, as JSON can name what UTF-8 cannot.
            return one.post(path, content=json.dumps(body), headers={"Content-Type": "application/json"})

        answers = [
            send(client, f"/organizations/{organization}/api-keys", {"name": text, "role": "viewer"}),
            send(client, f"/mappings/{mapping}/preview", {"search": text}),
            send(client, f"/mappings/{mapping}/preview", {"cursor": text}),
            send(
                client,
                f"/organizations/{organization}/mappings",
                {"sessionboard_event": text, "gleanin_event": text},
            ),
            send(everywhere, "/organizations", {"name": text, "token": text, "sessionboard_url": text}),
            send(everywhere, "/organizations", {text: text}),
        ]
        assert all(map(is_no_server_error, answers)), [answer.text for answer in answers]

    @EACH
    def test_strange_text_in_the_url_of_a_page_causes_no_server_error(
        self, served: Served, text: str
    ) -> None:
        put, browser = quote(bytes_of(text), safe=""), served.signed_in(ADMIN)
        organization, mapping, run = served.acme.organization, served.acme.mapping, served.acme.run
        for path in (
            f"/organizations/{put}",
            f"/organizations/{organization}/events/{put}/agenda",
            f"/organizations/{organization}/share-links?mapping={mapping}&q={put}",
            f"/organizations/{organization}/records?who={put}&mapping={mapping}",
            f"/mappings/{mapping}/records?who={put}&before={put}",
            f"/runs/{run}?q={put}&after={put}&outcome={put}&kind={put}",
            f"/organizations/{organization}/history?before={put}",
            f"/organizations/{organization}/settings/audit-log?before={put}",
            f"/organizations/{organization}/settings/api-keys/{put}/revoke",
            f"/portal/{put}",
            f"/sign-up/{put}",
            f"/sign-in/once/{put}",
            f"/sign-in?next={put}",
            f"/static/{put}",
            f"/{put}",
        ):
            assert is_no_server_error(browser.get(path)), path

    @EACH
    def test_strange_text_in_a_form_causes_no_server_error(self, fresh: Served, text: str) -> None:
        browser = fresh.signed_in(ADMIN)
        token, organization = csrf_in(browser.get("/documentation")), fresh.acme.organization
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        body = f"csrf_token={quote(token)}"
        for name in (
            "name",
            "role",
            "confirmation",
            "gleanin",
            "sessionboard",
            "person",
            "present_password",
            "token",
        ):
            body += f"&{name}={quote(bytes_of(text), safe='')}"
        for path in (
            f"/organizations/{organization}/settings/api-keys",
            f"/organizations/{organization}/settings/remove",
            f"/organizations/{organization}/integrations/mappings/new",
            f"/organizations/{organization}/integrations/token",
            f"/mappings/{fresh.acme.mapping}/portal-address",
            "/account/password",
        ):
            answer = browser.post(path, content=body, headers=form)
            assert is_no_server_error(answer), (path, answer.text)
        stranger = fresh.browser()
        signing = f"csrf_token={quote(csrf_in(stranger.get('/sign-in')))}&email={quote(bytes_of(text), safe='')}&password=x"
        assert stranger.post("/sign-in", content=signing, headers=form).status_code in {401, 422, 429}


class ConcurrentRequestsSuite:
    def test_twenty_concurrent_requests_with_one_key_start_one_run(self, fresh: Served) -> None:
        client, mapping = fresh.client(ADMIN), fresh.acme.mapping
        before = runs_of(client, mapping)
        with ThreadPoolExecutor(20) as pool:
            runs = {run["run_id"] for run in pool.map(lambda _: start(client, mapping, "at once"), range(20))}
        assert len(runs) == 1
        wait_for_end(client, *runs)
        assert set(runs_of(client, mapping)) - set(before) == runs
