"""What holds for every plan, over random conferences and their histories (rules 10, 15, 19, 21, 22, 26 and 32)."""

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
from tests.support.random_histories import EMAILS, PEOPLE, Chapter, histories, programmes
from tests.support.random_programmes import SandboxState

FOREIGN = st.lists(st.sampled_from(EMAILS), max_size=2)
WITHOUT_CRASHES, WITH_CRASHES = histories(crashes=False), histories(crashes=True)


def world_with(foreign_emails: list[str]) -> SandboxState:
    world = SandboxState()
    for number, email in enumerate(foreign_emails):
        world.put(SPEAKER, foreign(f"foreign-{number}", email))
    return world


def live(world: SandboxState, chapter: Chapter) -> list[Step]:
    for kind, source_id in chapter.deleted_by_hand:
        world.delete_by_hand(kind, source_id)
    return world.sync(chapter.programme, lambda step: step.record.source_id not in chapter.unrecorded)


def writes(steps: list[Step]) -> list[Step]:
    return [step for step in steps if not isinstance(step, NoWrite)]


@given(WITHOUT_CRASHES, FOREIGN)
def test_rule_21_a_second_sync_of_the_same_programme_writes_nothing(
    history: list[Chapter], foreign_emails: list[str]
) -> None:
    world = world_with(foreign_emails)
    for chapter in history:
        live(world, chapter)
        assert writes(world.sync(chapter.programme)) == []


@given(WITH_CRASHES)
def test_rule_32_after_a_crash_the_next_sync_puts_right_and_the_one_after_writes_nothing(
    history: list[Chapter],
) -> None:
    world = SandboxState()
    for chapter in history:
        live(world, chapter)
    last = history[-1].programme
    world.sync(last)
    assert writes(world.sync(last)) == []


@given(WITH_CRASHES)
def test_rule_32_no_record_is_ever_in_gleanin_twice(history: list[Chapter]) -> None:
    world = SandboxState()
    for chapter in history:
        live(world, chapter)
        for kind in KINDS:
            sent = Counter(record.external_id for record in world.there[kind.name].values())
            assert all(number == 1 for number in sent.values()), kind


@given(WITH_CRASHES)
def test_rule_26_the_sums_balance_and_no_record_has_two_outcomes(history: list[Chapter]) -> None:
    world = SandboxState()
    for chapter in history:
        steps = live(world, chapter)
        counts = count((step.record.kind, _outcome(step)) for step in steps)
        assert counts.read == len(steps)
        assert len({(step.record.kind.name, step.record.source_id) for step in steps}) == len(steps)
        assert all(step.reason.sentence and step.reason.code for step in steps)


def _outcome(step: Step) -> Outcome:
    if isinstance(step, NoWrite):
        return step.outcome
    return Outcome.CREATED if isinstance(step, Create) else Outcome.UPDATED


@given(WITHOUT_CRASHES, FOREIGN)
def test_rule_15_and_19_no_mailbox_is_given_to_two_contacts_of_a_kind(
    history: list[Chapter], foreign_emails: list[str]
) -> None:
    world = world_with(foreign_emails)
    not_ours = {normalize_email(email) for email in foreign_emails}
    for chapter in history:
        live(world, chapter)
        for kind in (SPEAKER, EXHIBITOR_CONTACT):
            holders = Counter(world.mailboxes(kind).values())
            assert all(number == 1 for number in holders.values()), holders
            assert not not_ours & holders.keys()


@given(WITH_CRASHES)
def test_rule_22_what_stands_in_gleanin_only_grows(history: list[Chapter]) -> None:
    world = SandboxState()
    for chapter in history:
        for kind, source_id in chapter.deleted_by_hand:
            world.delete_by_hand(kind, source_id)
        sessions = world.there["session"].keys()
        ids = {kind.name: set(world.there[kind.name]) for kind in KINDS}
        associations = {who: world.associations(who) & sessions for who in PEOPLE}
        live(world, Chapter(chapter.programme, frozenset(), chapter.unrecorded))
        for kind in KINDS:
            assert ids[kind.name] <= world.there[kind.name].keys()
        for who in PEOPLE:
            assert associations[who] <= world.associations(who)


@given(WITHOUT_CRASHES)
def test_rule_22_ties_to_sessions_that_are_gone_are_never_sent(history: list[Chapter]) -> None:
    world = SandboxState()
    for chapter in history:
        for step in live(world, chapter):
            if step.record.kind is SPEAKER and isinstance(step, Update):
                sent = [change.new for change in step.changes if change.field == "sessions"]
                assert all(set(new or ()) <= world.there["session"].keys() for new in sent)


@given(programmes(), programmes())
def test_rule_10_after_a_disconnect_nothing_that_was_sent_is_written_again(
    before: SourceSnapshot, after: SourceSnapshot
) -> None:
    world = SandboxState(ConnectionId("first"))
    world.sync(before)
    sent = {kind.name: set(world.there[kind.name]) for kind in KINDS}
    former = {kind.name: _source_ids(world, kind) for kind in KINDS}
    world.connection, world.memory = ConnectionId("second"), {kind.name: {} for kind in KINDS}
    for step in world.sync(after):
        if step.record.source_id in former[step.record.kind.name]:
            assert isinstance(step, NoWrite)
            assert step.outcome is Outcome.SKIPPED
        if isinstance(step, Update):
            assert step.gleanin_id not in sent[step.record.kind.name]


def _source_ids(world: SandboxState, kind: RecordKind) -> set[str]:
    return {str(record.external_id).split(":")[2] for record in world.there[kind.name].values()}
