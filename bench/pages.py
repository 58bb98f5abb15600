"""Pages, measured: the real `serve` in a process of its own, with a large event and a long history behind it."""

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
    """Sync a large event once, and lay a history of runs beside it."""
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
    """Give the mapping as many more runs; a page shows of them what it shows of this one."""
    run = await container.resolve(FindRun)(run_id)
    async with container.units().write() as unit:
        for number in range(RUNS_OF_HISTORY - 1):
            later = run.requested_at + timedelta(minutes=30 * number)
            await unit.runs.add(replace(run, id=RunId(f"bench{number}"), requested_at=later))
        await unit.commit()


def pages(ids: Mapping[str, str]) -> dict[str, str]:
    here, run = f"/organizations/{ids['organization']}", f"/runs/{ids['run']}"
    event = f"{here}/events/{ids['event']}"
    return {
        "a page that asks nothing (the bound)": "/healthz",
        "events (asks Sessionboard)": f"{here}/events",
        "agenda": f"{event}/agenda",
        "agenda, last page": f"{event}/agenda?page=100",
        "agenda, searched": f"{event}/agenda?q=hybrid",
        "exhibitors": f"{event}/exhibitors",
        "preview": f"{event}/preview",
        "history": f"{here}/history",
        "results": run,
        "results, searched in vain": f"{run}?q=nobody-is-called-so",
        "share links": f"{here}/share-links",
        "share links, searched": f"{here}/share-links?q=ada",
        "a record's story": f"/mappings/{ids['mapping']}/records?who={ids['person']}",
        "portal": f"/portal/{ids['portal']}",
        "integrations": f"{here}/integrations",
        "a new mapping (asks both sides)": f"{here}/integrations/mappings/new",
        "settings": f"{here}/settings",
        "audit log": f"{here}/settings/audit-log",
    }


@contextmanager
def _serving(gleanin_url: str, folder: str) -> Any:
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
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
    """Give, for each page, the milliseconds until its whole answer was there, TIMES times."""
    ids = asyncio.run(prepare(sessionboard_url, gleanin_url, folder))
    with _serving(gleanin_url, folder) as url:
        browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(http.cookiejar.CookieJar()))
        _sign_in(browser, url)
        paths = pages(ids)
        _wait_for_the_reading(browser, url + paths["agenda"])
        times: dict[str, list[float]] = {name: [] for name in paths}
        for _ in range(TIMES):  # by turns, so that a busy minute meets all of them
            for name, path in paths.items():
                start = time.perf_counter()
                _get(browser, url + path)
                times[name].append(1000 * (time.perf_counter() - start))
    return times


def _get(browser: OpenerDirector, url: str, form: Mapping[str, str] | None = None) -> str:
    body = urlencode(form).encode() if form else None
    with browser.open(url, body, timeout=60) as answer:
        text: str = answer.read().decode()
    return text


def _sign_in(browser: OpenerDirector, url: str) -> None:
    for _ in range(100):
        try:
            page = _get(browser, f"{url}/sign-in")
            break
        except URLError:
            time.sleep(0.1)
    else:
        message = "it is not served"
        raise RuntimeError(message)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token, page
    _get(browser, f"{url}/sign-in", {"csrf_token": token[1], "email": EMAIL, "password": PASSWORD})


def _wait_for_the_reading(browser: OpenerDirector, agenda: str) -> None:
    """Look until the event has been read: that takes as long as Sessionboard takes, and a page says so meanwhile."""
    for _ in range(600):
        if "<table" in _get(browser, agenda):
            return
        time.sleep(0.2)
    message = "the agenda was never read"
    raise RuntimeError(message)
