"""Measure what writing share links back into the source costs, in requests and time."""

import asyncio
import time
from collections import Counter
from typing import Any

from bench.product import mapped, settings_for
from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import MappingId
from core.usecases.mappings.change_settings import ChangeSettings, SettingsChange
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.shared.link_fields import LinkChange
from core.usecases.sync.run_sync import RunSync
from entrypoints.container import Container
from entrypoints.database import opened
from entrypoints.sandbox.control_client import ControlClient

FIELD = "gleanin_link"
SEARCH, BULK = "contacts", "contacts/bulk"


async def measured(sessionboard_url: str, gleanin_url: str, control_url: str, folder: str) -> dict[str, Any]:
    """Sync, switch the write-back on, and sync three times: one that writes all links, and two that write none.

    Before the second one there is a sync without the write-back, to compare with.
    """
    control = ControlClient(control_url)
    async with opened(settings_for(gleanin_url, folder)) as container:
        mapping_id, event_id = await mapped(container, sessionboard_url)
        await asyncio.to_thread(control.add_field, event_id, "Gleanin Link", internal_name=FIELD)
        await _sync(container, mapping_id, control)
        without = await _sync(container, mapping_id, control)
        change = SettingsChange(mapping_id, links=LinkChange(FIELD))
        await container.resolve(ChangeSettings)(change, actor=COMMAND_LINE)
        writing = await _sync(container, mapping_id, control)
        unchanged = await _sync(container, mapping_id, control)
    return {"without": without, "writing": writing, "unchanged": unchanged}


async def _sync(container: Container, mapping_id: MappingId, control: ControlClient) -> dict[str, Any]:
    before = await asyncio.to_thread(_requests, control)
    start = time.perf_counter()
    run = await container.resolve(RequestSync)(SyncRequest(mapping_id, actor=COMMAND_LINE))
    run = await container.resolve(RunSync)(run.id)
    seconds = time.perf_counter() - start
    requests = await asyncio.to_thread(_requests, control) - before
    return {
        "seconds": seconds,
        "state": run.state,
        "links": {outcome.value: number for outcome, number in run.links.numbers.items()},
        "searches": requests[SEARCH],
        "updates": requests[BULK],
        "requests": requests.total(),
    }


def _requests(control: ControlClient) -> Counter[str]:
    """Count the requests to the sandbox by the last part of their template; those for contacts apart."""
    counts = Counter[str]()
    for template, number in control.state()["requests"].items():
        name = next((name for name in (BULK, SEARCH) if template.endswith(name)), "others")
        counts[name] += number
    return counts
