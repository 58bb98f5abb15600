"""Rule 38: the field for share links is chosen among those that the source has, or ordered once."""

import asyncio
from datetime import timedelta

import pytest

from adapters.memory.link_writer import CONTACTS, EXHIBITORS
from core.domain.access.authorization import COMMAND_LINE
from core.domain.errors import InvalidInput
from core.domain.links.link_fields import ORDER_AGAIN_AFTER, FieldOrdered
from core.domain.links.link_homes import LinkField, LinkSettings
from core.domain.links.write_quota import WriteLimits
from core.domain.records.kinds import SPEAKER
from core.domain.records.synced_records import ShareLink
from core.usecases.links.order_link_field import FieldOrder
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.shared.link_fields import LinkChange
from ports.link_writer import LinkQuotaUsedUp, LinkWriteForbidden, LinkWriteUnknown
from ports.source import SourceUnavailable
from tests.support.harness import Harness
from tests.support.linked_event import COMPANY_FIELD, FIELD, LinkedEvent, linked_event

NEW = "Link of the person"


@pytest.fixture
async def event(harness: Harness) -> LinkedEvent:
    return await linked_event(harness)


async def order(event: LinkedEvent, name: str = NEW, *, for_companies: bool = False) -> LinkField:
    command = FieldOrder(event.mapping.id, name, for_companies)
    return await event.harness.order_link_field(command, actor=COMMAND_LINE)


def made(event: LinkedEvent, name: str = NEW) -> int:
    return sum(field.public_name == name for field in event.source.fields[CONTACTS])


async def chosen(event: LinkedEvent) -> LinkSettings:
    async with event.harness.units.read() as unit:
        mapping = await unit.mappings.get(event.mapping.id)
    assert mapping is not None
    return mapping.settings.links


async def test_rule_38_the_choice_is_read_from_the_source(event: LinkedEvent) -> None:
    choices = await event.harness.list_link_choices(event.mapping.id)
    assert [field.internal_name for field in choices.fields] == [FIELD, "other"]
    assert [field.internal_name for field in choices.company_fields] == [COMPANY_FIELD]
    assert choices.chosen == LinkSettings()


async def test_rule_38_a_field_is_chosen_by_its_internal_or_its_public_name(event: LinkedEvent) -> None:
    await event.choose("Other")
    assert (await chosen(event)).field == "other"
    await event.choose(FIELD, COMPANY_FIELD)
    assert await chosen(event) == LinkSettings(FIELD, COMPANY_FIELD)


async def test_rule_38_of_fields_of_one_name_the_admin_chooses(event: LinkedEvent) -> None:
    event.source.fields[CONTACTS].append(LinkField("other_2", "Other"))
    with pytest.raises(InvalidInput, match=r"Other \(other\), Other \(other_2\)"):
        await event.choose("Other")
    await event.choose("other_2")
    assert (await chosen(event)).field == "other_2"


async def test_rule_38_a_field_that_is_not_there_is_refused_with_the_choice(event: LinkedEvent) -> None:
    with pytest.raises(InvalidInput, match=r"Gleanin Link \(gleanin_link\)"):
        await event.choose("nonsense")
    assert not (await chosen(event)).is_on


async def test_rule_38_off_turns_all_of_it_off(event: LinkedEvent) -> None:
    await event.choose(FIELD, COMPANY_FIELD)
    event.source.unreadable = SourceUnavailable("down")
    await event.choose("")
    assert await chosen(event) == LinkSettings()


async def test_rule_38_a_companys_field_needs_a_persons(event: LinkedEvent) -> None:
    with pytest.raises(InvalidInput, match="Choose a person's field too"):
        await event.choose(None, COMPANY_FIELD)


async def test_rule_38_a_source_without_a_link_writer_says_so(event: LinkedEvent) -> None:
    event.harness.link_writers.homes_by_kind = {}
    for refused in (event.choose(), order(event), event.harness.list_link_choices(event.mapping.id)):
        with pytest.raises(InvalidInput, match="Sessionboard takes no share links"):
            await refused
    await event.choose("")


async def test_rule_38_other_settings_ask_the_source_for_no_fields(event: LinkedEvent) -> None:
    await event.choose()
    event.harness.link_writers.homes_by_kind = {}
    await event.harness.change_settings(SettingsChange(event.mapping.id, moderators=False))
    assert (await chosen(event)).field == FIELD


async def test_rule_38_the_change_is_audited(event: LinkedEvent) -> None:
    await event.choose()
    async with event.harness.units.read() as unit:
        entry, *_ = await unit.audit.page(event.mapping.organization_id, None, 1)
    assert entry.what.endswith("link field none > gleanin_link")


