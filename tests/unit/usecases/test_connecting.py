"""Connecting an organization to Gleanin: rules 1, 2, 3 and 9."""

import asyncio

import pytest

from core.domain.errors import (
    AlreadyConnected,
    AlreadyExists,
    DifferentAccount,
    InvalidInput,
    NotConnected,
    NotFound,
)
from core.domain.ids import OrganizationId
from core.domain.records.outcomes import Outcome
from core.domain.runs.run import RunState
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Connection
from core.domain.tenancy.secrets import Token
from core.usecases.organizations.add_organization import NewOrganization
from ports.destination import DestinationRefused, DestinationUnavailable
from ports.source import SourceRefused, SourceUnavailable
from tests.present import present
from tests.unit.domain.builders import session
from tests.unit.usecases.doors import Doors
from tests.unit.usecases.stage import ELSEWHERE, HERE, SESSIONBOARD_TOKEN, TOKEN, URL, Stage


async def connection_of(stage: Stage, organization_id: OrganizationId) -> Connection | None:
    async with stage.units.read() as unit:
        return await unit.connections.get_open(organization_id)


@pytest.mark.parametrize("refusal", [DestinationRefused, DestinationUnavailable])
async def test_rule_01_a_token_that_is_refused_or_could_not_be_tried_stores_nothing_and_says_so(
    stage: Stage, refusal: type[Exception]
) -> None:
    organization = await stage.organization()
    if refusal is DestinationRefused:
        stage.gleanin.tokens = {"another-token"}
    else:
        stage.gleanin.trouble.unavailable_calls = 1
    with pytest.raises(refusal):
        await stage.connect(organization.id, TOKEN)
    assert await connection_of(stage, organization.id) is None


async def test_rule_01_a_token_is_tried_before_anything_is_stored(stage: Stage) -> None:
    organization = await stage.organization()
    stage.gleanin.tokens = {TOKEN.value}
    connection = await stage.connect(organization.id, TOKEN)
    assert await connection_of(stage, organization.id) == connection


@pytest.mark.parametrize("refusal", [SourceRefused, SourceUnavailable])
async def test_an_organization_is_not_stored_whose_sessionboard_refuses_the_token_or_cannot_be_reached(
    stage: Stage, refusal: type[Exception]
) -> None:
    if refusal is SourceRefused:
        stage.sources.tokens = {"another-token"}
    else:
        stage.source.trouble = SourceUnavailable("Sessionboard does not answer.")
    with pytest.raises(refusal):
        await stage.organization()
    async with stage.units.read() as unit:
        assert not await unit.organizations.all()


async def test_two_organizations_cannot_have_the_same_name(stage: Stage) -> None:
    await stage.organization("Acme")
    with pytest.raises(AlreadyExists, match="'ACME'"):
        await stage.organization(" ACME ")


async def test_an_organization_needs_a_name_and_an_address(stage: Stage) -> None:
    with pytest.raises(InvalidInput):
        await stage.organization("  ")
    with pytest.raises(InvalidInput):
        await stage.add_organization(NewOrganization("Acme", "no address", SESSIONBOARD_TOKEN))


async def test_an_address_with_and_without_a_slash_at_its_end_is_the_same(stage: Stage) -> None:
    added = await stage.add_organization(NewOrganization("Acme", URL + "/", SESSIONBOARD_TOKEN))
    assert added.sessionboard_url == URL


async def test_an_unknown_organization_cannot_be_connected(stage: Stage) -> None:
    with pytest.raises(NotFound, match="organization 'nobody'"):
        await stage.connect(OrganizationId("nobody"), TOKEN)


async def test_rule_02_of_a_token_at_most_the_last_four_characters_are_told(stage: Stage) -> None:
    connection = await stage.connection()
    assert connection.token_hint == "4321"
    assert stage.cipher.unseal(present(connection.token)) == TOKEN


async def test_rule_02_a_token_is_stored_encrypted(stage: Stage) -> None:
    connection = await stage.connection()
    assert TOKEN.value not in present(connection.token).value


async def test_rule_03_a_connected_organization_is_not_connected_again(stage: Stage) -> None:
    connection = await stage.connection()
    with pytest.raises(AlreadyConnected, match="Acme"):
        await stage.connect(connection.organization_id, Token("another-token-0000"))
    assert await connection_of(stage, connection.organization_id) == connection


async def test_rule_03_of_two_who_connect_at_once_one_wins(stage: Stage) -> None:
    organization = await stage.organization()
    ends = await asyncio.gather(
        *(stage.connect(organization.id, TOKEN) for _ in range(3)), return_exceptions=True
    )
    opened = [end for end in ends if isinstance(end, Connection)]
    assert len(opened) == 1
    assert [type(end) for end in ends if end not in opened] == [AlreadyConnected, AlreadyConnected]
    assert await connection_of(stage, organization.id) == opened[0]


async def test_rule_03_other_organizations_connect_on_their_own(stage: Stage) -> None:
    first, second = await stage.connection("Acme"), await stage.connection("Bolt")
    assert await connection_of(stage, first.organization_id) == first
    assert await connection_of(stage, second.organization_id) == second


