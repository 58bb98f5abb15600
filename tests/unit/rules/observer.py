"""Whoever watches Gleanin from outside: what was ever written there, and what of it no rule allows."""

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


def sent_as(record: StoredRecord) -> tuple[str, str] | None:
    """Read (connection, source id) out of a record; None for one that is not ours."""
    parts = (record.external_id or "").split(":", 2)
    return (parts[1], parts[2]) if parts[0] == "sessionboard" else None


@dataclass(slots=True)
class Observer:
    gleanin: InMemoryGleanin
    organization_of: dict[str, str] = field(default_factory=dict)
    """Whose each connection is."""
    sent: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Under which connections each source record was written, as far as Gleanin shows it."""
    remembered: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The same for what was deleted in Gleanin since: only the connection's organization remembers it."""
    foreign: dict[DestinationId, dict[str, object]] = field(default_factory=dict)
    """The contacts that an admin made, as they were then."""
    _writes_seen: int = 0
    _associations: dict[DestinationId, frozenset[str]] = field(default_factory=dict)
    _known: set[DestinationId] = field(default_factory=set)
    _shared: set[tuple[DestinationEventId, str, str]] = field(default_factory=set)

    def delete_by_hand(self, record: StoredRecord, *, recorded: bool) -> None:
        """Let an admin delete a record. Gleanin drops its ties; what nobody recorded is forgotten for good."""
        self.gleanin.delete_by_hand(record.id)
        # What is gone may be created anew at any time.
        created = (record.event_id, record.external_id)
        self.gleanin.posts = [post for post in self.gleanin.posts if post[:2] != created]
        self._known.discard(record.id)
        self._associations.pop(record.id, None)
        self.foreign.pop(record.id, None)
        if sent := sent_as(record):
            key = (record.event_id, record.kind.name, sent[1])
            self.sent[key].discard(sent[0])
            if recorded:
                self.remembered[key].add(sent[0])
        if record.kind == SESSION:
            for speaker in self.gleanin.list_by_event(record.event_id, SPEAKER):
                associations = speaker.fields.get("sessions", ())
                if record.id in associations:
                    speaker.fields["sessions"] = left = tuple(tie for tie in associations if tie != record.id)
                    self._associations[speaker.id] = frozenset(left)

    def sent_under_others(self, key: Key, connection: str) -> set[str]:
        """Tell under which other connections a source record was sent, as far as anybody can know."""
        whose = self.organization_of[connection]
        recalled = {each for each in self.remembered[key] if self.organization_of[each] == whose}
        return (self.sent[key] | recalled) - {connection}

    def rule_10_nothing_is_written_under_another_connection(self) -> None:
        for write in self.gleanin.writes[self._writes_seen :]:
            record = self.gleanin.records.get(write.gleanin_id)
            assert record is not None, "nothing is removed in the course of a sync"
            sent = sent_as(record)
            assert sent is not None, f"rule 19: a foreign contact was written: {write}"
            connection, source_id = sent
            key = (record.event_id, record.kind.name, source_id)
            earlier = self.sent_under_others(key, connection)
            assert not earlier, f"rule 10: {source_id} was sent under {earlier} before {connection}"
            self.sent[key].add(connection)
        self._writes_seen = len(self.gleanin.writes)

    def rule_18_nothing_lacks_a_required_field(self) -> None:
        for record in self.gleanin.records.values():
            if sent_as(record):
                assert all(record.fields.get(name) for name in record.kind.required), record

    def rule_19_foreign_contacts_are_as_they_were(self) -> None:
        for gleanin_id, fields in self.foreign.items():
            assert self.gleanin.records[gleanin_id].fields == fields, "rule 19"

    def rule_22_nothing_is_removed_and_ties_only_grow(self) -> None:
        assert self._known <= self.gleanin.records.keys(), "rule 22: something was removed"
        self._known |= self.gleanin.records.keys()
        for record in self.gleanin.records.values():
            associations = frozenset(record.fields.get("sessions", ()))
            assert self._associations.get(record.id, frozenset()) <= associations, (
                f"rule 22: {record} was untied"
            )
            self._associations[record.id] = associations

    def rule_32_nothing_is_doubled(self) -> None:
        assert self.gleanin.duplicates == 0, "rule 32"

    def rule_32_no_create_is_repeated_too_early(self, gap: timedelta) -> None:
        latest: dict[tuple[str, str], datetime] = {}
        for event_id, external_id, at in self.gleanin.posts:
            earlier = latest.get((event_id, external_id))
            assert earlier is None or at - earlier >= gap, f"rule 32: {external_id} after {at - earlier}"
            latest[event_id, external_id] = at

    def shared_mailboxes(self) -> set[tuple[DestinationEventId, str, str]]:
        """Find (event, kind, mailbox) that two contacts of ours have."""
        seen: set[tuple[DestinationEventId, str, str]] = set()
        twice: set[tuple[DestinationEventId, str, str]] = set()
        for record in self.gleanin.records.values():
            box = mailbox(record.fields.get("email"))
            if box and sent_as(record):
                place = (record.event_id, record.kind.name, box)
                (twice if place in seen else seen).add(place)
        return twice

    def rule_15_nobody_shares_a_mailbox(self, *, excused: bool) -> None:
        """Two people who exchange their e-mails share one for a moment; a run cut off then is `excused`."""
        shared = self.shared_mailboxes()
        if not excused:
            assert shared <= self._shared, f"rule 15: {shared - self._shared}"
        self._shared = shared


def people_by_mailbox(
    gleanin: InMemoryGleanin, event: DestinationEventId
) -> dict[str, list[tuple[str, SourceId | None]]]:
    """Give for each mailbox the contacts that have it: kind, and source id of those we created."""
    found: dict[str, list[tuple[str, SourceId | None]]] = defaultdict(list)
    for record in gleanin.list_by_event(event):
        box = mailbox(record.fields.get("email"))
        if box and record.kind.is_person:
            sent = sent_as(record)
            found[box].append((record.kind.name, SourceId(sent[1]) if sent else None))
    return found
