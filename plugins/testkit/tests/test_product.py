"""The product of the kit runs the same syncs as the program."""

import pytest

from adapters.memory.destination import InMemoryGleanin
from core.domain.ids import SourceId
from core.domain.records.feeds import EXHIBITORS, SESSIONS
from core.domain.records.kinds import AGENDA, EXHIBITOR_CONTACT, SESSION, SPEAKER
from core.domain.records.outcomes import Outcome
from core.domain.records.source_records import Unreadable
from core.domain.tenancy.event_mappings import MappingSettings
from gleanin_sync_testkit.product import Product
from gleanin_sync_testkit.programmes import exhibitor, person, session


def conference() -> Product:
    product = Product()
    product.programme.put(SESSIONS, session("opening", person("ada")), session("closing"))
    product.programme.put(EXHIBITORS, exhibitor("acme", person("bob")))
    return product


@pytest.fixture
def product() -> Product:
    return conference()


async def test_the_first_sync_creates_and_the_second_writes_nothing(product: Product) -> None:
    first, second = await product.sync(), await product.sync()

    assert (first.number(Outcome.CREATED), first.writes) == (4, 4)
    assert (second.number(Outcome.UNCHANGED), second.writes) == (4, 0)
    assert product.stored(SESSION)["opening"].fields["title"] == "Talk opening"
    assert product.stored(SPEAKER)["ada"].fields["sessions"] == (product.stored(SESSION)["opening"].id,)


async def test_a_scope_touches_only_its_kinds(product: Product) -> None:
    await product.sync(AGENDA)

    assert product.stored(SESSION)
    assert not product.stored(EXHIBITOR_CONTACT)


async def test_rule_10_after_a_disconnect_nothing_is_sent_again(product: Product) -> None:
    await product.sync()
    await product.reconnect()

    again = await product.sync()

    assert (again.number(Outcome.SKIPPED), again.writes) == (4, 0)
    assert again.of(SESSION, "opening").reason.code == "ended_connection"


async def test_a_preview_says_what_a_sync_does_and_writes_nothing(product: Product) -> None:
    await product.start()

    plan = await product.preview()

    assert plan.counts.read == 4
    assert not product.memory.writes


async def test_a_removed_mapping_continues_where_it_stopped(product: Product) -> None:
    await product.sync()
    await product.remove_mapping()
    await product.map()

    assert (await product.sync()).writes == 0


async def test_a_changed_setting_sends_what_it_changes(product: Product) -> None:
    product.programme.put(SESSIONS, session(track="Data"))
    await product.sync()
    await product.change_settings(MappingSettings(tracks=MappingSettings().tracks.OFF))

    assert (await product.sync()).of(SESSION, "opening").outcome is Outcome.UPDATED


async def test_rule_34_a_reading_that_is_not_complete_ends_with_problems(product: Product) -> None:
    await product.sync()
    product.programme.put(SESSIONS)
    product.programme.missing.add(SESSIONS.name)

    assert (await product.sync()).run.state == "completed_with_problems"


async def test_an_unreadable_row_is_blocked(product: Product) -> None:
    product.programme.put(SESSIONS, Unreadable(SourceId("odd"), "Odd", "It is odd."))

    assert (await product.sync()).of(SESSION, "odd").outcome is Outcome.BLOCKED


async def test_rule_32_whenever_it_is_killed_the_next_sync_ends_with_each_record_once() -> None:
    for moment in range(1, 100):
        product = conference()
        product.memory.faults.after_write = lambda _, point=product.kill_point: point.pass_moment()
        if await product.killed_sync(moment) is not None:
            assert moment > 10
            return

        again = await product.sync()

        assert again.run.state == "completed", moment
        assert (len(product.stored(SESSION)), len(product.stored(SPEAKER))) == (2, 1)
        assert product.memory.duplicates == 0
    pytest.fail("the run has no end")


async def test_a_check_without_changes_makes_no_run(product: Product) -> None:
    await product.sync()
    await product.sync()

    assert await product.check() is None


def test_only_a_destination_in_memory_has_its_records_here(product: Product) -> None:
    assert isinstance(product.memory, InMemoryGleanin)
