"""The checks of `doctor`: settings, keys, database, migrations, queue, clock, and access to the sources and destinations."""

import os
import stat
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain

from core.domain.errors import DomainError
from core.domain.tenancy.organizations import Connection, Organization, open_access
from core.domain.tenancy.secrets import SystemCredentials, Token
from core.usecases.organizations.connect import DEFAULT_DESTINATION
from core.usecases.organizations.queries import ListOrganizations
from core.usecases.shared.credentials import unseal
from entrypoints.cli.errors import ExitCode, failure_of
from entrypoints.container import Container, cipher_for
from entrypoints.database import database_clock, database_revisions, opened, workers_on_queue
from entrypoints.names import default_destination
from entrypoints.plugins import installed_plugins
from entrypoints.settings import GONE, PREFIX, Settings
from ports.cipher import DecryptionFailed, KeysUnusable
from ports.destination import DestinationError, DestinationRefused
from ports.source import SourceError
from ports.store.errors import DatabaseUnavailable

_EARLIEST_YEAR = 2025
"""A clock that shows an earlier year is wrong."""
_MAX_CLOCK_SKEW = timedelta(seconds=5)
"""A sixth of the default lease."""
_ANY_ACCESS = SystemCredentials("", Token("gleanin-sync-doctor"))
"""With an invalid token: when the destination refuses it, the destination can be reached."""
_READABLE_BY_OTHERS = stat.S_IRWXG | stat.S_IRWXO


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


def ok(name: str, message: str) -> DoctorCheck:
    return DoctorCheck(name, CheckStatus.OK, message)


def warning(name: str, message: str) -> DoctorCheck:
    return DoctorCheck(name, CheckStatus.WARNING, message)


def problem(name: str, error: Exception) -> DoctorCheck:
    failure = failure_of(error)
    return DoctorCheck(name, CheckStatus.PROBLEM, failure.message, failure.exit_code)


async def checks(settings: Settings) -> AsyncIterator[DoctorCheck]:
    """Run the checks one after another; a failed check does not stop the others."""
    for check in chain(_unknown_settings(), _keys(settings), _plugins()):
        yield check
    try:
        current, head = database_revisions(settings)
    except DatabaseUnavailable as error:
        yield problem("database", error)
        return
    yield ok("database", "Reachable.")
    if current != head:
        yield _migrations(current, head)
        return
    yield ok("migrations", f"The database is up to date ({head}).")
    yield _queue(settings)
    async with opened(settings) as container:
        yield _clock(container.clock().now(), database_clock(settings))
        async for check in _external_systems(container):
            yield check


def _keys(settings: Settings) -> Iterator[DoctorCheck]:
    path = settings.keys_file
    if not settings.keys and not path.exists():
        yield ok("secret keys", f"No key yet. One will be created in {path} at first use.")
        return
    try:
        cipher_for(settings)
    except KeysUnusable as error:
        yield problem("secret keys", error)
        return
    if settings.keys:
        yield ok(
            "secret keys", f"{len(settings.keys)} from GLEANIN_SYNC_SECRET_KEYS. The first one encrypts."
        )
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & _READABLE_BY_OTHERS:
        yield warning(
            "secret keys", f"Other users can read {path} (mode {mode:04o}). To fix it: chmod 600 {path}"
        )
    else:
        yield ok("secret keys", f"In {path}, mode {mode:04o}.")


def _migrations(current: str | None, head: str) -> DoctorCheck:
    if current is None:
        return ok("migrations", "The database is empty. It will be set up at first use.")
    message = f"The database is at revision {current}, not {head}. Run gleanin-sync database upgrade."
    return DoctorCheck("migrations", CheckStatus.PROBLEM, message, ExitCode.INTERNAL_ERROR)


def _unknown_settings() -> Iterator[DoctorCheck]:
    """Warn of variables that have no effect: mistyped, or from an earlier version."""
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for name in sorted(os.environ):
        if not name.startswith(PREFIX) or name in known:
            continue
        if name in GONE:
            yield warning("settings", f"{name} is no longer a setting. {GONE[name]} Remove it.")
        else:
            yield warning("settings", f"{name} is not a setting and has no effect. Check its spelling.")


def _queue(settings: Settings) -> DoctorCheck:
    try:
        alive = workers_on_queue(settings)
    except DatabaseUnavailable as error:
        return problem("queue", error)
    if alive is None:
        return ok(
            "queue", "The table of runs in the database. Every serve and worker on this machine polls it."
        )
    if not alive:
        return warning(
            "queue", "Reachable (Procrastinate), but no worker is running. Run gleanin-sync worker or serve."
        )
    return ok("queue", f"Reachable (Procrastinate). Running workers: {alive}.")


def _clock(now: datetime, database_now: datetime | None) -> DoctorCheck:
    skew = abs(now - (database_now or now))
    if skew > _MAX_CLOCK_SKEW:
        return warning(
            "clock",
            f"{now:%Y-%m-%d %H:%M:%S} UTC is {skew.total_seconds():.0f} seconds off the database server's clock. "
            "Leases depend on it: synchronize all hosts with the same time server (NTP).",
        )
    if now.year < _EARLIEST_YEAR:
        return warning(
            "clock",
            f"{now:%Y-%m-%d %H:%M:%S} UTC cannot be right. It decides which sessions have passed: set the clock.",
        )
    return ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC.")


def _plugins() -> Iterator[DoctorCheck]:
    loaded = [*installed_plugins().all()]
    for each in loaded:
        if each.problem:
            name = f"plug-in {each.installed.package}"
            yield warning(name, f"{each.installed.identifier} cannot be used. {each.problem}")
    names = ", ".join(each.installed.identifier for each in loaded if not each.problem)
    yield ok("plug-ins", f"Available: {names}.")


async def _external_systems(container: Container) -> AsyncIterator[DoctorCheck]:
    organizations = await container.resolve(ListOrganizations)()
    for organization, _ in organizations:
        yield await _source(container, organization)
    connected = [(organization, connection) for organization, connection in organizations if connection]
    for organization, connection in connected:
        yield await _destination(container, organization, connection)
    if not connected:
        yield await _destination_without_token(container)


async def _source(container: Container, organization: Organization) -> DoctorCheck:
    name = f"{organization.source} of {organization.name}"
    try:
        access = unseal(container.cipher(), organization.source_access)
        async with container.sources().named(organization.source.identifier).open(access) as source:
            events = await source.events()
    except (DomainError, DecryptionFailed, SourceError) as error:
        return problem(name, error)
    return ok(name, f"Reachable. Events: {len(events)}.")


async def _destination(
    container: Container, organization: Organization, connection: Connection
) -> DoctorCheck:
    name = f"{connection.destination} of {organization.name}"
    try:
        access = unseal(container.cipher(), open_access(connection, organization))
        async with (
            container.destinations().named(connection.destination.identifier).open(access) as destination
        ):
            events = await destination.events()
    except (DomainError, DecryptionFailed, DestinationError) as error:
        return problem(name, error)
    return ok(name, f"Reachable. Events: {len(events)}.")


async def _destination_without_token(container: Container) -> DoctorCheck:
    name = default_destination(container)
    try:
        async with container.destinations().named(DEFAULT_DESTINATION).open(_ANY_ACCESS) as destination:
            await destination.events()
    except DestinationRefused:
        pass
    except (DomainError, DestinationError) as error:
        return problem(name, error)
    return ok(name, "Reachable. No organization is connected yet.")
