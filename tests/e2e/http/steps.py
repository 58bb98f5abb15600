"""Steps that several tests share: syncing over the API, stored failures, pages, and signing in from elsewhere."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import httpx

from core.domain.ids import MappingId, RunId
from core.domain.records.outcomes import Counts
from core.domain.runs.run import SyncRun
from core.domain.runs.schedule import Halt, Schedule
from core.domain.runs.stop_reasons import token_refused, unreachable
from core.domain.systems import ExternalSystem
from entrypoints.container import Container
from tests.e2e.http.conftest import Served
from tests.e2e.http.pages import post
from tests.support.systems import GLEANIN, SYSTEMS
from tests.support.timeouts import WITHIN, wait_until

WRONG_PASSWORD = "wrong-horse-battery"


ip_addresses = (f"127.0.{number // 250}.{number % 250 + 2}" for number in count(1))


def start(client: httpx.Client, mapping: str, key: str | None = None, **body: Any) -> dict[str, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    answer = client.post(f"/mappings/{mapping}/runs", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/api/v1/runs/{answer.json()['run_id']}"
    run: dict[str, Any] = answer.json()
    return run


def wait_for_end(client: httpx.Client, run: str) -> dict[str, Any]:
    wait_until(lambda: shown(client, run)["finished_at"], "the run has ended")
    return shown(client, run)


def shown(client: httpx.Client, run: str) -> dict[str, Any]:
    run_shown: dict[str, Any] = client.get(f"/runs/{run}").raise_for_status().json()
    return run_shown


def runs_of(client: httpx.Client, mapping: str) -> list[str]:
    return [
        item["run_id"] for item in client.get(f"/mappings/{mapping}/runs").raise_for_status().json()["items"]
    ]


def events_in(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    name = ""
    for line in lines:
        if line.startswith("event:"):
            name = line.removeprefix("event:").strip()
        elif line.startswith("data:"):
            yield name, json.loads(line.removeprefix("data:"))


def integrations(served: Served, organization: str | None = None) -> str:
    return f"/organizations/{organization or served.acme.organization}/integrations"


def disconnect(browser: httpx.Client, served: Served) -> None:
    at = integrations(served)
    done = post(browser, f"{at}/disconnect", confirmation="Acme")
    assert (done.status_code, done.headers["Location"]) == (303, at)


def settings(served: Served) -> str:
    return f"/organizations/{served.acme.organization}/settings"


async def _store_end(container: Container, mapping_id: str, run: SyncRun, schedule: Schedule) -> None:
    async with container.units().write() as unit:
        await unit.runs.add(run)
        await unit.schedules.save(schedule)
        await unit.commit()


def fail(served: Served, *, system: ExternalSystem | None = None) -> None:
    """Store a last run that stopped because a system refused the token or Gleanin was unreachable."""

    async def act(container: Container) -> None:
        mapping, now = MappingId(served.acme.mapping), container.clock().now()
        async with container.units().read() as unit:
            last = (await unit.runs.list_by_mapping(mapping, 1))[0]
        stop = token_refused(system, "Revoked.") if system else unreachable(GLEANIN, "No answer.")
        begun = SyncRun(RunId(container.ids().new()), mapping, last.trigger, last.scope, now)
        run = begun.start("there", now, timedelta(minutes=1)).stopped(stop, now, Counts(), SYSTEMS)
        halt = Halt(system.display_name, now) if system else None
        await _store_end(container, mapping, run, Schedule(mapping, now, 1, now - timedelta(hours=3), halt))

    served.running.ask(act)


@contextmanager
def from_elsewhere(served: Served, address: str | None = None) -> Iterator[httpx.Client]:
    """Return a browser with a different IP address, since failures are counted by address, too."""
    transport = httpx.HTTPTransport(local_address=address or next(ip_addresses))
    with httpx.Client(base_url=served.url, transport=transport, timeout=WITHIN) as browser:
        yield browser


def attempt(
    served: Served, email: str, password: str = WRONG_PASSWORD, address: str | None = None
) -> httpx.Response:
    with from_elsewhere(served, address) as browser:
        return served.sign_in(browser, email, password)
