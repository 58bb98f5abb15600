"""A bare loop: exactly the same requests with the same client and concurrency, and nothing else."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import httpx

from bench.payloads import session_body, speaker_body
from entrypoints.container import Container
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN
from entrypoints.settings import Settings

IN_FLIGHT = 16
READ_PARALLEL = 5
PAGE = 100
Json = dict[str, Any]
INCLUDES = ("sessions", "speakers", "exhibitors")


async def measured(sessionboard_url: str, gleanin_url: str, **_: str) -> Json:
    """Do what a first sync does: read both systems, create everything, read the links; then read everything again."""
    container = Container(Settings.model_validate({"allow_private_addresses": True}))
    transport = container.http().transport
    async with httpx.AsyncClient(transport=transport(), timeout=30) as client:
        loop = _Loop(client, sessionboard_url, gleanin_url)
        start, cpu = time.perf_counter(), time.process_time()
        writes = await loop.run()
        first = {
            "seconds": time.perf_counter() - start,
            "cpu_seconds": time.process_time() - cpu,
            "writes": writes,
        }
        start = time.perf_counter()
        await loop.read()
        return {"first": first, "again": {"seconds": time.perf_counter() - start}}


class _Loop:
    def __init__(self, client: httpx.AsyncClient, sessionboard_url: str, gleanin_url: str) -> None:
        self._client = client
        self._sessionboard = sessionboard_url
        self._gleanin = gleanin_url
        self._from = {"x-access-token": SESSIONBOARD_TOKEN}
        self._to = {"Authorization": f"Bearer {GLEANIN_TOKEN}", "Content-Type": "application/json"}

    async def read(self) -> tuple[list[Json], str]:
        """Read both systems, as a sync does; return the sessions and the id of the event in Gleanin."""
        events = await self._get(f"{self._sessionboard}/v1/events?page=1&pageSize=100", self._from)
        gleanin_events = await self._get(f"{self._gleanin}/events", self._to)
        source, event_id = events["results"][0]["id"], gleanin_events["data"][0]["id"]
        await self._get(f"{self._gleanin}/events/{event_id}", self._to)
        sessions, *_ = await asyncio.gather(
            self._search(source, "sessions"),
            asyncio.gather(
                self._search(source, "exhibitors"),
                *(self._included(event_id, include) for include in INCLUDES),
            ),
        )
        return sessions, event_id

    async def run(self) -> int:
        sessions, event_id = await self.read()
        people: dict[str, Json] = {}
        sessions_of: dict[str, list[str]] = {}
        for session in sessions:
            for person in session["speakers"]:
                people[person["id"]] = person
                sessions_of.setdefault(person["id"], []).append(session["id"])
        ids: dict[str, int] = {}

        async def create_session(session: Json) -> None:
            ids[session["id"]] = await self._create("sessions", session_body(event_id, session))

        async def create_speaker(person: Json) -> None:
            session_ids = [ids[session] for session in sessions_of[person["id"]]]
            await self._create("speakers", speaker_body(event_id, person, session_ids))

        await _for_each(sessions, create_session)
        await _for_each(people.values(), create_speaker)
        await self._included(event_id, "speakers")
        return len(sessions) + len(people)

    async def _get(self, url: str, headers: Json) -> Json:
        response = await self._client.get(url, headers=headers)
        return dict(json.loads(response.raise_for_status().content))

    async def _search(self, event: int, feed: str) -> list[Json]:
        async def page(number: int) -> Json:
            url = f"{self._sessionboard}/v1/event/{event}/{feed}?page={number}&pageSize={PAGE}"
            body = {"sort": {"order": "createdAt", "sort": "asc"}}
            response = await self._client.post(url, headers=self._from, json=body)
            return dict(json.loads(response.raise_for_status().content))

        first = await page(1)
        rows: list[Json] = list(first["results"])
        numbers = list(range(2, first["pagination"]["totalPages"] + 1))
        for start in range(0, len(numbers), READ_PARALLEL):
            for document in await asyncio.gather(*map(page, numbers[start : start + READ_PARALLEL])):
                rows += document["results"]
        return rows

    async def _included(self, event_id: str, include: str) -> int:
        url: str | None = f"{self._gleanin}/events/{event_id}?include={include}"
        number = 0
        while url:
            document = await self._get(url, self._to)
            number += len(document.get("included") or ())
            following = (document.get("links") or {}).get("next")
            url = str(httpx.URL(url).join(following)) if following else None
        return number

    async def _create(self, kind: str, body: bytes) -> int:
        response = await self._client.post(f"{self._gleanin}/{kind}", headers=self._to, content=body)
        if response.is_error:
            raise RuntimeError(response.text)
        return int(json.loads(response.content)["data"]["id"])


async def _for_each(items: Iterable[Json], do: Callable[[Json], Awaitable[None]]) -> None:
    waiting = iter(items)

    async def work() -> None:
        for item in waiting:
            await do(item)

    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
