"""What must be true after a sync, judged by an independent telling of the rules."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from adapters.memory.records import StoredRecord
from core.domain.ids import SourceId
from core.domain.records.kinds import KINDS, SESSION, Scope
from core.domain.records.outcomes import Outcome, RecordOutcome
from core.domain.runs.run import RunState, SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from tests.support.harness import Harness
from tests.unit.rules.conference import Conference
from tests.unit.rules.expected import Wanted, wanted_contacts, wanted_sessions, wanted_speakers
from tests.unit.rules.observer import Observer, people_by_mailbox, sent_as

WRITTEN = {Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED}
EMAIL_TROUBLE = {"same_email", "email_of_kept", "foreign_contact"}
Told = Mapping[tuple[str, str], RecordOutcome]


@dataclass(frozen=True)
class Expectation:
    """What a sync will find: taken down before it begins."""

    mapping: EventMapping
    wanted: Mapping[tuple[str, str], Wanted]
    excluded: frozenset[tuple[str, str]]
    boxes: Mapping[str, list[tuple[str, SourceId | None]]]
    rejected: SourceId | None = None

    def with_landed(self, landed: Iterable[StoredRecord]) -> "Expectation":
        """Bar what a killed run had sent under another connection, and Gleanin carried out only meanwhile (rule 10)."""
        late = {
            (record.kind.name, sent[1])
            for record in landed
            if record.event_id == self.mapping.events.gleanin_id
            and (sent := sent_as(record))
            and sent[0] != self.mapping.connection_id
        }
        return replace(self, excluded=self.excluded | late)

    def contested(self, one: Wanted) -> bool:
        """Tell whether somebody else has the person's mailbox in Gleanin, or is about to get it."""
        return bool(self._rivals(one)) or bool(self._holders(one))

    def _rivals(self, one: Wanted) -> list[Wanted]:
        return [
            other
            for other in self.wanted.values()
            if (other.kind, other.claims) == (one.kind, one.claims) and other.source_id != one.source_id
        ]

    def _holders(self, one: Wanted) -> list[tuple[str, SourceId | None]]:
        return [
            (kind, who)
            for kind, who in self.boxes.get(one.claims or "", [])
            if who != one.source_id and (who is None or kind == one.kind)
        ]

    def must_go(self, one: Wanted) -> bool:
        if not one.goes or (one.kind, one.source_id) in self.excluded or one.source_id == self.rejected:
            return False
        if one.claims is None or not self.contested(one):
            return True
        # Of people who share a mailbox that nobody has in Gleanin, the older one goes (rule 15).
        return one.claims not in self.boxes and not any(
            _age(other) <= _age(one) for other in self._rivals(one)
        )


def _age(one: Wanted) -> tuple[bool, object, str]:
    return (one.created_at is None, one.created_at or 0, one.source_id)


def expectation(
    harness: Harness,
    observer: Observer,
    conference: Conference,
    mapping: EventMapping,
    rejected: SourceId | None = None,
) -> Expectation:
    here, there = mapping.events.sessionboard_id, mapping.events.gleanin_id
    rows, now = conference.programme(here), harness.clock.now()
    wanted = [
        *wanted_sessions(rows, mapping.settings, now),
        *wanted_speakers(rows, mapping.settings, now),
        *wanted_contacts(conference.exhibition(here), mapping.settings),
    ]
    excluded = frozenset(
        (kind, source_id)
        for event, kind, source_id in (*observer.sent, *observer.remembered)
        if event == there and observer.sent_under_others((event, kind, source_id), mapping.connection_id)
    )
    return Expectation(
        mapping,
        {(each.kind, each.source_id): each for each in wanted},
        excluded,
        people_by_mailbox(harness.gleanin, there),
        rejected,
    )


