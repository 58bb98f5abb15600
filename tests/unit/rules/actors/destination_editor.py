"""A Gleanin admin, who deletes and adds records by hand."""

import copy

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from core.domain.ids import DestinationEventId
from core.domain.records.kinds import EXHIBITOR_CONTACT, SPEAKER, RecordKind
from tests.unit.rules.actors.checked_sync import CheckedSync
from tests.unit.rules.actors.state import choices, destination_events, sync_after
from tests.unit.rules.observer import origin_of


class DestinationEditor(CheckedSync):
    @precondition(lambda self: self.harness.gleanin.records)
    @rule(choice=choices, sync_after=sync_after)
    def admin_deletes(self, choice: int, sync_after: bool) -> None:
        records = [*self.harness.gleanin.records.values()]
        record = records[choice % len(records)]
        self.observer.delete_by_hand(
            record, recorded=self.do(self._is_recorded(record.event_id, record.kind, origin_of(record)))
        )
        self.sync_all(sync_after)

    async def _is_recorded(
        self, event: DestinationEventId, kind: RecordKind, origin: tuple[str, str] | None
    ) -> bool:
        """Return whether an organization has a synced record of it."""
        async with self.harness.units.read() as unit:
            for organization_id in self.organization_ids.values():
                for synced in await unit.synced.list_refs(organization_id, event, kind):
                    if origin == (synced.connection_id, synced.source_id):
                        return True
        return False

    @rule(
        event=destination_events,
        kind=st.sampled_from((SPEAKER, EXHIBITOR_CONTACT)),
        email=st.sampled_from(("A@example.org", "c@example.org", "p1@example.org", "e1@example.org")),
    )
    def admin_adds_a_contact(self, event: DestinationEventId, kind: RecordKind, email: str) -> None:
        record = self.harness.gleanin.add_record(event, kind, {"email": email, "company_name": "Own work"})
        self.observer.foreign[record.id] = copy.deepcopy(dict(record.fields))
