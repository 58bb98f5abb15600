"""Properties of every plan, over random conferences and their histories (rules 10, 15, 19, 21, 22, 26 and 32)."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from core.domain.email import normalize_email
from core.domain.ids import ConnectionId
from core.domain.planning.plan import Create, NoWrite, Step, Update
from core.domain.records.kinds import EXHIBITOR_CONTACT, KINDS, SPEAKER, RecordKind
from core.domain.records.outcomes import Outcome, count
from core.domain.selection.source_snapshot import SourceSnapshot
from tests.support.builders import foreign
from tests.support.random_histories import EMAILS, PEOPLE, HistoryStep, histories, programmes
from tests.support.random_programmes import SyncModel

FOREIGN = st.lists(st.sampled_from(EMAILS), max_size=2)
WITHOUT_CRASHES, WITH_CRASHES = histories(crashes=False), histories(crashes=True)


def model_with(foreign_emails: list[str]) -> SyncModel:
    model = SyncModel()
    for number, email in enumerate(foreign_emails):
        model.put(SPEAKER, foreign(f"foreign-{number}", email))
    return model


def apply(model: SyncModel, edits: HistoryStep) -> list[Step]:
    for kind, source_id in edits.deleted_by_hand:
        model.delete_by_hand(kind, source_id)
    return model.sync(edits.programme, lambda step: step.record.source_id not in edits.unrecorded)


def writes(steps: list[Step]) -> list[Step]:
    return [step for step in steps if not isinstance(step, NoWrite)]


@given(WITHOUT_CRASHES, FOREIGN)
def test_rule_21_a_second_sync_of_the_same_programme_writes_nothing(
    history: list[HistoryStep], foreign_emails: list[str]
) -> None:
    model = model_with(foreign_emails)
    for edits in history:
        apply(model, edits)
        assert writes(model.sync(edits.programme)) == []


@given(WITH_CRASHES)
def test_rule_32_the_sync_after_a_crash_repairs_and_the_next_one_writes_nothing(
    history: list[HistoryStep],
) -> None:
    model = SyncModel()
    for edits in history:
        apply(model, edits)
    last = history[-1].programme
    model.sync(last)
    assert writes(model.sync(last)) == []


@given(WITH_CRASHES)
def test_rule_32_no_record_is_created_twice(history: list[HistoryStep]) -> None:
    model = SyncModel()
    for edits in history:
        apply(model, edits)
        for kind in KINDS:
            sent = Counter(record.external_id for record in model.gleanin[kind.name].values())
            assert all(number == 1 for number in sent.values()), kind


@given(WITH_CRASHES)
def test_rule_26_the_sums_balance_and_no_record_has_two_outcomes(history: list[HistoryStep]) -> None:
    model = SyncModel()
    for edits in history:
        steps = apply(model, edits)
        counts = count((step.record.kind, _outcome(step)) for step in steps)
        assert counts.read == len(steps)
        assert len({(step.record.kind.name, step.record.source_id) for step in steps}) == len(steps)
        assert all(step.reason.sentence and step.reason.code for step in steps)


def _outcome(step: Step) -> Outcome:
    if isinstance(step, NoWrite):
        return step.outcome
    return Outcome.CREATED if isinstance(step, Create) else Outcome.UPDATED


@given(WITHOUT_CRASHES, FOREIGN)
def test_rules_15_and_19_no_two_contacts_of_a_kind_share_a_mailbox(
    history: list[HistoryStep], foreign_emails: list[str]
) -> None:
    model = model_with(foreign_emails)
    foreign_mailboxes = {normalize_email(email) for email in foreign_emails}
    for edits in history:
        apply(model, edits)
        for kind in (SPEAKER, EXHIBITOR_CONTACT):
            holders = Counter(model.mailboxes(kind).values())
            assert all(number == 1 for number in holders.values()), holders
            assert not foreign_mailboxes & holders.keys()


@given(WITH_CRASHES)
def test_rule_22_records_and_associations_in_gleanin_only_grow(history: list[HistoryStep]) -> None:
    model = SyncModel()
    for edits in history:
        for kind, source_id in edits.deleted_by_hand:
            model.delete_by_hand(kind, source_id)
        sessions = model.gleanin["session"].keys()
        ids = {kind.name: set(model.gleanin[kind.name]) for kind in KINDS}
        associations = {person_id: model.associations(person_id) & sessions for person_id in PEOPLE}
        apply(model, HistoryStep(edits.programme, frozenset(), edits.unrecorded))
        for kind in KINDS:
            assert ids[kind.name] <= model.gleanin[kind.name].keys()
        for person_id in PEOPLE:
            assert associations[person_id] <= model.associations(person_id)


@given(WITHOUT_CRASHES)
def test_rule_22_associations_with_deleted_sessions_are_not_sent(history: list[HistoryStep]) -> None:
    model = SyncModel()
    for edits in history:
        for step in apply(model, edits):
            if step.record.kind is SPEAKER and isinstance(step, Update):
                sent = [change.new for change in step.changes if change.field == "sessions"]
                assert all(set(new or ()) <= model.gleanin["session"].keys() for new in sent)


@given(programmes(), programmes())
def test_rule_10_records_sent_before_a_disconnect_are_not_written_again(
    before: SourceSnapshot, after: SourceSnapshot
) -> None:
    model = SyncModel(ConnectionId("first"))
    model.sync(before)
    sent = {kind.name: set(model.gleanin[kind.name]) for kind in KINDS}
    previous = {kind.name: _source_ids(model, kind) for kind in KINDS}
    model.connection, model.synced = ConnectionId("second"), {kind.name: {} for kind in KINDS}
    for step in model.sync(after):
        if step.record.source_id in previous[step.record.kind.name]:
            assert isinstance(step, NoWrite)
            assert step.outcome is Outcome.SKIPPED
        if isinstance(step, Update):
            assert step.destination_id not in sent[step.record.kind.name]


def _source_ids(model: SyncModel, kind: RecordKind) -> set[str]:
    return {str(record.external_id).split(":")[2] for record in model.gleanin[kind.name].values()}
