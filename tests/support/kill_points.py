"""Kill points: the process kills itself at the n-th moment at which something is sent or stored."""

import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from core.domain.ids import DestinationEventId, DestinationId, ExternalId
from core.domain.planning.plan import FieldChange
from core.domain.records.fields import Fields
from core.domain.records.kinds import RecordKind
from core.domain.tenancy.secrets import SystemCredentials
from gleanin_sync_testkit import killing
from ports.destination import BeforeWrite, DestinationOpener, Destinations
from tests.support.delegating_destination import DelegatingDestination
from tests.support.delegating_opener import DelegatingOpener


@dataclass(slots=True)
class KillPoint(killing.KillPoint):
    def pass_moment(self) -> None:
        """Count a moment, and end the process for good if it is the one."""
        self.moments += 1
        if self.moments == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass(frozen=True, slots=True)
class KillableDestination(DelegatingDestination):
    """A destination with a kill point after each write."""

    kill_point: KillPoint

    async def create(
        self, event_id: DestinationEventId, kind: RecordKind, external_id: ExternalId, fields: Fields
    ) -> DestinationId:
        created = await self.destination.create(event_id, kind, external_id, fields)
        self.kill_point.pass_moment()
        return created

    async def update(
        self,
        event_id: DestinationEventId,
        kind: RecordKind,
        destination_id: DestinationId,
        changes: Sequence[FieldChange],
    ) -> None:
        await self.destination.update(event_id, kind, destination_id, changes)
        self.kill_point.pass_moment()


@dataclass(frozen=True, slots=True)
class KillableDestinationOpener(DelegatingOpener):
    """Destinations with another kill point between the fence and the request."""

    opener: DestinationOpener
    kill_point: KillPoint

    @property
    def delegate(self) -> DestinationOpener:
        return self.opener

    @asynccontextmanager
    async def open(
        self, credentials: SystemCredentials, before_write: BeforeWrite | None = None
    ) -> AsyncIterator[KillableDestination]:
        async def check_and_pass() -> None:
            if before_write is not None:
                await before_write()
            self.kill_point.pass_moment()

        async with self.opener.open(credentials, check_and_pass) as destination:
            yield KillableDestination(destination, self.kill_point)


@dataclass(frozen=True, slots=True)
class KillableDestinations:
    destinations: Destinations
    kill_point: KillPoint

    def named(self, identifier: str) -> DestinationOpener:
        return KillableDestinationOpener(self.destinations.named(identifier), self.kill_point)
