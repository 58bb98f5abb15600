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
from tests.support.access_harness import AccessHarness
from tests.support.assertions import present
from tests.support.builders import session
from tests.support.harness import ELSEWHERE, HERE, SESSIONBOARD_TOKEN, TOKEN, URL, Harness


async def connection_of(harness: Harness, organization_id: OrganizationId) -> Connection | None:
    async with harness.units.read() as unit:
        return await unit.connections.get_open(organization_id)


@pytest.mark.parametrize("refusal", [DestinationRefused, DestinationUnavailable])
async def test_rule_01_refused_or_untested_token_is_reported_and_not_stored(
    harness: Harness, refusal: type[Exception]
) -> None:
    organization = await harness.organization()
    if refusal is DestinationRefused:
        harness.gleanin.tokens = {"another-token"}
    else:
        harness.gleanin.faults.unavailable_calls = 1
    with pytest.raises(refusal):
        await harness.connect(organization.id, TOKEN)
    assert await connection_of(harness, organization.id) is None


async def test_rule_01_token_is_tested_before_anything_is_stored(harness: Harness) -> None:
    organization = await harness.organization()
    harness.gleanin.tokens = {TOKEN.value}
    connection = await harness.connect(organization.id, TOKEN)
    assert await connection_of(harness, organization.id) == connection


@pytest.mark.parametrize("refusal", [SourceRefused, SourceUnavailable])
async def test_organization_is_not_stored_if_sessionboard_refuses_or_is_unavailable(
    harness: Harness, refusal: type[Exception]
) -> None:
    if refusal is SourceRefused:
        harness.sources.tokens = {"another-token"}
    else:
        harness.source.error = SourceUnavailable("Sessionboard does not answer.")
    with pytest.raises(refusal):
        await harness.organization()
    async with harness.units.read() as unit:
        assert not await unit.organizations.all()


async def test_two_organizations_cannot_have_the_same_name(harness: Harness) -> None:
    await harness.organization("Acme")
    with pytest.raises(AlreadyExists, match="'ACME'"):
        await harness.organization(" ACME ")


async def test_organization_needs_a_name_and_a_url(harness: Harness) -> None:
    with pytest.raises(InvalidInput):
        await harness.organization("  ")
    with pytest.raises(InvalidInput):
        await harness.add_organization(NewOrganization("Acme", "no address", SESSIONBOARD_TOKEN))


async def test_url_is_the_same_with_and_without_a_trailing_slash(harness: Harness) -> None:
    added = await harness.add_organization(NewOrganization("Acme", URL + "/", SESSIONBOARD_TOKEN))
    assert added.source_url == URL


async def test_an_unknown_organization_cannot_be_connected(harness: Harness) -> None:
    with pytest.raises(NotFound, match="organization 'nobody'"):
        await harness.connect(OrganizationId("nobody"), TOKEN)


async def test_rule_02_at_most_the_last_four_characters_of_a_token_are_shown(harness: Harness) -> None:
    connection = await harness.connection()
    assert connection.token_hint == "4321"
    assert harness.cipher.unseal(present(connection.token)) == TOKEN


async def test_rule_02_token_is_stored_encrypted(harness: Harness) -> None:
    connection = await harness.connection()
    assert TOKEN.value not in present(connection.token).value


async def test_rule_03_connected_organization_cannot_connect_again(harness: Harness) -> None:
    connection = await harness.connection()
    with pytest.raises(AlreadyConnected, match="Acme"):
        await harness.connect(connection.organization_id, Token("another-token-0000"))
    assert await connection_of(harness, connection.organization_id) == connection


async def test_rule_03_of_two_concurrent_connects_one_wins(harness: Harness) -> None:
    organization = await harness.organization()
    ends = await asyncio.gather(
        *(harness.connect(organization.id, TOKEN) for _ in range(3)), return_exceptions=True
    )
    opened = [end for end in ends if isinstance(end, Connection)]
    assert len(opened) == 1
    assert [type(end) for end in ends if end not in opened] == [AlreadyConnected, AlreadyConnected]
    assert await connection_of(harness, organization.id) == opened[0]


async def test_rule_03_organizations_connect_independently(harness: Harness) -> None:
    first, second = await harness.connection("Acme"), await harness.connection("Bolt")
    assert await connection_of(harness, first.organization_id) == first
    assert await connection_of(harness, second.organization_id) == second


@pytest.mark.parametrize("token", [TOKEN, Token("another-token-0000")])
async def test_rule_09_organization_can_connect_again_after_disconnecting(
    harness: Harness, token: Token
) -> None:
    previous = await harness.connection()
    await harness.disconnect(previous.organization_id, "Acme")
    again = await harness.connect(previous.organization_id, token)
    assert again.id != previous.id
    assert await connection_of(harness, previous.organization_id) == again


