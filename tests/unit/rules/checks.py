"""What must be true after a sync, by an independent reading of the rules."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from adapters.memory.records import StoredRecord
from core.domain.ids import SourceId
from core.domain.records.kinds import ALL, KINDS, SESSION
from core.domain.records.outcomes import Outcome, RecordOutcome
from core.domain.runs.run import RunState, SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.harness import Harness
from tests.unit.rules.conference import Conference
from tests.unit.rules.expected import (
    ExpectedRecord,
    expected_contacts,
    expected_sessions,
    expected_speakers,
)
from tests.unit.rules.observer import Observer, contacts_by_mailbox, origin_of

WRITTEN = {Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED}
EMAIL_CONFLICTS = {"same_email", "email_of_kept", "foreign_contact"}
RecordKey = tuple[str, str]
"""The name of the kind, and the source id."""
Outcomes = Mapping[RecordKey, RecordOutcome]


@dataclass(frozen=True)
class Expectation:
    """What a sync must do, computed before it begins."""

    mapping: EventMapping
    records: Mapping[RecordKey, ExpectedRecord]
    excluded: frozenset[RecordKey]
    """Sent under another connection (rule 10)."""
    contacts: Mapping[str, list[tuple[str, SourceId | None]]]
    """Gleanin's contacts by mailbox."""
    rejected: SourceId | None = None
    """The record that Gleanin does not accept."""

    def excluding_late_creates(self, created: Iterable[StoredRecord]) -> "Expectation":
        """Exclude what a killed run sent under another connection and Gleanin created only now (rule 10)."""
        late = {
            (record.kind.name, origin[1])
            for record in created
            if record.event_id == self.mapping.events.destination_id
            and (origin := origin_of(record))
            and origin[0] != self.mapping.connection_id
        }
        return replace(self, excluded=self.excluded | late)

    def has_email_conflict(self, record: ExpectedRecord) -> bool:
        """Return whether another person has the mailbox in Gleanin, or is about to get it."""
        return bool(self._same_mailbox(record)) or bool(self._other_owners(record))

    def _same_mailbox(self, record: ExpectedRecord) -> list[ExpectedRecord]:
        return [
            other
            for other in self.records.values()
            if (other.kind, other.claimed_mailbox) == (record.kind, record.claimed_mailbox)
            and other.source_id != record.source_id
        ]

    def _other_owners(self, record: ExpectedRecord) -> list[tuple[str, SourceId | None]]:
        return [
            (kind, source_id)
            for kind, source_id in self.contacts.get(record.claimed_mailbox or "", [])
            if source_id != record.source_id and (source_id is None or kind == record.kind)
        ]

    def must_be_written(self, record: ExpectedRecord) -> bool:
        key = (record.kind, record.source_id)
        if not record.is_eligible or key in self.excluded or record.source_id == self.rejected:
            return False
        if record.claimed_mailbox is None or not self.has_email_conflict(record):
            return True
        # Of several people with a mailbox that is free in Gleanin, the oldest is written (rule 15).
        return record.claimed_mailbox not in self.contacts and not any(
            _age(other) <= _age(record) for other in self._same_mailbox(record)
        )


def _age(record: ExpectedRecord) -> tuple[bool, object, str]:
    return (record.created_at is None, record.created_at or 0, record.source_id)


def build_expectation(
    harness: Harness,
    observer: Observer,
    conference: Conference,
    mapping: EventMapping,
    rejected: SourceId | None = None,
) -> Expectation:
    here, there = mapping.events.source_id, mapping.events.destination_id
    sessions, now = conference.sessions_with_people(here), harness.clock.now()
    records = [
        *expected_sessions(sessions, mapping.settings, now),
        *expected_speakers(sessions, mapping.settings, now),
        *expected_contacts(conference.exhibitors_with_people(here), mapping.settings),
    ]
    excluded = frozenset(
        (kind, source_id)
        for event, kind, source_id in (*observer.sent, *observer.deleted_but_recorded)
        if event == there and observer.sent_under_others((event, kind, source_id), mapping.connection_id)
    )
    return Expectation(
        mapping,
        {(record.kind, record.source_id): record for record in records},
        excluded,
        contacts_by_mailbox(harness.gleanin, there),
        rejected,
    )


