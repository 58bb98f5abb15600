"""Measure pages of the real `serve`, in a separate process, with a large event and a long history."""

import asyncio
import http.cookiejar
import re
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, build_opener

from bench.product import mapped, settings_for
from core.domain.access.authorization import COMMAND_LINE, Grant, Role
from core.domain.ids import RunId
from core.usecases.access.add_account import AddAccount, NewAccount
from core.usecases.access.create_portal_link import CreatePortalLink
from core.usecases.access.portal_person import PersonQuery
from core.usecases.organizations.queries import ListOrganizations
from core.usecases.results.queries import ListPeople, PeopleQuery
from core.usecases.runs.queries import FindRun
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.sync.run_sync import RunSync
from entrypoints.container import Container
from entrypoints.database import opened

EMAIL, PASSWORD = "bench@example.org", "correct horse battery"
RUNS_OF_HISTORY = 200
ENDS_WITHIN = 60
"""Seconds."""
TIMES = 15


async def prepare(sessionboard_url: str, gleanin_url: str, folder: str) -> dict[str, str]:
    """Sync a large event once, add a history of runs, and return the ids that the pages need."""
    async with opened(settings_for(gleanin_url, folder)) as container:
        mapping_id, event = await mapped(container, sessionboard_url)
        run = await container.resolve(RequestSync)(SyncRequest(mapping_id, actor=COMMAND_LINE))
        run = await container.resolve(RunSync)(run.id)
        await _history(container, run.id)
        await container.resolve(AddAccount)(
            NewAccount(EMAIL, Grant(Role.ADMIN), PASSWORD), actor=COMMAND_LINE
        )
        (organization, _), *_ = await container.resolve(ListOrganizations)()
        (person, *_) = (await container.resolve(ListPeople)(PeopleQuery(mapping_id, limit=1))).people
        portal = await container.resolve(CreatePortalLink)(
            PersonQuery(mapping_id, person.kind.name, person.source_id), actor=COMMAND_LINE
        )
    return {
        "organization": organization.id,
        "event": event,
        "mapping": mapping_id,
        "run": run.id,
        "person": person.source_id,
        "portal": portal,
    }


async def _history(container: Container, run_id: RunId) -> None:
    """Add copies of a run to its mapping's history; a page shows the same of them as of this one."""
    run = await container.resolve(FindRun)(run_id)
    async with container.units().write() as unit:
        for number in range(RUNS_OF_HISTORY - 1):
            later = run.requested_at + timedelta(minutes=30 * number)
            await unit.runs.add(replace(run, id=RunId(f"bench{number}"), requested_at=later))
        await unit.commit()


def pages(ids: Mapping[str, str]) -> dict[str, str]:
    organization, run = f"/organizations/{ids['organization']}", f"/runs/{ids['run']}"
    event = f"{organization}/events/{ids['event']}"
    return {
        "a page that needs no data (the bound)": "/healthz",
        "events (reads Sessionboard)": f"{organization}/events",
        "agenda": f"{event}/agenda",
        "agenda, last page": f"{event}/agenda?page=100",
        "agenda, search": f"{event}/agenda?q=hybrid",
        "exhibitors": f"{event}/exhibitors",
        "preview": f"{event}/preview",
        "history": f"{organization}/history",
        "results": run,
        "results, search without a match": f"{run}?q=nobody-is-called-so",
        "share links": f"{organization}/share-links",
        "share links, search": f"{organization}/share-links?q=ada",
        "a record's history": f"/mappings/{ids['mapping']}/records?who={ids['person']}",
        "portal": f"/portal/{ids['portal']}",
        "integrations": f"{organization}/integrations",
        "a new mapping (reads both systems)": f"{organization}/integrations/mappings/new",
        "settings": f"{organization}/settings",
        "audit log": f"{organization}/settings/audit-log",
    }


@contextmanager
def _serving(gleanin_url: str, folder: str) -> Any:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    environment = {
        "GLEANIN_SYNC_DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}",
        "GLEANIN_SYNC_GLEANIN_URL": gleanin_url,
        "GLEANIN_SYNC_ALLOW_PRIVATE_ADDRESSES": "true",
    }
    command = [str(Path(sys.executable).parent / "gleanin-sync"), "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            try:
                process.wait(ENDS_WITHIN)
            finally:
                process.kill()


def measured(sessionboard_url: str, gleanin_url: str, folder: str) -> dict[str, list[float]]:
    """Return, for each page, the milliseconds until its whole response had arrived, TIMES times."""
    ids = asyncio.run(prepare(sessionboard_url, gleanin_url, folder))
    with _serving(gleanin_url, folder) as url:
        browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(http.cookiejar.CookieJar()))
        _sign_in(browser, url)
        paths = pages(ids)
        _wait_for_snapshot(browser, url + paths["agenda"])
        times: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(TIMES):  # alternately, so that a busy minute affects all of them
            for name, path in paths.items():
                start = time.perf_counter()
                _get(browser, url + path)
                times[name].append(1000 * (time.perf_counter() - start))
    return times


def _get(browser: OpenerDirector, url: str, form: Mapping[str, str] | None = None) -> str:
    body = urlencode(form).encode() if form else None
    with browser.open(url, body, timeout=60) as response:
        text: str = response.read().decode()
    return text


def _sign_in(browser: OpenerDirector, url: str) -> None:
    for _ in range(100):
        try:
            page = _get(browser, f"{url}/sign-in")
            break
        except URLError:
            time.sleep(0.1)
    else:
        message = "the page is not served"
        raise RuntimeError(message)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token, page
    _get(browser, f"{url}/sign-in", {"csrf_token": token[1], "email": EMAIL, "password": PASSWORD})


def _wait_for_snapshot(browser: OpenerDirector, agenda: str) -> None:
    """Request the agenda until the event has been read; meanwhile the page says that it is being read."""
    for _ in range(600):
        if "<table" in _get(browser, agenda):
            return
        time.sleep(0.2)
    message = "the agenda was never read"
    raise RuntimeError(message)