async def test_listing_events_needs_a_connection(harness: Harness) -> None:
    organization = await harness.organization()
    with pytest.raises(NotConnected, match="Acme is not connected"):
        await harness.list_events(organization.id)


async def test_sessionboard_events_are_listed_without_a_connection(harness: Harness) -> None:
    organization = await harness.organization()
    lists = await harness.list_events(organization.id, source_only=True)
    assert {event.id for event in lists.source} == {HERE, ELSEWHERE}
    assert not lists.destination


async def test_sessionboard_events_show_what_they_are_mapped_to(harness: Harness) -> None:
    mapping = await harness.mapping()
    lists = await harness.list_events(mapping.organization_id, source_only=True)
    assert {event.id: event.why_not for event in lists.source} == {
        HERE: "mapped to PyConf goes Gleanin",
        ELSEWHERE: "",
    }
    assert not lists.destination


async def test_new_sessionboard_token_replaces_the_previous_one(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    await harness.sync(mapping)
    renewed = Token("renewed-sessionboard-token")
    harness.sources.tokens = {renewed.value}
    assert (await harness.sync(mapping)).state is RunState.STOPPED
    await harness.replace_sessionboard_token(mapping.organization_id, renewed)
    run = await harness.sync(mapping)
    assert {outcome.outcome for outcome in (await harness.outcomes(run)).values()} == {Outcome.UNCHANGED}


async def test_refused_sessionboard_token_replaces_nothing(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.sources.tokens = {SESSIONBOARD_TOKEN.value}
    with pytest.raises(SourceRefused):
        await harness.replace_sessionboard_token(mapping.organization_id, Token("another-token-0000"))
    assert (await harness.sync(mapping)).state is RunState.COMPLETED


async def test_rule_09_new_gleanin_token_keeps_the_connection(harness: Harness) -> None:
    mapping = await harness.mapping()
    harness.offer(session("opening"))
    await harness.sync(mapping)
    renewed = Token("renewed-gleanin-token-9876")
    harness.gleanin.tokens = {renewed.value}
    connection = await harness.replace_destination_token(mapping.organization_id, renewed)
    assert (connection.id, connection.token_hint) == (mapping.connection_id, "9876")
    harness.offer(session("opening", title="Renamed"))
    run = await harness.sync(mapping)
    assert {outcome.outcome for outcome in (await harness.outcomes(run)).values()} == {Outcome.UPDATED}


async def test_gleanin_token_of_another_account_is_refused(harness: Harness, mapping: EventMapping) -> None:
    there = harness.gleanin.events.pop(mapping.events.destination_id)
    with pytest.raises(DifferentAccount, match=there.name):
        await harness.replace_destination_token(mapping.organization_id, Token("another-token-0000"))


async def test_replacing_the_gleanin_token_needs_a_connection(harness: Harness) -> None:
    organization = await harness.organization()
    with pytest.raises(NotConnected):
        await harness.replace_destination_token(organization.id, TOKEN)


async def test_rule_03_entering_a_token_connects_or_replaces_it(harness: Harness) -> None:
    organization = await harness.organization()
    opened, is_new = await harness.connect_or_renew(organization.id, TOKEN)
    assert (is_new, opened.continuous_sync) == (True, False)
    renewed = Token("renewed-gleanin-token-9876")
    again, is_new = await harness.connect_or_renew(organization.id, renewed)
    assert (is_new, again.id, again.token_hint) == (False, opened.id, "9876")
    assert await connection_of(harness, organization.id) == again


async def test_rule_24_default_of_new_mappings_changes_only_if_given_and_is_reported(
    harness: Harness, access_harness: AccessHarness
) -> None:
    organization = await harness.organization()
    begun = []
    for continuous in (True, None, False, False):
        connection, _ = await harness.connect_or_renew(organization.id, TOKEN, continuous_sync=continuous)
        begun.append(connection.continuous_sync)
    assert begun == [True, True, False, False]
    assert [entry.what for entry in await access_harness.audit_log(organization.id)][-3:] == [
        "Gleanin token",
        "Gleanin token; continuous sync of new mappings: off",
        "Gleanin token",
    ]


async def test_rule_03_of_two_concurrent_tokens_the_second_replaces_the_first(harness: Harness) -> None:
    organization = await harness.organization()
    ends = await asyncio.gather(*(harness.connect_or_renew(organization.id, TOKEN) for _ in range(3)))
    assert sorted(is_new for _, is_new in ends) == [False, False, True]
    assert len({connection.id for connection, _ in ends}) == 1


async def test_rule_01_refused_token_does_not_change_the_connection(harness: Harness) -> None:
    connection = await harness.connection()
    harness.gleanin.tokens = {TOKEN.value}
    with pytest.raises(DestinationRefused):
        await harness.connect_or_renew(
            connection.organization_id, Token("another-token-0000"), continuous_sync=True
        )
    assert await connection_of(harness, connection.organization_id) == connection