def check_sums(run: SyncRun, outcomes: Iterable[RecordOutcome]) -> None:
    """Check that the sums balance, however the run ended (rules 26 and 27)."""
    outcomes = list(outcomes)
    for kind in KINDS:
        tally = run.counts.of(kind)
        numbers = Counter(outcome.outcome for outcome in outcomes if outcome.record.kind == kind)
        assert {outcome: tally[outcome] for outcome in Outcome if tally[outcome]} == dict(numbers), run
        succeeded = numbers[Outcome.CREATED] + numbers[Outcome.UPDATED] + numbers[Outcome.UNCHANGED]
        assert tally.succeeded == succeeded
        assert tally.attempted == succeeded + numbers[Outcome.BLOCKED] + numbers[Outcome.FAILED]


def check_completed(harness: Harness, expected: Expectation, run: SyncRun, outcomes: Outcomes) -> None:
    """Check a completed run: its state, each outcome, and what is in Gleanin."""
    assert run.state in (RunState.COMPLETED, RunState.COMPLETED_WITH_PROBLEMS), run.message
    in_scope = {kind.name for kind in KINDS if run.scope in (ALL, kind.scope)}
    records = {key: record for key, record in expected.records.items() if key[0] in in_scope}
    _check_completeness(records, outcomes)
    stored = _records_of(harness, expected.mapping)
    for key, record in records.items():
        _check_record(expected, record, outcomes[key], stored.get(key))
    _check_associations(harness, expected, records, stored)


def _check_completeness(records: Mapping[RecordKey, ExpectedRecord], outcomes: Outcomes) -> None:
    """Check that each record read has one outcome, and otherwise only what left the programme (rule 26)."""
    assert records.keys() <= outcomes.keys(), f"rule 26: no outcome for {records.keys() - outcomes.keys()}"
    others = {outcomes[key].outcome for key in outcomes.keys() - records.keys()}
    assert others <= {Outcome.KEPT}, f"rule 26: {outcomes}"


def _records_of(harness: Harness, mapping: EventMapping) -> dict[RecordKey, StoredRecord]:
    """Return the records in Gleanin that were sent under the mapping's connection."""
    found = {}
    for record in harness.gleanin.list_by_event(mapping.events.destination_id):
        origin = origin_of(record)
        if origin is not None and origin[0] == mapping.connection_id:
            assert (record.kind.name, origin[1]) not in found, "rule 32: duplicated"
            found[record.kind.name, origin[1]] = record
    return found


def _check_record(
    expected: Expectation, record: ExpectedRecord, outcome: RecordOutcome, stored: StoredRecord | None
) -> None:
    key = (record.kind, record.source_id)
    if expected.must_be_written(record):
        assert outcome.outcome in WRITTEN, f"rule 32: {outcome}"
    if outcome.outcome in WRITTEN:
        assert record.is_eligible, f"rules 12 to 18: {outcome}"
        assert key not in expected.excluded, f"rule 10: {outcome}"
        assert stored is not None, f"rule 32: {outcome} is not there"
        assert _values(stored) == record.fields, f"rules 13 to 21: {outcome}"
    elif key in expected.excluded:
        assert outcome.outcome is Outcome.SKIPPED, f"rule 10: {outcome}"
    elif record.is_eligible and record.source_id != expected.rejected:
        code = outcome.reason.code
        has_waited = outcome.outcome is Outcome.FAILED and code == "waited_in_vain"
        has_conflict = outcome.outcome is Outcome.BLOCKED and code in EMAIL_CONFLICTS
        assert has_waited or has_conflict, f"rules 15 and 19: {outcome}"
    elif record.source_id == expected.rejected:
        assert outcome.outcome not in {Outcome.CREATED, Outcome.UPDATED}, outcome


def _values(record: StoredRecord) -> dict[str, object]:
    return {name: value for name, value in record.fields.items() if name != "sessions"}


def _check_associations(
    harness: Harness,
    expected: Expectation,
    records: Mapping[RecordKey, ExpectedRecord],
    stored: Mapping[RecordKey, StoredRecord],
) -> None:
    """Check that a written person has all their sessions that are in Gleanin, by whichever connection (rule 14)."""
    session_ids = {}
    for session in harness.gleanin.list_by_event(expected.mapping.events.destination_id, SESSION):
        if origin := origin_of(session):
            session_ids[origin[1]] = session.id
    for key, record in records.items():
        if record.kind != "speaker" or not expected.must_be_written(record):
            continue
        associations = set(stored[key].fields.get("sessions", ()))
        written = {session_ids[session_id] for session_id in record.session_ids if session_id in session_ids}
        missing = written - associations
        assert not missing, f"rule 14: {record.source_id} is not associated with {missing}"
        assert associations <= set(session_ids.values()), "associated with a session that does not exist"
