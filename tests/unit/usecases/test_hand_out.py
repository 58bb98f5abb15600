"""Rule 39: portal addresses are made, listed and revoked for any selection of people at once."""

import json
from datetime import timedelta

import pytest

from core.domain.access.authorization import COMMAND_LINE
from core.domain.access.portal_links import LINK_LIFETIME
from core.domain.errors import InvalidInput, LinkExpired, NotFound, NotMapped
from core.domain.ids import MappingId
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.access.portal_selection import HandOut, PortalSelection
from tests.support.access_harness import AccessHarness
from tests.support.builders import exhibitor, member, on, person, primary, session
from tests.support.harness import ELSEWHERE, FAR, THERE, Harness

EVERYBODY = ["speaker:ada", "speaker:bob", "exhibitor_contact:eve", "exhibitor_contact:max"]


@pytest.fixture
async def mapping(harness: Harness) -> EventMapping:
    mapping = await harness.mapping()
    acme = exhibitor("acme", primary(person("eve")), member(person("max")))
    harness.offer(session("opening", on(person("ada")), on(person("bob"))), exhibitors=(acme,))
    await harness.sync(mapping)
    return mapping


def some(mapping: EventMapping, *who: str) -> PortalSelection:
    return PortalSelection(mapping.id, who, everybody=not who)


def names(people: list[HandOut]) -> list[str]:
    return [f"{each.person.kind.name}:{each.person.source_id}" for each in people]


async def make(access_harness: AccessHarness, selection: PortalSelection) -> list[HandOut]:
    return [*await access_harness.make_portal_addresses(selection, actor=COMMAND_LINE)]


async def revoke(access_harness: AccessHarness, selection: PortalSelection) -> list[HandOut]:
    return [*await access_harness.revoke_portal_addresses(selection, actor=COMMAND_LINE)]


async def listed(access_harness: AccessHarness, selection: PortalSelection) -> dict[str, str]:
    people = [*await access_harness.list_portal_addresses(selection)]
    return dict(zip(names(people), [each.signed for each in people], strict=True))


async def test_rule_39_addresses_of_everybody_are_made_and_listed_with_their_expiry(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    assert await listed(access_harness, some(mapping)) == dict.fromkeys(EVERYBODY, "")
    made = await make(access_harness, some(mapping))
    assert names(made) == EVERYBODY
    assert {each.address.expires_at for each in made if each.address} == {harness.clock.now() + LINK_LIFETIME}
    assert [*(await listed(access_harness, some(mapping))).values()] == [each.signed for each in made]
    for each in made:
        assert (await access_harness.open_portal(each.signed)).name == each.person.label


async def test_rule_39_an_address_that_is_valid_is_not_made_anew(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    (ada,) = await make(access_harness, some(mapping, "ada@example.org"))
    harness.clock.advance(timedelta(days=30))
    again = await make(access_harness, some(mapping))
    assert again[0] == ada
    assert again[1].address != ada.address
    harness.clock.advance(LINK_LIFETIME - timedelta(days=30))
    assert (await listed(access_harness, some(mapping)))["speaker:ada"] == "", "it has expired"
    assert (await make(access_harness, some(mapping, "speaker:ada")))[0].signed != ada.signed


async def test_rules_31_and_39_a_clock_that_is_set_back_opens_nothing(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    claims = json.dumps([mapping.organization_id, THERE, "speaker", "ada"])
    # Made by an earlier version, which did not store when.
    earlier = access_harness.signer.sign("portal", claims, harness.clock.now())
    harness.clock.advance(timedelta(hours=1))
    await revoke(access_harness, some(mapping))
    harness.clock.advance(-timedelta(hours=5))
    await revoke(access_harness, some(mapping))
    with pytest.raises(LinkExpired):
        await access_harness.open_portal(earlier)


@pytest.mark.parametrize(
    "who", [("bob@example.org",), ("BOB@Example.org",), ("bob",), ("speaker:bob",), ("bob", "speaker:bob")]
)
async def test_rule_39_people_are_named_by_e_mail_or_id(
    access_harness: AccessHarness, mapping: EventMapping, who: tuple[str, ...]
) -> None:
    assert names(await make(access_harness, some(mapping, *who))) == ["speaker:bob"]


async def test_rule_39_somebody_unknown_stops_all_of_it(
    access_harness: AccessHarness, mapping: EventMapping
) -> None:
    for do in (make, revoke):
        with pytest.raises(NotFound, match=r"nobody@example\.org.*Nothing was done"):
            await do(access_harness, some(mapping, "ada", "nobody@example.org"))
    assert not any((await listed(access_harness, some(mapping))).values())


async def test_rule_39_nobody_named_is_refused(access_harness: AccessHarness, mapping: EventMapping) -> None:
    with pytest.raises(InvalidInput, match="Nobody is selected"):
        await make(access_harness, PortalSelection(mapping.id))
    with pytest.raises(NotFound):
        await make(access_harness, PortalSelection(MappingId("none"), everybody=True))


async def test_rules_31_and_39_a_revoked_address_never_opens_again(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    before = await make(access_harness, some(mapping))
    assert names(await revoke(access_harness, some(mapping, "ada", "eve"))) == [EVERYBODY[0], EVERYBODY[2]]
    now = await listed(access_harness, some(mapping))
    assert [bool(signed) for signed in now.values()] == [False, True, False, True]
    anew = await make(access_harness, some(mapping, "ada"))  # in the same moment
    assert anew[0].signed != before[0].signed
    assert (await access_harness.open_portal(anew[0].signed)).links
    with pytest.raises(LinkExpired):
        await access_harness.open_portal(before[0].signed)
    harness.clock.advance(-timedelta(hours=1))  # a clock that is set back
    await revoke(access_harness, some(mapping))
    for each in (*before, *anew):
        with pytest.raises(LinkExpired):
            await access_harness.open_portal(each.signed)


async def test_rule_39_a_search_selects_all_who_match(
    access_harness: AccessHarness, mapping: EventMapping
) -> None:
    selection = PortalSelection(mapping.id, everybody=True, search="ada")
    assert names(await make(access_harness, selection)) == ["speaker:ada"]
    nobody = PortalSelection(mapping.id, everybody=True, search="nobody")
    assert await make(access_harness, nobody) == []
    assert await revoke(access_harness, nobody) == []


async def test_rules_11_and_39_of_an_ended_mapping_none_are_made(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    made = await make(access_harness, some(mapping))
    await harness.remove_mapping(mapping.id)
    with pytest.raises(NotMapped):
        await make(access_harness, some(mapping))
    assert await listed(access_harness, some(mapping)) == dict(
        zip(EVERYBODY, [each.signed for each in made], strict=True)
    )
    await revoke(access_harness, some(mapping))
    assert not any((await listed(access_harness, some(mapping))).values())


async def test_rule_39_people_of_another_event_are_not_selected(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    other = await harness.map(mapping.organization_id, ELSEWHERE, FAR)
    assert await listed(access_harness, some(other)) == {}
    with pytest.raises(NotFound):
        await make(access_harness, some(other, "speaker:ada"))


async def test_rule_39_one_entry_tells_of_each_action(
    access_harness: AccessHarness, mapping: EventMapping
) -> None:
    await make(access_harness, some(mapping, "ada"))
    await make(access_harness, some(mapping))
    await make(access_harness, some(mapping))
    await revoke(access_harness, some(mapping))
    entries = [entry.what for entry in await access_harness.audit_log() if "portal" in entry.action.value]
    assert entries == ["Ada Lovelace", f"3 people of {mapping.label}", f"4 people of {mapping.label}"]
