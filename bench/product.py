"""Measure the product, in a separate process, through its container."""

import asyncio
import resource
import time
from pathlib import Path
from typing import Any

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import DestinationEventId, MappingId, SourceEventId
from core.domain.tenancy.secrets import Token
from core.usecases.mappings.list_events import ListEvents
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.sync.run_sync import RunSync
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN
from entrypoints.settings import Settings

SYNC_KINDS = ("sessions", "speakers", "exhibitors")


async def measured(sessionboard_url: str, gleanin_url: str, control_url: str, folder: str) -> dict[str, Any]:
    """Sync for the first time, again, and after 1 % of the sessions and people have changed."""
    control = ControlClient(control_url)
    async with opened(settings_for(gleanin_url, folder)) as container:
        mapping_id, event_id = await mapped(container, sessionboard_url)
        base = _peak_megabytes()
        first = await _sync(container, mapping_id, control)
        first["base_mb"], first["peak_mb"] = base, _peak_megabytes()
        again = await _sync(container, mapping_id, control)
        again["peak_mb"] = _peak_megabytes()
        expected = _change_one_percent(control, event_id)
        changed = await _sync(container, mapping_id, control)
        changed["expected_writes"] = expected
    return {"first": first, "again": again, "changed": changed}


def settings_for(gleanin_url: str, folder: str) -> Settings:
    return Settings.model_validate(
        {
            "database_url": f"sqlite:///{Path(folder) / 'bench.db'}",
            "gleanin_url": gleanin_url,
            "allow_private_addresses": True,
        }
    )


async def mapped(container: Container, sessionboard_url: str) -> tuple[MappingId, str]:
    new = NewOrganization("Bench", sessionboard_url, Token(SESSIONBOARD_TOKEN))
    organization = await container.resolve(AddOrganization)(new, actor=COMMAND_LINE)
    await container.resolve(Connect)(organization.id, Token(GLEANIN_TOKEN), actor=COMMAND_LINE)
    events = await container.resolve(ListEvents)(organization.id)
    source, destination = events.source[0].id, events.destination[0].id
    mapping = await container.resolve(MapEvents)(
        NewMapping(
            organization.id,
            SourceEventId(source),
            DestinationEventId(destination),
            time_zone_confirmed=True,
        ),
        actor=COMMAND_LINE,
    )
    return mapping.id, source


async def _sync(container: Container, mapping_id: MappingId, control: ControlClient) -> dict[str, Any]:
    before = await asyncio.to_thread(control.state)
    start, cpu = time.perf_counter(), time.process_time()
    run = await container.resolve(RequestSync)(SyncRequest(mapping_id, actor=COMMAND_LINE))
    run = await container.resolve(RunSync)(run.id)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    after = await asyncio.to_thread(control.state)
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "state": run.state,
        "records": run.counts.read,
        "writes": _sum(after, "writes") - _sum(before, "writes"),
        "requests": _sum(after, "requests") - _sum(before, "requests"),
        "duplicates": sum(sum(kind.values()) for kind in after["duplicates"].values()),
    }


def _sum(state: dict[str, Any], name: str) -> int:
    return sum(state[name].values())


def _change_one_percent(control: ControlClient, event_id: str) -> int:
    """Change the title of every hundredth session and the job of every hundredth person, and return how many."""
    saved = control.event(event_id)
    people = {person["id"] for session in saved["sessions"] for person in session["speakers"]}
    sessions = [{"id": row["id"], "title": row["title"] + " (moved)"} for row in saved["sessions"][::100]]
    promoted = [{"id": person, "title": "Chief of Lists"} for person in sorted(people)[::100]]
    control.edit_event(event_id, sessions=sessions, people=promoted)
    return len(sessions) + len(promoted)


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
