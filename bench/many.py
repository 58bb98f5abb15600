"""Many small events of many organizations, for measuring continuous sync."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from adapters.gleanin.system import GLEANIN
from adapters.sessionboard.system import SESSIONBOARD
from core.domain.ids import ConnectionId, DestinationEventId, MappingId, OrganizationId, SourceEventId
from core.domain.runs.schedule import Schedule
from core.domain.systems import Systems
from core.domain.tenancy.event_mappings import EventMapping, EventPair
from core.domain.tenancy.organizations import Connection, Organization
from core.domain.tenancy.secrets import Token
from entrypoints.container import Container
from entrypoints.sandbox.control_client import ControlClient
from entrypoints.sandbox.state import GLEANIN_TOKEN, SESSIONBOARD_TOKEN

SYSTEMS = Systems(SESSIONBOARD, GLEANIN)

EVENTS_EACH = 4
"""Per organization; in the sandbox, each organization has its own URL, at which it sees no other events."""
SESSIONS, EXHIBITORS = 16, 2
PEOPLE_PER_SESSION = 1.2
LONG = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Mapped:
    id: MappingId
    event: str
    """In Sessionboard."""


def arguments(organizations: int, sessions: int = SESSIONS) -> list[str]:
    """Return the arguments to start a sandbox with."""
    return [
        "--generate", str(sessions), "--people-per-session", str(PEOPLE_PER_SESSION), "--exhibitors", str(EXHIBITORS),
        "--doors", str(organizations), "--events-each", str(EVENTS_EACH), "--link-delay", "0",
    ]  # fmt: skip


async def furnish(
    container: Container, sessionboard_url: str, control: ControlClient, idle: int = 0
) -> Sequence[Mapped]:
    """Map all events of the sandbox, with continuous sync and due immediately.

    Args:
        container: with an empty database.
        sessionboard_url: of the first organization; those of the others are derived from it.
        control: the client that controls the sandbox.
        idle: how many further mappings to add that are not due.
    """
    state = control.state()
    pairs = [
        (source["id"], destination["id"], source["time_zone"])
        for source, destination in zip(state["sessionboard"], state["gleanin"], strict=True)
    ]
    mapped, now = [], container.clock().now()
    async with container.units().write() as unit:
        for number in range((len(pairs) + idle) // EVENTS_EACH):
            key, url = f"o{number}", sessionboard_url.replace("127.0.0.1", f"127.0.0.{number + 1}")
            organization, connection = OrganizationId(key), ConnectionId(key)
            seal = container.cipher().seal
            await unit.organizations.add(
                Organization(organization, key, SESSIONBOARD, url, seal(Token(SESSIONBOARD_TOKEN)))
            )
            token = seal(Token(GLEANIN_TOKEN))
            await unit.connections.add(Connection(connection, organization, GLEANIN, token, "", now))
            for place in range(number * EVENTS_EACH, (number + 1) * EVENTS_EACH):
                is_idle = place >= len(pairs)
                source, destination, zone = (place, f"idle{place}", "UTC") if is_idle else pairs[place]
                pair = EventPair(url, SourceEventId(str(source)), DestinationEventId(destination))
                mapping = EventMapping(
                    MappingId(f"m{place}"), organization, connection, pair, SYSTEMS, str(source), destination, now,
                    confirmed_time_zone=zone, continuous_sync=True,
                )  # fmt: skip
                await unit.mappings.add(mapping)
                if is_idle:
                    await unit.schedules.save(Schedule(mapping.id, now + LONG))
                else:
                    mapped.append(Mapped(mapping.id, str(source)))
        await unit.commit()
    return mapped
