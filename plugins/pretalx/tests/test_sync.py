"""What becomes of pretalx's submissions and speakers in a sync."""

from dataclasses import replace
from typing import Any

import pytest

from core.domain.records.kinds import SESSION, SPEAKER
from core.domain.records.outcomes import Outcome, RecordOutcome
from core.domain.tenancy.event_mappings import MappingSettings
from gleanin_sync_pretalx.plugin import PLUGIN
from gleanin_sync_testkit.product import Product
from gleanin_sync_testkit.product_systems import source_of
from gleanin_sync_testkit.wire import Wire
from plugins.pretalx.tests.rows import slot, speaker, submission
from plugins.pretalx.tests.stand_in import PretalxStandIn
from ports.plugins import EXHIBITORS, Feed, FeedReader, Person, SourceEvent, SourceEventId, SourceId

EVENT = SourceEvent(SourceEventId("conf"), "Conf", "Europe/Paris")
ADA = "SPEAKR"


@pytest.fixture
def stand_in() -> PretalxStandIn:
    stand_in = PretalxStandIn()
    stand_in.put_event(EVENT)
    return stand_in


@pytest.fixture
def product(stand_in: PretalxStandIn) -> Product:
    http = Wire(stand_in.answer).open_http()
    return Product(source_of(PLUGIN, http, EVENT.id, url=stand_in.url, token=stand_in.token))


def put(stand_in: PretalxStandIn, *rows: Any) -> None:
    stand_in.put_raw(EVENT.id, "sessions", rows)


def reason(outcome: RecordOutcome) -> tuple[Outcome, str]:
    return outcome.outcome, outcome.reason.code


async def test_a_programme_is_synced_once(product: Product, stand_in: PretalxStandIn) -> None:
    put(stand_in, submission(slots=[slot("2027-07-01T09:00:00+02:00"), slot("2027-07-02T09:00:00+02:00")]))
    first, second = await product.sync(), await product.sync()
    assert first.number(Outcome.CREATED, kind=SESSION) == 2
    assert first.number(Outcome.CREATED, kind=SPEAKER) == 1
    assert (second.writes, second.number(Outcome.UNCHANGED)) == (0, 3)
    assert set(product.stored(SESSION)) == {"ABCDEF", "ABCDEF-2"}


async def test_rule_35_who_has_not_confirmed_does_not_go(product: Product, stand_in: PretalxStandIn) -> None:
    put(stand_in, submission(state="accepted"))
    synced = await product.sync()
    assert reason(synced.of(SESSION, "ABCDEF")) == (Outcome.SKIPPED, "not_confirmed")
    assert reason(synced.of(SPEAKER, ADA)) == (Outcome.SKIPPED, "role_not_accepted")
    await product.change_settings(MappingSettings(only_accepted_roles=False))
    synced = await product.sync()
    assert synced.number(Outcome.CREATED) == 2


async def test_rule_14_a_single_name_is_a_first_name(product: Product, stand_in: PretalxStandIn) -> None:
    put(stand_in, submission(speakers=[speaker(name="Sukarno")]))
    blocked = (await product.sync()).of(SPEAKER, ADA)
    assert reason(blocked) == (Outcome.BLOCKED, "missing_fields")
    assert "last name" in blocked.reason.sentence
    await product.change_settings(MappingSettings(one_name_is_enough=True))
    assert (await product.sync()).of(SPEAKER, ADA).outcome is Outcome.CREATED


async def test_rule_18_an_email_that_may_not_be_seen_is_missing(
    product: Product, stand_in: PretalxStandIn
) -> None:
    row = speaker()
    del row["email"]
    put(stand_in, submission(speakers=[row]))
    blocked = (await product.sync()).of(SPEAKER, ADA)
    assert reason(blocked) == (Outcome.BLOCKED, "missing_fields")
    assert "e-mail" in blocked.reason.sentence


async def test_rule_13_an_unscheduled_session_is_blocked(product: Product, stand_in: PretalxStandIn) -> None:
    put(stand_in, submission(slots=[]))
    blocked = (await product.sync()).of(SESSION, "ABCDEF")
    assert reason(blocked) == (Outcome.BLOCKED, "missing_fields")
    assert "starts at, ends at" in blocked.reason.sentence


async def test_rule_22_a_withdrawn_session_is_kept(product: Product, stand_in: PretalxStandIn) -> None:
    put(stand_in, submission())
    await product.sync()
    put(stand_in, submission(state="withdrawn"))
    synced = await product.sync()
    assert synced.of(SESSION, "ABCDEF").outcome is Outcome.KEPT
    assert synced.of(SPEAKER, ADA).outcome is Outcome.KEPT
    assert synced.writes == 0


async def test_rule_14_a_relative_picture_is_left_out_and_told(
    product: Product, stand_in: PretalxStandIn
) -> None:
    put(stand_in, submission(speakers=[speaker(avatar_url="/media/ada.png")]))
    created = (await product.sync()).of(SPEAKER, ADA)
    assert created.outcome is Outcome.CREATED
    assert "/media/ada.png" in f"{created.reason.sentence} {created.reason.detail}"


async def test_there_are_no_exhibitors(stand_in: PretalxStandIn) -> None:
    wire = Wire(stand_in.answer)
    async with PLUGIN.open(stand_in.access(), wire.open_http()) as source:
        assert [page async for page in source.records(EVENT.id, EXHIBITORS)] == []
    assert wire.requests == []


async def test_a_feed_of_another_kind_is_read_by_its_reader(stand_in: PretalxStandIn) -> None:
    def parse(row: Any) -> list[Person]:
        return [Person(SourceId(row["code"]))]

    put(stand_in, *(submission(f"TALK{number:02}") for number in range(60)))
    readers = {"helpers": FeedReader("submissions/", parse, {"state": "confirmed", "limit": 7})}
    access = replace(stand_in.access(), readers=readers)
    wire = Wire(stand_in.answer)
    async with PLUGIN.open(access, wire.open_http()) as source:
        pages = [page async for page in source.records(EVENT.id, Feed("helpers", Person))]
    assert [len(page) for page in pages] == [50, 10]
    assert pages[1][-1].id == "TALK59"
    assert wire.requests[-1].query == {"state": "confirmed", "limit": "7", "page_size": "50", "page": "2"}
