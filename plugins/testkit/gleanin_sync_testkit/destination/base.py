"""What all parts of the suite need: the author's plug-in, opened over the wire to his stand-in."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

import pytest

from core.domain.records.kinds import KINDS, SESSION, SPEAKER
from gleanin_sync_testkit.destination.capabilities import DestinationCapabilities
from gleanin_sync_testkit.destination.rig import Rig
from gleanin_sync_testkit.destination.stand_in import DestinationStandIn
from ports.plugins import (
    Access,
    BeforeWrite,
    Destination,
    DestinationEventId,
    DestinationPlugin,
    DestinationRecord,
    ExternalId,
    RecordKind,
    RecordSchema,
    Token,
)

ID = ExternalId("memory:c1:42")


class DestinationSuiteBase:
    plugin: ClassVar[DestinationPlugin]
    """What is tested."""
    capabilities: ClassVar[DestinationCapabilities] = DestinationCapabilities()

    def stand_in(self) -> DestinationStandIn:
        """Return a new stand-in."""
        raise NotImplementedError("Write stand_in(self), which returns a new stand-in for your service")

    @pytest.fixture
    def rig(self) -> Iterator[Rig]:
        rig = self.new_rig()
        yield rig
        rig.check()

    def new_rig(self) -> Rig:
        return Rig(self.stand_in(), self.capabilities.has_token)

    def access(
        self, rig: Rig, token: str | None = None, schemas: Mapping[str, RecordSchema] | None = None
    ) -> Access:
        """Return the access that an admin has entered."""
        stand_in = rig.stand_in
        return Access(
            stand_in.url, Token(token or stand_in.token), schemas=schemas or {}, fields=dict(stand_in.fields)
        )

    def opened(
        self,
        rig: Rig,
        before_write: BeforeWrite | None = None,
        *,
        token: str | None = None,
        schemas: Mapping[str, RecordSchema] | None = None,
    ) -> AbstractAsyncContextManager[Destination]:
        """Open the plug-in as the installed program does; `before_write` is logged."""
        access = self.access(rig, token, schemas)
        return self.plugin.open(access, rig.wire.open_http(), rig.announcing(before_write))

    def schemas(self, rig: Rig) -> Sequence[tuple[RecordKind, RecordSchema]]:
        """Return the kinds that are tested, those that others depend on first."""
        unknown = rig.stand_in.schemas.keys() - {kind.name for kind in KINDS}
        assert not unknown, f"The stand-in's schemas name kinds that there are not: {sorted(unknown)}"
        found = ((KINDS.named(name), schema) for name, schema in rig.stand_in.schemas.items())
        return sorted(found, key=lambda pair: pair[0].phase)

    def any_kind(self, rig: Rig) -> tuple[RecordKind, RecordSchema]:
        """Return a kind: the last one, preferably of people."""
        return max(self.schemas(rig), key=lambda pair: pair[0].is_person)

    def speaker_schema(self, rig: Rig) -> RecordSchema:
        """Return the schema of speakers, which has their sessions."""
        schemas = rig.stand_in.schemas
        schema = schemas.get(SPEAKER.name)
        assert schema and "sessions" in schema.attributes and SESSION.name in schemas, (
            "The schemas have no sessions, or speakers without them: declare takes_associations=False"
        )
        return schema

    def people(self, rig: Rig) -> Sequence[tuple[RecordKind, RecordSchema]]:
        return [pair for pair in self.schemas(rig) if pair[0].is_person]


def new_event(rig: Rig, name: str = "PyCon", time_zone: str | None = None) -> DestinationEventId:
    return DestinationEventId(rig.stand_in.add_event(name, time_zone))


async def read_all(destination: Destination, event_id: str, kind: RecordKind) -> list[DestinationRecord]:
    """Return all records of one kind."""
    pages = destination.records(DestinationEventId(event_id), kind)
    return [record async for page in pages for record in page]
