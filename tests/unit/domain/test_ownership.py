"""Which kind of a shared group a record belongs to (rule 44)."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.domain.ids import DestinationId, SourceId
from core.domain.planning.destination_index import DestinationIndex
from core.domain.planning.ownership import Ownership
from core.domain.planning.plan import Planner
from core.domain.records.kinds import EXHIBITOR_CONTACT, KINDS, SPEAKER, RecordKind
from core.domain.records.outcomes import Outcome
from tests.support.builders import EARLIER, HERE, candidate, create, foreign, no_write, ours, update
from tests.support.shared_group import SPONSOR, registered
from tests.support.systems import SESSIONBOARD, SYSTEMS

EVE, G1 = SourceId("eve"), DestinationId("g1")
FIELDS: dict[str, Any] = {"company_name": "Eve", "email": "eve@example.org"}


@pytest.fixture(autouse=True)
def _registered() -> Iterator[None]:
    with registered():
        yield


def index_of(
    *records: Any, sent_as: RecordKind | None = None, intended_as: RecordKind | None = None
) -> DestinationIndex:
    """Index contacts; Eve's was sent, or intended to be sent, as a kind."""
    sent = {sent_as.name: {G1: EVE}} if sent_as else {}
    here = {sent_as.name: {EVE: G1}} if sent_as else {}
    intended = {intended_as.name: {EVE}} if intended_as else {}
    index = DestinationIndex(SESSIONBOARD, HERE, here, sent, ownership=Ownership(intended, here.keys()))
    index.add(EXHIBITOR_CONTACT, records or [ours("g1", "eve", email="eve@example.org")])
    return index


def planned(kind: RecordKind, index: DestinationIndex, source_id: str = "eve", **more: Any) -> Any:
    (step,) = Planner(kind, index, SYSTEMS, frozenset(), **more).plan(
        [candidate(source_id=source_id, kind=kind, **FIELDS)], {}
    )
    return step


@pytest.mark.parametrize(("owner", "other"), [(EXHIBITOR_CONTACT, SPONSOR), (SPONSOR, EXHIBITOR_CONTACT)])
@pytest.mark.parametrize("known_by", ["sent_as", "intended_as"])
def test_rule_44_a_record_belongs_to_the_kind_as_which_it_was_sent(
    owner: RecordKind, other: RecordKind, known_by: str
) -> None:
    index = index_of(**{known_by: owner})
    step = no_write(planned(other, index))
    assert (step.outcome, step.reason.code) == (Outcome.SKIPPED, "synced_as_another")
    assert (index.all_created_here(owner), index.all_created_here(other)) == ({EVE: G1}, {})
    assert update(planned(owner, index)).destination_id == G1


def test_rule_44_a_synced_record_counts_more_than_an_intent() -> None:
    index = index_of(sent_as=SPONSOR, intended_as=EXHIBITOR_CONTACT)
    assert index.other_kind(EXHIBITOR_CONTACT, EVE) == SPONSOR


def test_rule_44_an_unclaimed_record_belongs_to_the_first_kind_that_needs_it() -> None:
    index = index_of()
    assert index.unclaimed(SPONSOR) == {EVE: G1}
    assert update(planned(SPONSOR, index)).destination_id == G1
    assert no_write(planned(EXHIBITOR_CONTACT, index)).reason.code == "synced_as_another"
    assert index.unclaimed(SPONSOR) == {}


def test_rule_44_a_kind_that_shares_with_none_owns_all_of_its_records() -> None:
    index = DestinationIndex(SESSIONBOARD, HERE)
    index.add(SPEAKER, [ours("g1", "ada")])
    assert index.created_here(SPEAKER, SourceId("ada")) == G1
    assert index.other_kind(SPEAKER, SourceId("ada")) is None


def test_rule_44_a_removed_kind_keeps_its_records_and_claims_no_others_with_an_equal_id() -> None:
    KINDS.unregister(SPONSOR)
    volunteer = KINDS.named("volunteer")
    assert index_of(sent_as=volunteer).other_kind(EXHIBITOR_CONTACT, EVE) == volunteer
    index = index_of(ours("g1", "pat", email="pat@example.org"), sent_as=volunteer)
    assert index.created_here(EXHIBITOR_CONTACT, SourceId("pat")) == G1
    assert create(planned(EXHIBITOR_CONTACT, index)).previous_id is None


def test_rule_44_a_contact_of_another_kind_keeps_its_e_mail_whatever_is_planned_for_this_kind() -> None:
    index = index_of(sent_as=EXHIBITOR_CONTACT)
    step = no_write(planned(SPONSOR, index, "zoe", email_changes={EVE: "new@example.org"}))
    assert (step.outcome, step.reason.code) == (Outcome.BLOCKED, "email_of_kept")


def test_rule_19_a_contact_that_nobody_sent_belongs_to_no_kind() -> None:
    index = index_of(foreign("g1", "eve@example.org"))
    for kind in (EXHIBITOR_CONTACT, SPONSOR):
        assert no_write(planned(kind, index)).reason.code == "foreign_contact"


def test_rule_10_what_was_sent_before_a_disconnect_is_no_kind_s_any_more() -> None:
    index = index_of(ours("g1", "eve", EARLIER, email="eve@example.org"))
    for kind in (EXHIBITOR_CONTACT, SPONSOR):
        assert index.created_before(kind) == {EVE: G1}
        assert index.created_here(kind, EVE) is None
