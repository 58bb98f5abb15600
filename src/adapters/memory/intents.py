"""Intents to create, in memory."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from adapters.memory.store import InMemoryStore, check
from core.domain.ids import DestinationEventId, OrganizationId, SourceId
from core.domain.records.kinds import RecordKind
from core.domain.records.synced_records import CreateIntent
from ports.clock import Clock


class InMemoryCreateIntents:
    def __init__(self, kept: InMemoryStore, clock: Clock) -> None:
        self._kept = kept
        self._rows = kept.intents
        self._clock = clock

    async def add(
        self, organization_id: OrganizationId, event_id: DestinationEventId, intents: Collection[CreateIntent]
    ) -> None:
        known = self._kept
        for intent in intents:
            check(
                there=(organization_id in known.organizations or organization_id in known.removed)
                and intent.connection_id in known.connections
            )
            self._rows[organization_id, event_id, intent.kind.name, intent.source_id] = intent

    async def list_open(
        self, organization_id: OrganizationId, event_id: DestinationEventId
    ) -> Sequence[CreateIntent]:
        return [intent for key, intent in self._rows.items() if key[:2] == (organization_id, event_id)]

    async def mark_sent(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> None:
        now = self._clock.now()
        for source_id in source_ids:
            key = (organization_id, event_id, kind.name, source_id)
            if key in self._rows:
                self._rows[key] = replace(self._rows[key], sent_at=now)

    async def remove(
        self,
        organization_id: OrganizationId,
        event_id: DestinationEventId,
        kind: RecordKind,
        source_ids: Collection[SourceId],
    ) -> None:
        for source_id in source_ids:
            self._rows.pop((organization_id, event_id, kind.name, source_id), None)
