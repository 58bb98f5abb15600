"""What `doctor` looks at: key, database, migrations, queue, clock, and whether both sides can be reached."""

import os
import stat
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain

from core.domain.errors import DomainError
from core.domain.tenancy.organizations import Connection, Organization
from core.domain.tenancy.secrets import Token
from core.usecases.organizations.queries import ListOrganizations
from entrypoints.cli.errors import ExitCode, failure_of
from entrypoints.container import Container, cipher_for
from entrypoints.database import database_clock, database_revisions, opened, workers_on_queue
from entrypoints.settings import GONE, PREFIX, Settings
from ports.cipher import DecryptionFailed, KeysUnusable
from ports.destination import DestinationError, DestinationRefused
from ports.source import SourceError
from ports.store.errors import DatabaseUnavailable

_OLDEST_YEAR = 2025
"""No clock that is right shows an earlier one."""
_MOST_OFF = timedelta(seconds=5)
"""A sixth of a lease, as these are by default."""
_NO_TOKEN = Token("gleanin-sync-doctor")
"""A token that is none: that Gleanin refuses it shows that it can be reached."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class CheckStatus(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class DoctorCheck:
    name: str
    health: CheckStatus
    message: str
    exit_code: ExitCode = ExitCode.DONE


def well(name: str, message: str) -> DoctorCheck:
    return DoctorCheck(name, CheckStatus.OK, message)


def odd(name: str, message: str) -> DoctorCheck:
    return DoctorCheck(name, CheckStatus.WARNING, message)


def broken(name: str, error: Exception) -> DoctorCheck:
    failure = failure_of(error)
    return DoctorCheck(name, CheckStatus.PROBLEM, failure.message, failure.exit_code)


async def checks(settings: Settings) -> AsyncIterator[DoctorCheck]:
    """Look at one thing after the other; what is broken is told, and the rest is looked at all the same."""
    for check in chain(_unknown(), _keys(settings)):
        yield check
    try:
        current, head = database_revisions(settings)
    except DatabaseUnavailable as error:
        yield broken("database", error)
        return
    yield well("database", "It can be reached.")
    if current != head:
        yield _migrations(current, head)
        return
    yield well("migrations", f"The database is up to date ({head}).")
    yield _queue(settings)
    async with opened(settings) as container:
        yield _clock(container.clock().now(), database_clock(settings))
        async for check in _sides(container):
            yield check


def _keys(settings: Settings) -> Iterator[DoctorCheck]:
    path = settings.keys_file
    if not settings.keys and not path.exists():
        yield well("secret keys", f"None yet: one is made at first use, in {path}.")
        return
    try:
        cipher_for(settings)
    except KeysUnusable as error:
        yield broken("secret keys", error)
        return
    if settings.keys:
        yield well(
            "secret keys", f"{len(settings.keys)} from GLEANIN_SYNC_SECRET_KEYS; the first one encrypts."
        )
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _OTHERS:
        yield odd(
            "secret keys", f"Others may read {path} (mode {mode:04o}). To put it right: chmod 600 {path}"
        )
    else:
        yield well("secret keys", f"In {path}, mode {mode:04o}.")


def _migrations(current: str | None, head: str) -> DoctorCheck:
    if current is None:
        return well("migrations", "The database is empty: it is set up at first use.")
    message = f"The database is at {current}, not at {head}. Run gleanin-sync database upgrade."
    return DoctorCheck("migrations", CheckStatus.PROBLEM, message, ExitCode.FAULT)


def _unknown() -> Iterator[DoctorCheck]:
    """Name what is set and does nothing: mistyped, or of an earlier version."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        if not name.startswith(PREFIX) or name in known:
            continue
        if name in GONE:
            yield odd("settings", f"{name} is no setting any more. {GONE[name]} Remove it.")
        else:
            yield odd("settings", f"{name} is no setting. Is it mistyped? It does nothing.")


def _queue(settings: Settings) -> DoctorCheck:
    try:
        alive = workers_on_queue(settings)
    except DatabaseUnavailable as error:
        return broken("queue", error)
    if alive is None:
        return well("queue", "The table of runs: every serve and worker on this machine looks into it.")
    if not alive:
        return odd(
            "queue",
            "It can be reached (Procrastinate). No worker is alive: run gleanin-sync worker or serve.",
        )
    return well("queue", f"It can be reached (Procrastinate). Workers alive: {alive}.")


def _clock(now: datetime, of_database: datetime | None) -> DoctorCheck:
    off = abs(now - (of_database or now))
    if off > _MOST_OFF:
        return odd(
            "clock",
            f"{now:%Y-%m-%d %H:%M:%S} UTC is {off.total_seconds():.0f} seconds off the database server's clock. Hosts "
            "compare leases by their clocks: let all of them follow the same time server (NTP).",
        )
    if now.year < _OLDEST_YEAR:
        return odd(
            "clock", f"{now:%Y-%m-%d %H:%M:%S} UTC cannot be right: which sessions have passed depends on it."
        )
    return well("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC.")


async def _sides(container: Container) -> AsyncIterator[DoctorCheck]:
    organizations = await container.resolve(ListOrganizations)()
    for organization, _ in organizations:
        yield await _sessionboard(container, organization)
    connections = [(each, connection) for each, connection in organizations if connection is not None]
    for organization, connection in connections:
        yield await _gleanin(container, organization, connection)
    if not connections:
        yield await _gleanin_without_token(container)


async def _sessionboard(container: Container, organization: Organization) -> DoctorCheck:
    name = f"Sessionboard of {organization.name}"
    try:
        access = container.cipher().unseal(organization.sessionboard_token)
        async with container.sources().open(organization.sessionboard_url, access) as source:
            events = await source.events()
    except (DomainError, DecryptionFailed, SourceError) as error:
        return broken(name, error)
    return well(name, f"It answers. Events: {len(events)}.")


async def _gleanin(container: Container, organization: Organization, connection: Connection) -> DoctorCheck:
    name = f"Gleanin of {organization.name}"
    assert connection.token is not None, "an open connection has a token"
    try:
        token = container.cipher().unseal(connection.token)
        async with container.destinations().open(token) as destination:
            events = await destination.events()
    except (DomainError, DecryptionFailed, DestinationError) as error:
        return broken(name, error)
    return well(name, f"It answers. Events: {len(events)}.")


async def _gleanin_without_token(container: Container) -> DoctorCheck:
    try:
        async with container.destinations().open(_NO_TOKEN) as destination:
            await destination.events()
    except DestinationRefused:
        pass
    except (DomainError, DestinationError) as error:
        return broken("Gleanin", error)
    return well("Gleanin", "It answers. No organization is connected yet.")
