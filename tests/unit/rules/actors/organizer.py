"""The organizers: they connect, map events, change settings and disconnect."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from core.domain.errors import AlreadyConnected, AlreadyMapped, BoundToAnother, NotConnected
from core.domain.ids import DestinationEventId, SourceEventId
from core.domain.tenancy.event_mappings import ExhibitorName, TracksFrom
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.mappings.queries import ListMappings
from tests.support.harness import TOKEN
from tests.unit.rules.actors.checked_sync import CheckedSync
from tests.unit.rules.actors.state import (
    choices,
    destination_events,
    has_mappings,
    is_bound,
    organizations,
    source_events,
    sync_after,
)

unchanged_or_bool = st.one_of(st.none(), st.booleans())


class Organizer(CheckedSync):
    @rule(name=organizations)
    def connect(self, name: str) -> None:
        had_one = self.do(self._open_connection(name))
        try:
            connection = self.do(self.harness.connect(self.organization_ids[name], TOKEN))
        except AlreadyConnected:
            assert had_one, "rule 3"
        else:
            assert not had_one, "rule 3"
            assert connection.id not in self.connection_ids, "a connection is never reopened"
            self.connection_ids.append(connection.id)
            self.observer.organization_of[connection.id] = connection.organization_id

    async def _open_connection(self, name: str) -> str | None:
        async with self.harness.units.read() as unit:
            connection = await unit.connections.get_open(self.organization_ids[name])
        return connection.id if connection else None

    @rule(name=organizations)
    def disconnect(self, name: str) -> None:
        try:
            ended = self.do(self.harness.disconnect(self.organization_ids[name], name))
        except NotConnected:
            return
        assert ended.token is None, "rule 8"
        assert not self.do(ListMappings(self.harness.units)(self.organization_ids[name])), "rule 8"

    @rule(name=organizations, event=source_events, there=destination_events)
    def map(self, name: str, event: SourceEventId, there: DestinationEventId) -> None:
        open_connection = self.do(self._open_connection(name))
        binding = [
            mapping
            for mapping in self.do(self.all_mappings())
            if mapping.removed_at is None or is_bound(mapping)
        ]
        conflicts = [
            mapping
            for mapping in binding
            if mapping.events.source_id == event or mapping.events.destination_id == there
        ]
        same_pair = [
            mapping
            for mapping in conflicts
            if (mapping.events.source_id, mapping.events.destination_id) == (event, there)
            and mapping.removed_at is not None
            and mapping.connection_id == open_connection
        ]
        try:
            mapping = self.do(self.harness.map(self.organization_ids[name], event, there))
        except NotConnected:
            assert open_connection is None
        except (AlreadyMapped, BoundToAnother):
            assert conflicts != same_pair, "rule 5: free events, or two bound to each other, can be mapped"
        else:
            assert conflicts == same_pair, f"rules 4 and 5: {conflicts} hold the events of {mapping}"
            assert [bound.id for bound in same_pair] in ([], [mapping.id]), "rule 5: the mapping continues"
            self.mapping_ids = [*dict.fromkeys((*self.mapping_ids, mapping.id))]

    @precondition(has_mappings)
    @rule(choice=choices, there=destination_events, sync_after=sync_after)
    def connect_anew(self, choice: int, there: DestinationEventId, sync_after: bool) -> None:
        """Disconnect, connect again, and map the event that was mapped before."""
        mapping = self.pick_mapping(choice)
        name = self.owner_of(mapping)
        self.disconnect(name)
        self.connect(name)
        self.map(name, mapping.events.source_id, there)
        self.sync_all(sync_after)

    @precondition(has_mappings)
    @rule(choice=choices, there=destination_events, sync_after=sync_after)
    def map_anew(self, choice: int, there: DestinationEventId, sync_after: bool) -> None:
        """Remove a mapping, and try to map the event again."""
        mapping = self.pick_mapping(choice)
        name = self.owner_of(mapping)
        self.do(self.harness.remove_mapping(mapping.id))
        self.map(name, mapping.events.source_id, there)
        self.sync_all(sync_after)

    @precondition(has_mappings)
    @rule(choice=choices)
    def remove_mapping(self, choice: int) -> None:
        self.do(self.harness.remove_mapping(self.pick_mapping(choice).id))

    @precondition(has_mappings)
    @rule(
        choice=choices,
        tracks=st.sampled_from((None, *TracksFrom)),
        chairpersons=unchanged_or_bool,
        moderators=unchanged_or_bool,
        exhibitor_name=st.sampled_from((None, *ExhibitorName)),
        one_name_is_enough=unchanged_or_bool,
        only_accepted_roles=unchanged_or_bool,
    )
    def change_settings(self, choice: int, **settings: Any) -> None:
        self.do(self.harness.change_settings(SettingsChange(self.pick_mapping(choice).id, **settings)))
