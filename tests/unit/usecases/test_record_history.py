"""The history of one record, which is found by its id, its e-mail, or its title or name."""

import pytest

from core.domain.errors import InvalidInput, NotFound
from core.domain.ids import SourceId
from core.domain.records.source_records import Person
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.results.get_record_history import GetRecordHistory
from tests.support.builders import session
from tests.support.harness import Harness
from tests.support.toy_kind import registered

HEDY = Person(SourceId("h1"), full_name="Hedy Help", email="hedy@example.org")


async def found(harness: Harness, mapping: EventMapping, sought: str) -> list[tuple[str, str]]:
    entries = await GetRecordHistory(harness.units)(mapping.id, sought)
    return [(entry.outcome.record.kind.name, entry.outcome.record.source_id) for entry in entries]


@pytest.mark.parametrize("sought", ["Opening Night", "  opening NIGHT ", "Opening\u200b Night"])
async def test_a_session_is_found_by_its_title(harness: Harness, mapping: EventMapping, sought: str) -> None:
    harness.offer(session("s1", title="Opening Night"), session("s2", title="Opening Night, part 2"))
    await harness.sync(mapping)
    await harness.sync(mapping)
    assert await found(harness, mapping, sought) == [("session", "s1")] * 2


async def test_rule_43_a_record_of_a_further_kind_is_found_by_its_name(
    harness: Harness, mapping: EventMapping
) -> None:
    with registered():
        harness.programme.further["helpers"] = [HEDY]
        await harness.sync(mapping)
        assert await found(harness, mapping, "hedy help") == [("helper", "h1")]
    assert await found(harness, mapping, "Hedy Help") == [("helper", "h1")], (
        "also when it is not installed any more"
    )


async def test_a_title_of_several_records_is_refused_with_their_ids(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(session("s1", title="Break"), session("s2", title="Break"))
    await harness.sync(mapping)
    with pytest.raises(
        InvalidInput, match=r"Several records are called 'break': session s1, session s2\. Enter"
    ):
        await found(harness, mapping, "break")
    assert await found(harness, mapping, "s2") == [("session", "s2")]


async def test_a_title_that_no_run_has_read_is_not_found_and_the_answer_says_so(
    harness: Harness, mapping: EventMapping
) -> None:
    harness.offer(session("s1", title="Opening"))
    with pytest.raises(NotFound, match="No run of this mapping has read it"):
        await found(harness, mapping, "Opening")
    await harness.sync(mapping)
    for sought in ("Open", "Closing", ""):
        with pytest.raises(NotFound, match="No run of this mapping has read it"):
            await found(harness, mapping, sought)
