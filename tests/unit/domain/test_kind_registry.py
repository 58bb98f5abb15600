"""Kinds that are registered beside those that come with the program."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.domain.errors import InvalidInput
from core.domain.records.feeds import Feed
from core.domain.records.kinds import (
    AGENDA,
    ALL,
    EXHIBITOR_CONTACT,
    KINDS,
    SESSION,
    SPEAKER,
    KindRegistry,
    RecordKind,
    Scope,
)
from core.domain.records.outcomes import Counts, Outcome, Tally
from core.domain.records.source_records import Exhibitor
from core.domain.runs.messages import closing_message
from entrypoints.http.pages.rendering import kinds_in
from entrypoints.resources.runs import CountsResponse
from tests.support.systems import SYSTEMS

SPONSORS = Scope("sponsors")
SPONSOR = RecordKind(
    name="sponsor",
    plural="sponsors",
    singular="sponsor",
    scope=SPONSORS,
    feed=Feed("sponsors", Exhibitor),
    required=("company_name",),
    optional=(),
    is_person=True,
    phase=2,
)


@pytest.fixture
def sponsor() -> Iterator[RecordKind]:
    KINDS.register(SPONSOR)
    yield SPONSOR
    KINDS.unregister(SPONSOR)


@pytest.mark.usefixtures("sponsor")
def test_rule_43_a_registered_kind_brings_its_scope_and_is_written_in_its_phase() -> None:
    assert KINDS.scopes == (AGENDA, Scope("exhibitors"), SPONSORS, ALL)
    assert KINDS.in_scope(SPONSORS) == (SPONSOR,)
    assert KINDS.in_scope(ALL) == (SESSION, SPEAKER, EXHIBITOR_CONTACT, SPONSOR)
    assert SPONSOR.feed in KINDS.feeds_in(ALL)
    assert SPONSOR in KINDS.people
    assert KINDS.scope_named("sponsors") == SPONSORS


@pytest.mark.usefixtures("sponsor")
def test_rule_43_messages_counts_and_pages_name_a_registered_kind() -> None:
    counts = Counts({SPONSOR: Tally({Outcome.CREATED: 2})})
    assert "Synced: 2 sponsors." in closing_message(counts, SPONSORS, SYSTEMS)
    assert CountsResponse.from_domain(counts).document()["sponsors"]["succeeded"] == 2
    assert kinds_in(SPONSORS) == "sponsors"
    assert kinds_in(ALL) == "sessions, speakers, exhibitors and sponsors"


def test_rule_43_what_is_stored_of_an_uninstalled_kind_is_still_read() -> None:
    kind = KINDS.named("sponsor")
    assert (kind.name, str(kind), kind.counted(2)) == ("sponsor", "sponsor", "2 sponsor")
    assert KINDS.named("sponsor") is kind
    assert kind not in KINDS.in_scope(ALL)
    document = CountsResponse.from_domain(Counts({kind: Tally({Outcome.CREATED: 1})})).document()
    assert document["sponsor"]["succeeded"] == 1
    assert kinds_in(SPONSORS) == "sponsors"


def test_an_unknown_scope_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidInput, match=r"no scope 'sponsors'\. Use one of: agenda, exhibitors, all\."):
        KINDS.scope_named("sponsors")


def test_rule_44_kinds_of_one_group_are_one_type_of_record_in_a_destination() -> None:
    assert SPONSOR.group == SPONSOR.name, "a kind shares with none unless it says so"
    sharing = replace(SPONSOR, destination_group=EXHIBITOR_CONTACT.group)
    registry = KindRegistry(EXHIBITOR_CONTACT, SPEAKER, sharing)
    assert registry.sharing(EXHIBITOR_CONTACT.group) == (EXHIBITOR_CONTACT, sharing)
    assert registry.sharing(SPEAKER.group) == (SPEAKER,)


@pytest.mark.parametrize(
    "other", [replace(SPONSOR, is_person=False), replace(SPONSOR, takes_associations=True)]
)
def test_rule_44_kinds_of_one_group_are_of_the_same_sort(other: RecordKind) -> None:
    with pytest.raises(
        ValueError, match="'sponsor' cannot share the destination type of 'exhibitor_contact'"
    ):
        KindRegistry(EXHIBITOR_CONTACT, replace(other, destination_group=EXHIBITOR_CONTACT.group))


@pytest.mark.parametrize(
    "other", [replace(SPONSOR, plural="patrons"), replace(SPONSOR, name="patron")], ids=["name", "plural"]
)
def test_rule_43_a_name_and_a_plural_belong_to_one_kind(other: RecordKind) -> None:
    registry = KindRegistry(SPONSOR)
    registry.register(SPONSOR)
    with pytest.raises(ValueError, match="another kind"):
        registry.register(other)
    assert [*registry] == [SPONSOR]
