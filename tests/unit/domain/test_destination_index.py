"""The digest of Gleanin's records differs where a plan could (rules 19 and 32)."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest

from core.domain.ids import DestinationId, ExternalId, SourceId
from core.domain.planning.destination_index import DestinationIndex
from core.domain.records.destination_records import DestinationRecord
from core.domain.records.kinds import EXHIBITOR_CONTACT, KINDS, SESSION, SPEAKER, RecordKind
from core.domain.records.synced_records import ShareLink
from tests.support.builders import EARLIER, HERE, foreign, ours
from tests.support.systems import SESSIONBOARD

ADA = ours("g1", "ada", email="ada@example.org", sessions=(DestinationId("g7"), DestinationId("g9")))
BOB, EVE = ours("g2", "bob", email="bob@example.org"), foreign("g3", "eve@example.org")
Page = tuple[RecordKind, list[DestinationRecord]]


def digest(*pages: Page) -> int:
    side = DestinationIndex(SESSIONBOARD, HERE)
    for kind, records in pages:
        side.add(kind, records)
    return side.digest


def test_the_order_of_records_does_not_change_the_digest() -> None:
    assert len({digest((SPEAKER, [*records])) for records in permutations((ADA, BOB, EVE))}) == 1


def test_pages_and_the_order_of_kinds_do_not_change_the_digest() -> None:
    whole = digest((SPEAKER, [ADA, BOB]), (SESSION, [EVE]))
    assert digest((SESSION, [EVE]), (SPEAKER, [BOB]), (SPEAKER, []), (SPEAKER, [ADA])) == whole


@pytest.mark.parametrize(
    "changed",
    [
        {"id": DestinationId("g99")},
        {"external_id": None},
        {"external_id": ours("g1", "someone-else").external_id},
        {"external_id": ours("g1", "ada", EARLIER).external_id},
        {"external_id": ExternalId("\ud800")},
        {"email": None},
        {"email": ""},
        {"email": "Ada@example.org"},
        {"email": "\udfff@example.org"},
        {"sessions": ()},
        {"sessions": (DestinationId("g7"),)},
        {"sessions": (DestinationId("g7"), DestinationId("g9"), DestinationId("g11"))},
    ],
)
def test_every_field_used_by_a_plan_changes_the_digest(changed: dict[str, Any]) -> None:
    assert digest((SPEAKER, [replace(ADA, **changed), BOB])) != digest((SPEAKER, [ADA, BOB]))


def test_the_kind_changes_the_digest() -> None:
    assert len({digest((kind, [ADA])) for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("links", [None, (), (ShareLink("Campaign", "https://app.gleanin.com/share/1"),)])
def test_share_links_do_not_change_the_digest(
    links: tuple[ShareLink, ...] | None,
) -> None:
    assert digest((SPEAKER, [replace(ADA, links=links)])) == digest((SPEAKER, [ADA]))


def test_a_repeated_record_counts_once() -> None:
    once = digest((SPEAKER, [ADA, BOB]))
    assert digest((SPEAKER, [ADA, BOB, ADA]), (SPEAKER, [ADA])) == once
    assert digest((SPEAKER, [ADA, replace(ADA, email="other@example.org"), BOB])) == once, (
        "the first one does"
    )


def test_one_record_more_or_less_changes_the_digest() -> None:
    digests = [digest((SPEAKER, some)) for some in ([], [ADA], [BOB], [ADA, BOB], [ADA, BOB, EVE])]
    assert len({*digests}) == len(digests)


def test_the_same_id_of_another_kind_is_another_record() -> None:
    assert digest((SPEAKER, [ADA]), (EXHIBITOR_CONTACT, [ADA])) != digest((SPEAKER, [ADA]))


def test_the_runs_own_writes_do_not_change_the_digest() -> None:
    side = DestinationIndex(SESSIONBOARD, HERE)
    side.add(SPEAKER, [ADA])
    found = side.digest
    side.record_write(SPEAKER, SourceId("new"), DestinationId("g5"))
    assert side.digest == found
