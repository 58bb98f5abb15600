"""Change hints, which make a sync start earlier and whose contents are not trusted."""

from datetime import timedelta

import pytest

from adapters.memory.link_writer import CONTACTS
from core.domain.access.accounts import Account
from core.domain.access.authorization import Actor, Grant, Role
from core.domain.errors import InvalidInput, NotAuthenticated
from core.domain.ids import AccountId, MappingId, OrganizationId, SourceId
from core.domain.links.echoes import ECHO_WINDOW, HintedRecord
from core.domain.records.kinds import SPEAKER
from core.domain.runs.schedule import QUIET_PERIOD
from core.usecases.mappings.change_settings import SettingsChange
from core.usecases.runs.handle_change_hint import HandleChangeHint, Hint
from tests.support.builders import NOW
from tests.support.continuous_sync import due, run_all
from tests.support.harness import ELSEWHERE, FAR, HERE, Harness
from tests.support.linked_event import FIELD, linked_event


def hook(organization_id: OrganizationId) -> Actor:
    return Actor("hook", frozenset({Grant(Role.HOOK, organization_id)}))


async def hinted(harness: Harness, organization_id: OrganizationId, event: str | None) -> int:
    return await HandleChangeHint(harness.units, harness.clock)(
        hook(organization_id), Hint(organization_id, event)
    )


async def synced_once(harness: Harness) -> tuple[OrganizationId, MappingId]:
    mapping = await harness.mapping()
    await harness.change_settings(SettingsChange(mapping.id, continuous_sync=True))
    await due(harness)
    await run_all(harness)
    return mapping.organization_id, mapping.id


async def test_hint_makes_its_event_due_after_a_delay(harness: Harness) -> None:
    organization_id, mapping_id = await synced_once(harness)
    assert await hinted(harness, organization_id, HERE) == 1
    assert await hinted(harness, organization_id, HERE) == 0, "only once in that time"
    harness.clock.advance(QUIET_PERIOD - timedelta(seconds=1))
    assert not await due(harness)
    harness.clock.advance(timedelta(seconds=1))
    assert await due(harness) == [mapping_id]


async def test_hint_for_another_event_or_organization_changes_nothing(harness: Harness) -> None:
    organization_id, mapping_id = await synced_once(harness)
    before = await harness.schedule_of(mapping_id)
    assert await hinted(harness, organization_id, "somewhere else") == 0
    assert await hinted(harness, OrganizationId("nobody"), HERE) == 0
    assert await harness.schedule_of(mapping_id) == before


async def test_hint_without_an_event_applies_to_the_whole_organization(harness: Harness) -> None:
    organization_id, _ = await synced_once(harness)
    second = await harness.map(organization_id, ELSEWHERE, FAR)
    await harness.sync(second)
    assert await hinted(harness, organization_id, None) == 2


@pytest.mark.parametrize("role", [Role.ADMIN, Role.VIEWER])
async def test_only_a_hook_key_of_the_organization_can_send_hints(harness: Harness, role: Role) -> None:
    organization_id, _ = await synced_once(harness)
    take, hint = HandleChangeHint(harness.units, harness.clock), Hint(organization_id, HERE)
    for actor in (Actor("ada", frozenset({Grant(role, organization_id)})), hook(OrganizationId("other"))):
        with pytest.raises(NotAuthenticated):
            await take(actor, hint)


def test_hook_is_a_role_of_api_keys_for_one_organization() -> None:
    with pytest.raises(InvalidInput):
        Grant(Role.HOOK)
    with pytest.raises(InvalidInput):
        Account(
            AccountId("a1"), "ada@example.org", None, NOW, frozenset({Grant(Role.HOOK, OrganizationId("o1"))})
        )


async def test_rule_43_a_hint_of_another_source_than_the_mappings_changes_nothing(harness: Harness) -> None:
    organization_id, mapping_id = await synced_once(harness)
    before = await harness.schedule_of(mapping_id)
    take, actor = HandleChangeHint(harness.units, harness.clock), hook(organization_id)
    assert await take(actor, Hint(organization_id, None, "pretalx")) == 0
    assert await harness.schedule_of(mapping_id) == before
    assert await take(actor, Hint(organization_id, None, "sessionboard")) == 1


async def test_rule_38_the_echo_of_our_own_write_starts_nothing(harness: Harness) -> None:
    event = await linked_event(harness)
    await event.choose()
    await harness.change_settings(SettingsChange(event.mapping.id, continuous_sync=True))
    await harness.sync(event.mapping)
    organization_id, handle = event.mapping.organization_id, HandleChangeHint(harness.units, harness.clock)

    async def hint(person: str = "ada", **values: str) -> int:
        record = HintedRecord(CONTACTS, SourceId(person), {FIELD: event.field(person) or "", **values})
        return await handle(hook(organization_id), Hint(organization_id, HERE, record=record))

    before = await harness.schedule_of(event.mapping.id)
    assert [await hint(person) for person in ("ada", "bob", "eve", "max")] == [0] * 4
    assert await harness.schedule_of(event.mapping.id) == before
    assert await hint() == 1, "each write has one echo: a second hint tells of something else"


@pytest.mark.parametrize("case", ["another value", "somebody else", "too late"])
async def test_rule_38_what_is_no_echo_is_a_hint(harness: Harness, case: str) -> None:
    event = await linked_event(harness)
    await event.choose()
    await harness.change_settings(SettingsChange(event.mapping.id, continuous_sync=True))
    await harness.sync(event.mapping)
    value = "https://ada.example.org" if case == "another value" else event.field("ada") or ""
    person = "nobody" if case == "somebody else" else "ada"
    if case == "too late":
        harness.clock.advance(ECHO_WINDOW + timedelta(seconds=1))
    record = HintedRecord(CONTACTS, SourceId(person), {FIELD: value})
    organization_id = event.mapping.organization_id
    handle = HandleChangeHint(harness.units, harness.clock)
    assert await handle(hook(organization_id), Hint(organization_id, HERE, record=record)) == 1


async def test_rule_38_an_echo_that_comes_before_the_answer_is_taken_once(harness: Harness) -> None:
    event = await linked_event(harness)
    await event.choose()
    await harness.change_settings(SettingsChange(event.mapping.id, continuous_sync=True))
    organization_id, url = event.mapping.organization_id, event.link(SPEAKER, "ada")
    hint = Hint(organization_id, HERE, record=HintedRecord(CONTACTS, SourceId("ada"), {FIELD: url}))
    handle, earlier = HandleChangeHint(harness.units, harness.clock), list[int]()

    async def come_early() -> None:
        earlier.append(await handle(hook(organization_id), hint))
        harness.clock.advance(timedelta(seconds=1))

    event.source.gate = come_early
    await harness.sync(event.mapping)
    assert earlier == [0]
    assert await handle(hook(organization_id), hint) == 1
