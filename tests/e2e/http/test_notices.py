"""Choosing the destination of notifications, on the settings page and over the API."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from core.domain.ids import MappingId, OrganizationId
from core.domain.notifications.notification import Delivery
from entrypoints.database import opened
from tests.e2e.http.conftest import Served, served_from
from tests.e2e.http.pages import csrf_in
from tests.e2e.http.steps import settings
from tests.support.http_fixtures import ADMIN, VIEWER, SeededDatabase
from tests.support.store_samples import a_notification
from tests.support.webhook_receiver import Hook, hook

__all__ = ["hook"]


def post(served: Served, path: str = "", **form: str) -> httpx.Response:
    browser, at = served.browser(ADMIN), settings(served)
    return browser.post(f"{at}/notices{path}", data={"csrf_token": csrf_in(browser.get(at)), **form})


def page(served: Served) -> str:
    return served.browser(ADMIN).get(settings(served)).text


@pytest.fixture
def with_mail(seeded_database: SeededDatabase, tmp_path: Path) -> Iterator[Served]:
    mail = {"smtp_url": "smtp+plain://localhost:1", "mail_from": "sync@example.org"}
    with served_from(seeded_database, tmp_path, **mail) as served:
        yield served


def test_a_webhook_is_chosen_tried_and_removed(fresh: Served, hook: Hook) -> None:
    chosen = post(fresh, channel="webhook", address=hook.url)
    assert chosen.status_code == 201
    (secret,) = re.findall(r"<code>([\w-]{20,})</code>", chosen.text)
    shown = page(fresh)
    assert hook.url in shown
    assert secret not in shown
    assert post(fresh, "/try").headers["Location"] == f"{settings(fresh)}#notices"
    assert hook.taken[0]["change"] == "trial"
    assert 'gleanin_sync_requests_total{host="webhook",status="204"}' in fresh.browser().get("/metrics").text
    assert post(fresh, "/remove").headers["Location"] == f"{settings(fresh)}#notices"
    assert hook.url not in page(fresh)
    log = fresh.browser(ADMIN).get(f"{settings(fresh)}/audit-log").text
    for text in (
        "Set where notifications go",
        "Sent a test notification",
        "Turned off notifications: the webhook at 127.0.0.1",
    ):
        assert text in log
    assert "/hook" not in log, "the rest of the URL may be a secret"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"channel": "webhook", "address": ""}, "Enter a URL"),
        ({"channel": "webhook", "address": "http://hooks.example.org/"}, "must begin with https://"),
        ({"channel": "email", "address": "ops@example.org"}, "GLEANIN_SYNC_SMTP_URL"),
        ({"channel": "pigeon", "address": "ops@example.org"}, "Choose a webhook or an e-mail address."),
        ({}, "Choose a webhook or an e-mail address."),
    ],
)
def test_what_can_be_no_recipient_comes_back_with_why(
    served: Served, form: dict[str, str], said: str
) -> None:
    refused = post(served, **form)
    assert refused.status_code == 422
    assert 'class="field-error"' in refused.text
    assert said in refused.text


def test_a_trial_that_does_not_arrive_is_told(fresh: Served) -> None:
    nowhere = post(fresh, "/try")
    assert nowhere.status_code == 404
    assert "Choose a webhook or an e-mail address first." in nowhere.text
    post(fresh, channel="webhook", address="http://127.0.0.1:1/")
    dead = post(fresh, "/try")
    assert dead.status_code == 503
    assert "refused the connection" in dead.text


def test_an_e_mail_address_is_chosen_where_there_is_a_mail_server(with_mail: Served) -> None:
    assert post(with_mail, channel="email", address="ops@example.org").status_code == 303
    assert "ops@example.org" in page(with_mail)
    smuggled = post(with_mail, channel="email", address="ops@example.org\nBcc: eve@example.org")
    assert smuggled.status_code == 422
    assert "cannot be reached" in post(with_mail, "/try").text


def test_over_the_api_the_secret_is_given_once(fresh: Served, hook: Hook) -> None:
    client, path = fresh.client(ADMIN), f"/organizations/{fresh.acme.organization}/notices"
    assert client.get(path).json() == {"channel": None, "address": None, "latest": []}
    chosen = client.put(path, json={"channel": "webhook", "address": hook.url})
    assert chosen.status_code == 200
    assert len(chosen.json()["secret"]) > 20
    assert client.get(path).json() == {"channel": "webhook", "address": hook.url, "latest": []}
    assert client.delete(path).status_code == 204
    assert client.delete(path).status_code == 204
    assert client.get(path).json()["channel"] is None
    wrong = client.put(path, json={"channel": "email", "address": "ops@example.org"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_input")
    assert "GLEANIN_SYNC_SMTP_URL" in wrong.json()["detail"]


async def _leave_undelivered(served: Served, problem: str) -> None:
    acme = served.acme
    notice = replace(
        a_notification(1, MappingId(acme.mapping), OrganizationId(acme.organization)).failed(problem),
        state=Delivery.EXPIRED,
        next_attempt_at=None,
    )
    async with opened(served.seeded_database.settings()) as container, container.units().write() as unit:
        await unit.notifications.add(notice)
        await unit.commit()


def test_admins_see_why_a_notice_has_not_arrived(fresh: Served, hook: Hook) -> None:
    post(fresh, channel="webhook", address=hook.url)
    problem = "The webhook refused the notification (HTTP 410). Check its address."
    asyncio.run(_leave_undelivered(fresh, problem))
    (notice,) = fresh.client(ADMIN).get(f"/organizations/{fresh.acme.organization}/notices").json()["latest"]
    assert (notice["state"], notice["problem"]) == ("given_up", problem)
    assert "Not delivered: The webhook refused the notification (HTTP 410)." in page(fresh)


def test_where_notices_go_is_for_admins_only(served: Served) -> None:
    path = f"/organizations/{served.acme.organization}/notices"
    assert served.client(VIEWER).get(path).status_code == 403
    assert 'id="notices"' not in served.browser(VIEWER).get(settings(served)).text
