"""An observer of Gleanin: what was ever written there, and which of it breaks a rule."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.memory.destination import InMemoryGleanin
from adapters.memory.records import StoredRecord
from core.domain.ids import DestinationEventId, DestinationId, SourceId
from core.domain.records.kinds import SESSION, SPEAKER
from tests.unit.rules.expected import mailbox

Key = tuple[DestinationEventId, str, str]
"""A source record in a Gleanin event: event, kind, source id."""


def origin_of(record: StoredRecord) -> tuple[str, str] | None:
    """Return the connection and the source id in a record's external id; None for a foreign record."""
    parts = (record.external_id or "").split(":", 2)
    return (parts[1], parts[2]) if parts[0] == "sessionboard" else None


@dataclass(slots=True)
class Observer:
    gleanin: InMemoryGleanin
    organization_of: dict[str, str] = field(default_factory=dict)
    """By connection."""
    sent: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The connections under which each source record was written, as far as Gleanin shows it."""
    deleted_but_recorded: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The same for records deleted in Gleanin since: only the connection's organization knows of them."""
    foreign: dict[DestinationId, dict[str, object]] = field(default_factory=dict)
    """The contacts that an admin added, with their fields at that time."""
    _writes_seen: int = 0
    _associations: dict[DestinationId, frozenset[str]] = field(default_factory=dict)
    _known: set[DestinationId] = field(default_factory=set)
    _shared: set[tuple[DestinationEventId, str, str]] = field(default_factory=set)

    def delete_by_hand(self, record: StoredRecord, *, recorded: bool) -> None:
        """Delete a record as a Gleanin admin does: Gleanin removes its associations too.

        Args:
            record: what to delete.
            recorded: whether a synced record of it is stored; otherwise it may be sent under any connection.
        """
        self.gleanin.delete_by_hand(record.id)
        # A deleted record may be created again at any time.
        created = (record.event_id, record.external_id)
        self.gleanin.posts = [post for post in self.gleanin.posts if post[:2] != created]
        self._known.discard(record.id)
        self._associations.pop(record.id, None)
        self.foreign.pop(record.id, None)
        if origin := origin_of(record):
            key = (record.event_id, record.kind.name, origin[1])
            self.sent[key].discard(origin[0])
            if recorded:
                self.deleted_but_recorded[key].add(origin[0])
        if record.kind == SESSION:
            for speaker in self.gleanin.list_by_event(record.event_id, SPEAKER):
                associations = speaker.fields.get("sessions", ())
                if record.id in associations:
                    remaining = tuple(session for session in associations if session != record.id)
                    speaker.fields["sessions"] = remaining
                    self._associations[speaker.id] = frozenset(remaining)

    def sent_under_others(self, key: Key, connection: str) -> set[str]:
        """Return the other connections under which a source record is known to have been sent."""
        owner = self.organization_of[connection]
        recorded = {other for other in self.deleted_but_recorded[key] if self.organization_of[other] == owner}
        return (self.sent[key] | recorded) - {connection}

    def rule_10_nothing_is_written_under_another_connection(self) -> None:
        for write in self.gleanin.writes[self._writes_seen :]:
            record = self.gleanin.records.get(write.destination_id)
            assert record is not None, "a sync removes nothing"
            origin = origin_of(record)
            assert origin is not None, f"rule 19: a foreign contact was written: {write}"
            connection, source_id = origin
            key = (record.event_id, record.kind.name, source_id)
            earlier = self.sent_under_others(key, connection)
            assert not earlier, f"rule 10: {source_id} was sent under {earlier} before {connection}"
            self.sent[key].add(connection)
        self._writes_seen = len(self.gleanin.writes)

    def rule_18_nothing_lacks_a_required_field(self) -> None:
        for record in self.gleanin.records.values():
            if origin_of(record):
                # A mapping's setting allows an absent last name; each run is checked for it by the settings.
                required = (name for name in record.kind.required if name != "last_name")
                assert all(record.fields.get(name) for name in required), record
                assert "last_name" not in record.fields or record.fields["last_name"], "rule 14"

    def rule_19_foreign_contacts_are_unchanged(self) -> None:
        for destination_id, fields in self.foreign.items():
            assert self.gleanin.records[destination_id].fields == fields, "rule 19"

    def rule_22_nothing_is_removed_and_ties_only_grow(self) -> None:
        assert self._known <= self.gleanin.records.keys(), "rule 22: something was removed"
        self._known |= self.gleanin.records.keys()
        for record in self.gleanin.records.values():
            associations = frozenset(record.fields.get("sessions", ()))
            assert self._associations.get(record.id, frozenset()) <= associations, (
                f"rule 22: {record} was untied"
            )
            self._associations[record.id] = associations

    def rule_32_nothing_is_duplicated(self) -> None:
        assert self.gleanin.duplicates == 0, "rule 32"

    def rule_32_no_create_is_repeated_too_early(self, gap: timedelta) -> None:
        latest: dict[tuple[str, str], datetime] = {}
        for event_id, external_id, at in self.gleanin.posts:
            earlier = latest.get((event_id, external_id))
            assert earlier is None or at - earlier >= gap, f"rule 32: {external_id} after {at - earlier}"
            latest[event_id, external_id] = at

    def shared_mailboxes(self) -> set[tuple[DestinationEventId, str, str]]:
        """Return event, kind and mailbox of those mailboxes that two contacts of ours have."""
        seen: set[tuple[DestinationEventId, str, str]] = set()
        twice: set[tuple[DestinationEventId, str, str]] = set()
        for record in self.gleanin.records.values():
            address = mailbox(record.fields.get("email"))
            if address and origin_of(record):
                key = (record.event_id, record.kind.name, address)
                (twice if key in seen else seen).add(key)
        return twice

    def rule_15_no_two_contacts_share_a_mailbox(self, *, excused: bool) -> None:
        """Check that no mailbox became shared.

        Args:
            excused: the run was interrupted: two people who swap e-mails share one until both are written.
        """
        shared = self.shared_mailboxes()
        if not excused:
            assert shared <= self._shared, f"rule 15: {shared - self._shared}"
        self._shared = shared


def contacts_by_mailbox(
    gleanin: InMemoryGleanin, event: DestinationEventId
) -> dict[str, list[tuple[str, SourceId | None]]]:
    """Return for each mailbox its contacts: the kind, and the source id where we created it."""
    contacts: dict[str, list[tuple[str, SourceId | None]]] = defaultdict(list)
    for record in gleanin.list_by_event(event):
        address = mailbox(record.fields.get("email"))
        if address and record.kind.is_person:
            origin = origin_of(record)
            contacts[address].append((record.kind.name, SourceId(origin[1]) if origin else None))
    return contacts
