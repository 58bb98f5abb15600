"""Sessionboard's webhooks: accepted as hints from callers with the secret, never as data."""

from collections.abc import Callable
from dataclasses import replace

import httpx
import pytest

from core.domain.ids import MappingId
from entrypoints.container import Container
from entrypoints.plugins import PluginGroup, installed_plugins
from ports.plugins import SourcePlugin
from tests.e2e.http.conftest import Served
from tests.support.assertions import present

ADMIN = "admin@acme.example.org"
SENT = {
    "data": {"title": "Do not believe this"},
    "metadata": {"event_id": 0, "resource_url": "http://127.0.0.1/"},
}


def secret_of(served: Served) -> str:
    made = served.client(ADMIN).post(
        f"/organizations/{served.acme.organization}/api-keys", json={"name": "Sessionboard", "role": "hook"}
    )
    assert made.status_code == 201, made.text
    secret: str = made.json()["secret"]
    return secret


async def _due(container: Container, mapping_id: str) -> str:
    async with container.units().read() as unit:
        schedule = await unit.schedules.get(MappingId(mapping_id))
    return present(schedule).due_at.isoformat()


def due(served: Served) -> str:
    return served.running.ask(lambda container: _due(container, served.acme.mapping))


def test_a_hint_with_the_secret_lets_the_event_come_earlier(fresh: Served) -> None:
    url, secret = f"{fresh.url}/hooks/sessionboard/{fresh.acme.organization}", secret_of(fresh)
    before = due(fresh)
    browser = fresh.browser()
    nowhere = browser.post(url, json=SENT, headers={"X-Webhook-Secret": secret})
    assert (nowhere.status_code, nowhere.content) == (204, b"")
    assert due(fresh) == before, "it was another event"
    assert browser.post(url, content=b"{", headers={"X-Webhook-Secret": secret}).status_code == 204
    assert due(fresh) < before


@pytest.mark.parametrize("secret", ["", "gls_guessed", "admin's"])
def test_without_the_secret_nothing_is_taken_and_nothing_told(served: Served, secret: str) -> None:
    before = due(served)
    headers = {"X-Webhook-Secret": served.key(ADMIN) if secret == "admin's" else secret}
    for organization in (served.acme.organization, served.stranger.organization, "nobody"):
        answer = served.browser().post(
            f"{served.url}/hooks/sessionboard/{organization}", json=SENT, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
    assert due(served) == before


def test_a_hooks_key_opens_nothing_else(fresh: Served) -> None:
    key = secret_of(fresh)
    client = fresh._client(base_url=fresh.url + "/api/v1", headers={"Authorization": f"Bearer {key}"})
    assert client.get("/organizations").json()["items"] == []
    assert client.get(f"/organizations/{fresh.acme.organization}").status_code == 404
    assert client.post(f"/mappings/{fresh.acme.mapping}/runs", json={}).status_code == 404


def test_a_large_hint_is_refused(served: Served) -> None:
    url = f"{served.url}/hooks/sessionboard/{served.acme.organization}"
    assert served.browser().post(url, content=b"x" * 70_000).status_code == 413


def with_hints_by(
    event_of_hint: Callable[[bytes], str | None] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Replace how Sessionboard's plug-in reads hints."""
    key = PluginGroup.SOURCES, "sessionboard"
    loaded = installed_plugins().load(*key)
    assert isinstance(loaded.plugin, SourcePlugin)
    changed = replace(loaded, plugin=replace(loaded.plugin, event_of_hint=event_of_hint))
    monkeypatch.setitem(installed_plugins()._loaded, key, changed)


def test_rule_43_an_unknown_source_and_one_without_webhooks_are_not_found(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sent(source: str) -> httpx.Response:
        return served.browser().post(f"{served.url}/hooks/{source}/{served.acme.organization}", json=SENT)

    unknown = sent("jugglers")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found")
    assert unknown.json()["detail"].startswith("There is no source 'jugglers'. Installed: ")
    with_hints_by(None, monkeypatch)
    without = sent("sessionboard")
    assert (without.status_code, without.json()["detail"]) == (404, "Sessionboard has no webhooks.")


def test_rule_43_a_hint_that_the_plugin_cannot_read_concerns_all_events(
    fresh: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(body: bytes) -> str | None:
        raise KeyError(body)

    with_hints_by(broken, monkeypatch)
    before, headers = due(fresh), {"X-Webhook-Secret": secret_of(fresh)}
    url = f"{fresh.url}/hooks/sessionboard/{fresh.acme.organization}"
    assert fresh.browser().post(url, json=SENT, headers=headers).status_code == 204
    assert due(fresh) < before