def judge_sums(run: SyncRun, told: list[RecordOutcome]) -> None:
    """Rules 26 and 27: the sums balance, whatever became of the run."""
    for kind in KINDS:
        tally = run.counts.of(kind)
        numbers = Counter(each.outcome for each in told if each.record.kind == kind)
        assert {outcome: tally[outcome] for outcome in Outcome if tally[outcome]} == dict(numbers), run
        succeeded = numbers[Outcome.CREATED] + numbers[Outcome.UPDATED] + numbers[Outcome.UNCHANGED]
        assert tally.succeeded == succeeded
        assert tally.attempted == succeeded + numbers[Outcome.BLOCKED] + numbers[Outcome.FAILED]


def judge_completed(harness: Harness, expected: Expectation, run: SyncRun, told: Told) -> None:
    assert run.state in (RunState.COMPLETED, RunState.COMPLETED_WITH_PROBLEMS), run.message
    in_scope = {kind.name for kind in KINDS if run.scope in (Scope.ALL, kind.scope)}
    asked = {key: one for key, one in expected.wanted.items() if key[0] in in_scope}
    _judge_completeness(asked, told)
    there = _ours(harness, expected.mapping)
    for key, one in asked.items():
        _judge_record(expected, one, told[key], there.get(key))
    _judge_ties(harness, expected, asked, there)


def _judge_completeness(asked: Mapping[tuple[str, str], Wanted], told: Told) -> None:
    """Rule 26: one outcome for each record read, and else only for what left the programme."""
    assert asked.keys() <= told.keys(), f"rule 26: nothing was told of {asked.keys() - told.keys()}"
    others = {told[key].outcome for key in told.keys() - asked.keys()}
    assert others <= {Outcome.KEPT}, f"rule 26: {told}"


def _ours(harness: Harness, mapping: EventMapping) -> dict[tuple[str, str], StoredRecord]:
    found = {}
    for record in harness.gleanin.list_by_event(mapping.events.gleanin_id):
        sent = sent_as(record)
        if sent is not None and sent[0] == mapping.connection_id:
            assert (record.kind.name, sent[1]) not in found, "rule 32: doubled"
            found[record.kind.name, sent[1]] = record
    return found


def _judge_record(
    expected: Expectation, one: Wanted, told: RecordOutcome, record: StoredRecord | None
) -> None:
    key = (one.kind, one.source_id)
    if expected.must_go(one):
        assert told.outcome in WRITTEN, f"rule 32: {told}"
    if told.outcome in WRITTEN:
        assert one.goes, f"rules 12 to 18: {told}"
        assert key not in expected.excluded, f"rule 10: {told}"
        assert record is not None, f"rule 32: {told} is not there"
        assert _values(record) == one.fields, f"rules 13 to 21: {told}"
    elif key in expected.excluded:
        assert told.outcome is Outcome.SKIPPED, f"rule 10: {told}"
    elif one.goes and one.source_id != expected.rejected:
        waited = told.outcome is Outcome.FAILED and told.reason.code == "waited_in_vain"
        in_the_way = told.outcome is Outcome.BLOCKED and told.reason.code in EMAIL_TROUBLE
        assert waited or in_the_way, f"rules 15 and 19: {told}"
    elif one.source_id == expected.rejected:
        assert told.outcome not in {Outcome.CREATED, Outcome.UPDATED}, told


def _values(record: StoredRecord) -> dict[str, object]:
    return {name: value for name, value in record.fields.items() if name != "sessions"}


def _judge_ties(
    harness: Harness,
    expected: Expectation,
    asked: Mapping[tuple[str, str], Wanted],
    there: Mapping[tuple[str, str], StoredRecord],
) -> None:
    """Rule 14: a person who went is tied to every session of theirs that is in Gleanin (by whichever connection)."""
    placed = {}
    for record in harness.gleanin.list_by_event(expected.mapping.events.gleanin_id, SESSION):
        if sent := sent_as(record):
            placed[sent[1]] = record.id
    for key, one in asked.items():
        if one.kind != "speaker" or not expected.must_go(one):
            continue
        associations = set(there[key].fields.get("sessions", ()))
        missing = {placed[each] for each in one.on_sessions if each in placed} - associations
        assert not missing, f"rule 14: {one.source_id} is not tied to {missing}"
        assert associations <= set(placed.values()), "ties to what is not there"
