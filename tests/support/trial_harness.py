"""A trial: several worker processes over one database, with the sandbox behind them."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from core.domain.access.authorization import COMMAND_LINE
from core.domain.ids import DestinationEventId, MappingId, SourceEventId
from core.domain.runs.run import RunState, SyncRun
from core.domain.tenancy.secrets import Token
from core.usecases.mappings.map_events import MapEvents, NewMapping
from core.usecases.organizations.add_organization import AddOrganization, NewOrganization
from core.usecases.organizations.connect import Connect
from core.usecases.runs.request_sync import RequestSync, SyncRequest
from core.usecases.sync.run_sync import RunSync
from entrypoints.container import Container
from entrypoints.sandbox.running import Addresses, in_process
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN
from entrypoints.settings import Settings
from tests.contract.persistence.conftest import Server
from tests.support.changing_programme import FIRST_ID, SESSIONS, conference
from tests.support.workers import MAX_WORKERS

QUIET_WITHIN = 120.0


@dataclass(frozen=True, slots=True)
class Trial:
    database: str
    workers: int
    seed: int
    seconds: float = 60.0
    organizations: int = 6
    mappings_each: int = 4
    lease: float = 3
    latency_ms: float = 40
    """Long enough that faults occur during runs."""
    pause: tuple[float, float] = (1.5, 5)
    """Seconds between two faults."""
    sessions: int = SESSIONS
    """Per event."""

    @property
    def mappings(self) -> int:
        return self.organizations * self.mappings_each

    def settings(self, gleanin_url: str) -> dict[str, str]:
        return {
            "GLEANIN_SYNC_DATABASE_URL": self.database,
            "GLEANIN_SYNC_SECRET_KEYS": Fernet.generate_key().decode(),
            "GLEANIN_SYNC_GLEANIN_URL": gleanin_url,
            "GLEANIN_SYNC_ALLOW_PRIVATE_ADDRESSES": "true",
            "GLEANIN_SYNC_INTERVAL_MINUTES": "0.05",
            "GLEANIN_SYNC_LEASE_SECONDS": str(self.lease),
            "GLEANIN_SYNC_RESEND_AFTER_SECONDS": "1",
            "GLEANIN_SYNC_LOG_LEVEL": "info",
        }


def settings_of(variables: Mapping[str, str]) -> Settings:
    values = {name.removeprefix("GLEANIN_SYNC_").lower(): value for name, value in variables.items()}
    return Settings.model_validate(values)


Mapped = Mapping[MappingId, str]
"""Gleanin's event by mapping."""


@contextmanager
def sandbox_with(trial: Trial, folder: Path) -> Iterator[Addresses]:
    arguments = ["--doors", str(MAX_WORKERS), "--link-delay", "0"]
    for number in range(trial.mappings):
        path = folder / f"{number}.json"
        path.write_text(json.dumps(conference(FIRST_ID + number, trial.sessions)), encoding="utf-8")
        arguments += ["--event", str(path)]
    with in_process(arguments) as addresses:
        yield addresses


async def set_up(container: Container, trial: Trial, sandbox: Addresses) -> Mapped:
    """Add several organizations with some mappings each, all with continuous sync."""
    mapped = {}
    events = iter(sandbox.control.state()["gleanin"])
    number = FIRST_ID
    for index in range(trial.organizations):
        new = NewOrganization(f"Organization {index}", sandbox.sessionboard_url, Token(SESSIONBOARD_TOKEN))
        organization = await container.resolve(AddOrganization)(new, actor=COMMAND_LINE)
        await container.resolve(Connect)(organization.id, Token(GLEANIN_TOKEN), actor=COMMAND_LINE)
        for _ in range(trial.mappings_each):
            pair = SourceEventId(str(number)), DestinationEventId(next(events)["id"])
            new_mapping = NewMapping(organization.id, *pair, time_zone_confirmed=True)
            mapping = await container.resolve(MapEvents)(new_mapping, actor=COMMAND_LINE)
            mapped[mapping.id] = str(pair[1])
            number += 1
    async with container.units().write() as unit:
        for mapping_id in mapped:
            found = await unit.mappings.get(mapping_id)
            assert found is not None
            await unit.mappings.update(replace(found, continuous_sync=True, settings_saved=True))
        await unit.commit()
    return mapped


async def runs_of(container: Container, mapped: Mapped) -> Mapping[str, list[SyncRun]]:
    async with container.units().read() as unit:
        return {
            event: [*reversed(await unit.runs.list_by_mapping(mapping_id, 10_000))]
            for mapping_id, event in mapped.items()
        }


async def until_all_are_synced(container: Container, mapped: Mapped) -> None:
    """Wait until every mapping has had a complete run that began after the call, or a check without a run.

    The start of a check is not stored; of two checks that end after the call, the second one also began after it.
    """
    begun = container.clock().now()
    checks: dict[str, set[datetime]] = {event: set() for event in mapped.values()}
    async with asyncio.timeout(QUIET_WITHIN):
        while True:
            runs = await runs_of(container, mapped)
            async with container.units().read() as unit:
                for mapping_id, event in mapped.items():
                    schedule = await unit.schedules.get(mapping_id)
                    if schedule and schedule.last_checked_at and schedule.last_checked_at > begun:
                        checks[event].add(schedule.last_checked_at)
            missing = [
                event
                for event, those in runs.items()
                if len(checks[event]) < 2
                and not any(
                    each.started_at and each.started_at > begun and each.stop is None and not each.is_open
                    for each in those
                )
            ]
            if not missing:
                return
            await asyncio.sleep(0.3)


async def sync_once_more(container: Container, mapped: Mapped) -> None:
    for mapping_id in mapped:
        run = await container.resolve(RequestSync)(SyncRequest(mapping_id, actor=COMMAND_LINE))
        run = await container.resolve(RunSync)(run.id)
        assert run.state is RunState.COMPLETED, run.message


def database_for(kind: str, folder: Path, request: pytest.FixtureRequest) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'trial.db'}"
    server: Server = request.getfixturevalue("postgresql_server")
    return server.new_database()
