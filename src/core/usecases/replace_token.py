"""Replace a token that was renewed: the organization, its connection and its mappings stay as they are."""

from dataclasses import dataclass, replace
from datetime import datetime

from core.domain.access import COMMAND_LINE
from core.domain.audit import Action, AuditEntry
from core.domain.identifiers import ConnectionId, OrganizationId
from core.domain.organizations import Connection, Organization, open_token
from core.domain.refusals import OtherAccount, found
from core.domain.secrets import Token
from core.domain.sides import GLEANIN, SESSIONBOARD
from ports.cipher import TokenCipher
from ports.clock import Clock
from ports.destination import Destinations
from ports.persistence import Unit, Units
from ports.session_source import SessionSources


@dataclass(frozen=True, slots=True)
class ReplaceSessionboardToken:
    units: Units
    sources: SessionSources
    cipher: TokenCipher
    clock: Clock

    async def __call__(
        self, organization_id: OrganizationId, token: Token, by: str = COMMAND_LINE
    ) -> Organization:
        """Try the token against Sessionboard, then put it in the place of the former one.

        Raises:
            NotFound
            SourceError: Sessionboard refused the token or cannot be reached; nothing is stored.
        """
        async with self.units.reading() as unit:
            organization = found(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
        async with self.sources.open(organization.sessionboard_url, token) as source:
            await source.events()
        async with self.units.writing() as unit:
            # Again, for it may have been removed while Sessionboard was asked.
            organization = found(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            renewed = replace(organization, sessionboard_token=self.cipher.seal(token))
            await unit.organizations.update(renewed)
            connection = await unit.connections.open_one(organization_id)
            if connection is not None:
                await _go_on(unit, connection.id, self.clock.now())
            await unit.audit.add(_entry(SESSIONBOARD, self.clock.now(), by, organization_id))
            await unit.commit()
        return renewed


@dataclass(frozen=True, slots=True)
class ReplaceGleaninToken:
    units: Units
    destinations: Destinations
    cipher: TokenCipher
    clock: Clock

    async def __call__(
        self, organization_id: OrganizationId, token: Token, by: str = COMMAND_LINE
    ) -> Connection:
        """Try the token against Gleanin, then let the open connection go on with it.

        Raises:
            NotFound, NotConnected
            OtherAccount: the token does not see what is mapped.
            DestinationError: Gleanin refused the token or cannot be reached; nothing is stored.
        """
        async with self.destinations.open(token) as destination:
            seen = {event.id for event in await destination.events()}
        async with self.units.writing() as unit:
            organization = found(
                await unit.organizations.get(organization_id), "organization", organization_id
            )
            connection = await unit.connections.open_one(organization_id)
            open_token(connection, organization)
            assert connection is not None, "it has a token"
            for mapping in await unit.mappings.of_connection(connection.id):
                if mapping.holds_its_events and mapping.events.gleanin_id not in seen:
                    raise OtherAccount(mapping.gleanin_name)
            renewed = connection.with_token(self.cipher.seal(token), token.hint)
            await unit.connections.update(renewed)
            await _go_on(unit, connection.id, self.clock.now())
            await unit.audit.add(_entry(GLEANIN, self.clock.now(), by, organization_id))
            await unit.commit()
        return renewed


async def _go_on(unit: Unit, connection_id: ConnectionId, now: datetime) -> None:
    """Let continuous sync go on where a refused token had stopped it."""
    for schedule in await unit.schedules.of_connection(connection_id):
        if schedule.is_failing:
            await unit.schedules.save(schedule.begun_anew(now))


def _entry(side: str, now: datetime, by: str, organization_id: OrganizationId) -> AuditEntry:
    return AuditEntry(now, by, Action.TOKEN_REPLACED, organization_id, f"{side} token")