async def test_rule_38_a_field_is_ordered_and_found_in_the_list(event: LinkedEvent) -> None:
    field = await order(event)
    assert (field.public_name, made(event)) == (NEW, 1)
    assert await order(event) == field
    assert made(event) == 1
    await order(event, "Company", for_companies=True)
    assert [field.public_name for field in event.source.fields[EXHIBITORS]][-1] == "Company"


async def test_rule_38_a_field_that_is_there_is_not_made_again(event: LinkedEvent) -> None:
    assert (await order(event, "Gleanin Link")).internal_name == FIELD
    event.source.fields[CONTACTS].append(LinkField("gleanin_link_2", "Gleanin Link"))
    with pytest.raises(InvalidInput, match="several"):
        await order(event, "Gleanin Link")


async def test_rule_38_after_a_lost_answer_the_list_tells(event: LinkedEvent) -> None:
    event.source.errors_after = [LinkWriteUnknown("lost")]
    assert (await order(event)).public_name == NEW
    assert made(event) == 1


async def test_rule_38_an_order_that_is_not_listed_yet_is_not_sent_again(event: LinkedEvent) -> None:
    event.source.errors = [LinkWriteUnknown("lost")]
    with pytest.raises(FieldOrdered):
        await order(event)
    event.harness.clock.advance(ORDER_AGAIN_AFTER - timedelta(seconds=1))
    with pytest.raises(FieldOrdered, match="already ordered"):
        await order(event)
    assert made(event) == 0
    event.harness.clock.advance(timedelta(seconds=1))
    await order(event)
    assert made(event) == 1


async def test_rule_38_a_refused_order_may_be_given_again_at_once(event: LinkedEvent) -> None:
    event.source.errors = [LinkWriteForbidden("The token lacks the scope write:fields.")]
    with pytest.raises(LinkWriteForbidden, match="write:fields"):
        await order(event)
    await order(event)
    assert made(event) == 1


async def test_rule_38_two_orders_at_once_make_one_field(event: LinkedEvent) -> None:
    results = await asyncio.gather(*(order(event) for _ in range(3)), return_exceptions=True)
    assert made(event) == 1
    assert all(isinstance(result, LinkField | FieldOrdered) for result in results)


async def test_rule_38_orders_use_the_quota(event: LinkedEvent) -> None:
    event.source.limits = WriteLimits(100, 1, timedelta(minutes=15), 10_000)
    await order(event, "First")
    with pytest.raises(LinkQuotaUsedUp):
        await order(event, "Second")
    assert made(event, "Second") == 0


@pytest.mark.parametrize("name", ["", " \u200b ", "x" * 10_000])
async def test_rule_38_a_field_needs_a_name_of_reasonable_length(event: LinkedEvent, name: str) -> None:
    with pytest.raises(InvalidInput, match="at most 100 characters"):
        await order(event, name)


async def test_rule_38_a_change_of_links_alone_names_nothing_else() -> None:
    assert not LinkChange()
    assert LinkChange(field="")


async def test_rule_38_a_choice_is_previewed_with_what_it_is_called(event: LinkedEvent) -> None:
    preview = await event.harness.preview_link_change(event.mapping.id, LinkSettings(FIELD, COMPANY_FIELD))
    assert preview.field.label == f"Gleanin Link ({FIELD})"
    assert preview.company_field is not None
    assert preview.company_field.public_name == "Company Link"
    assert preview.report.counts.total > 0
    assert not (await chosen(event)).is_on
    assert event.source.writes == 0


async def test_rule_38_a_choice_that_could_not_be_saved_is_not_previewed(event: LinkedEvent) -> None:
    await give_campaign(event)
    for settings, about in (
        (LinkSettings("nonsense"), "link_field"),
        (LinkSettings(FIELD, "nonsense"), "company_link_field"),
        (LinkSettings(FIELD, campaign="nonsense"), "link_campaign"),
    ):
        with pytest.raises(InvalidInput) as refused:
            await event.harness.preview_link_change(event.mapping.id, settings)
        assert refused.value.about == about


async def give_campaign(event: LinkedEvent) -> None:
    event.give(SPEAKER, "ada", ShareLink("Early birds", "https://app.gleanin.com/share/ada", "71"))
    await event.sync()


async def test_rule_38_campaigns_are_listed_without_the_source(event: LinkedEvent) -> None:
    await give_campaign(event)
    event.source.unlisted = SourceUnavailable("down")
    assert await event.harness.list_link_campaigns(event.mapping.id) == {"71": "Early birds"}
    with pytest.raises(SourceUnavailable):
        await event.harness.list_link_choices(event.mapping.id)