@pytest.mark.parametrize("token", [TOKEN, Token("another-token-0000")])
async def test_rule_09_after_disconnecting_one_can_connect_again(stage: Stage, token: Token) -> None:
    former = await stage.connection()
    await stage.disconnect(former.organization_id, "Acme")
    again = await stage.connect(former.organization_id, token)
    assert again.id != former.id
    assert await connection_of(stage, former.organization_id) == again


async def test_events_are_listed_for_the_connected_only(stage: Stage) -> None:
    organization = await stage.organization()
    with pytest.raises(NotConnected, match="Acme is not connected"):
        await stage.list_events(organization.id)


async def test_sessionboards_events_are_listed_for_whoever_is_not_connected_too(stage: Stage) -> None:
    organization = await stage.organization()
    lists = await stage.list_events(organization.id, sessionboard_only=True)
    assert {event.id for event in lists.sessionboard} == {HERE, ELSEWHERE}
    assert not lists.gleanin


async def test_of_sessionboards_events_it_is_said_what_they_are_mapped_to(stage: Stage) -> None:
    mapping = await stage.mapping()
    lists = await stage.list_events(mapping.organization_id, sessionboard_only=True)
    assert {event.id: event.why_not for event in lists.sessionboard} == {
        HERE: "mapped to PyConf goes Gleanin",
        ELSEWHERE: "",
    }
    assert not lists.gleanin


async def test_a_renewed_sessionboard_token_takes_the_place_of_the_former_one(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("opening"))
    await stage.sync(mapping)
    renewed = Token("renewed-sessionboard-token")
    stage.sources.tokens = {renewed.value}
    assert (await stage.sync(mapping)).state is RunState.STOPPED
    await stage.replace_sessionboard_token(mapping.organization_id, renewed)
    run = await stage.sync(mapping)
    assert {each.outcome for each in (await stage.outcomes(run)).values()} == {Outcome.UNCHANGED}


async def test_a_sessionboard_token_that_is_refused_replaces_nothing(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.sources.tokens = {SESSIONBOARD_TOKEN.value}
    with pytest.raises(SourceRefused):
        await stage.replace_sessionboard_token(mapping.organization_id, Token("another-token-0000"))
    assert (await stage.sync(mapping)).state is RunState.COMPLETED


async def test_rule_09_a_renewed_gleanin_token_continues_the_same_connection(stage: Stage) -> None:
    mapping = await stage.mapping()
    stage.offer(session("opening"))
    await stage.sync(mapping)
    renewed = Token("renewed-gleanin-token-9876")
    stage.gleanin.tokens = {renewed.value}
    connection = await stage.replace_gleanin_token(mapping.organization_id, renewed)
    assert (connection.id, connection.token_hint) == (mapping.connection_id, "9876")
    stage.offer(session("opening", title="Renamed"))
    run = await stage.sync(mapping)
    assert {each.outcome for each in (await stage.outcomes(run)).values()} == {Outcome.UPDATED}


async def test_a_gleanin_token_of_another_account_is_refused(stage: Stage, mapping: EventMapping) -> None:
    there = stage.gleanin.events.pop(mapping.events.gleanin_id)
    with pytest.raises(DifferentAccount, match=there.name):
        await stage.replace_gleanin_token(mapping.organization_id, Token("another-token-0000"))


async def test_a_gleanin_token_cannot_be_replaced_without_a_connection(stage: Stage) -> None:
    organization = await stage.organization()
    with pytest.raises(NotConnected):
        await stage.replace_gleanin_token(organization.id, TOKEN)


async def test_rule_03_who_gives_a_token_connects_or_goes_on_with_it(stage: Stage) -> None:
    organization = await stage.organization()
    opened, is_new = await stage.connect_or_renew(organization.id, TOKEN)
    assert (is_new, opened.continuous_sync) == (True, False)
    renewed = Token("renewed-gleanin-token-9876")
    again, is_new = await stage.connect_or_renew(organization.id, renewed)
    assert (is_new, again.id, again.token_hint) == (False, opened.id, "9876")
    assert await connection_of(stage, organization.id) == again


async def test_rule_24_what_new_mappings_begin_with_changes_where_it_is_given_and_is_told(
    stage: Stage, doors: Doors
) -> None:
    organization = await stage.organization()
    begun = []
    for continuous in (True, None, False, False):
        connection, _ = await stage.connect_or_renew(organization.id, TOKEN, continuous_sync=continuous)
        begun.append(connection.continuous_sync)
    assert begun == [True, True, False, False]
    assert [entry.what for entry in await doors.audit_log(organization.id)][-3:] == [
        "Gleanin token",
        "Gleanin token; continuous sync of new mappings: off",
        "Gleanin token",
    ]


async def test_rule_03_of_two_who_give_a_token_at_once_the_second_goes_on(stage: Stage) -> None:
    organization = await stage.organization()
    ends = await asyncio.gather(*(stage.connect_or_renew(organization.id, TOKEN) for _ in range(3)))
    assert sorted(is_new for _, is_new in ends) == [False, False, True]
    assert len({connection.id for connection, _ in ends}) == 1


async def test_rule_01_a_refused_token_changes_no_connection(stage: Stage) -> None:
    connection = await stage.connection()
    stage.gleanin.tokens = {TOKEN.value}
    with pytest.raises(DestinationRefused):
        await stage.connect_or_renew(
            connection.organization_id, Token("another-token-0000"), continuous_sync=True
        )
    assert await connection_of(stage, connection.organization_id) == connection
