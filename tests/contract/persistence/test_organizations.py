"""Organizations, connections and mappings, in every store."""

from dataclasses import replace
from datetime import timedelta, timezone

import pytest

from core.domain.ids import ConnectionId, DestinationEventId, MappingId, SourceEventId
from core.domain.tenancy.event_mappings import EventPair, ExhibitorName, MappingSettings, TracksFrom
from core.domain.tenancy.kind_values import KindValues
from core.domain.tenancy.secrets import SealedToken
from ports.store.errors import UniqueConstraint, UniqueViolation
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.assertions import present
from tests.support.store_samples import (
    CONNECTION,
    MAPPING,
    NOW,
    ORGANIZATION,
    OTHER,
    a_connection,
    a_mapping,
    a_mapping_of_other,
    an_organization,
    committing,
    store,
)


async def test_an_organization_is_found_by_its_name_in_any_case(units: UnitOfWorkFactory) -> None:
    await store(units, an_organization("ÉVÉNEMENTS Straße 🐍"))
    async with units.read() as unit:
        assert await unit.organizations.find_by_name("événements STRASSE 🐍") == an_organization(
            "ÉVÉNEMENTS Straße 🐍"
        )
        for name in ("événements", "", "\0", "\ud800", "é" * 10_000):
            assert await unit.organizations.find_by_name(name) is None


async def test_organizations_are_sorted_by_name_ignoring_case(units: UnitOfWorkFactory) -> None:
    await store(units, an_organization("b", 1), an_organization("C", 2), an_organization("A", 3))
    async with units.read() as unit:
        assert [organization.name for organization in await unit.organizations.all()] == ["A", "b", "C"]


async def test_an_organization_name_is_unique_in_any_case(units: UnitOfWorkFactory) -> None:
    await store(units, an_organization("Écoles"))
    with pytest.raises(UniqueViolation) as caught:
        await store(units, an_organization("ÉCOLES", 2))
    assert caught.value.what is UniqueConstraint.ORGANIZATION_NAME


async def test_rule_03_an_organization_has_at_most_one_open_connection(units: UnitOfWorkFactory) -> None:
    await store(units, an_organization(), a_connection(1))
    with pytest.raises(UniqueViolation) as caught:
        await store(units, a_connection(2))
    assert caught.value.what is UniqueConstraint.OPEN_CONNECTION


async def test_rule_09_an_organization_can_connect_again_after_a_connection_ended(
    units: UnitOfWorkFactory,
) -> None:
    await store(units, an_organization(), a_connection(1))
    ended = a_connection(1).end(NOW, an_organization(), an_organization().name)
    async with committing(units) as unit:
        await unit.connections.update(ended)
        await unit.connections.add(a_connection(2))
    async with units.read() as unit:
        assert await unit.connections.get(CONNECTION) == ended
        assert await unit.connections.get_open(ORGANIZATION) == a_connection(2)
        assert await unit.connections.list_open() == [a_connection(2)]


async def test_an_update_of_an_organization_stores_only_its_token(
    units: UnitOfWorkFactory,
) -> None:
    renewed = replace(an_organization(), source_token=SealedToken("renewed"))
    await store(units, an_organization())
    async with committing(units) as unit:
        await unit.organizations.update(replace(renewed, name="Another", source_url="https://there"))
    async with units.read() as unit:
        assert await unit.organizations.get(renewed.id) == renewed


async def test_rule_10_connections_at_another_sessionboard_url_are_listed(
    units: UnitOfWorkFactory,
) -> None:
    other = replace(an_organization("Python Italia", 2), source_url="https://eu.example.org")
    await store(units, an_organization(), other, a_connection(1), a_connection(2, other.id))
    async with units.read() as unit:
        assert set(await unit.connections.list_at_other_sources(an_organization().source_url)) == {"con2"}
        assert set(await unit.connections.list_at_other_sources(other.source_url)) == {"con1"}


async def test_times_are_loaded_as_the_same_instant_in_utc(units: UnitOfWorkFactory) -> None:
    at = NOW.astimezone(timezone(timedelta(hours=-7)))
    await store(units, an_organization(), replace(a_connection(), opened_at=at))
    async with units.read() as unit:
        connection = await unit.connections.get(CONNECTION)
    assert present(connection).opened_at == NOW


async def test_a_mapping_is_loaded_as_it_was_stored(mapped: UnitOfWorkFactory) -> None:
    kinds: KindValues = {"helper": {"team": "Doors", "shifts": False}, "uninstalled": {"any": "text"}}
    settings = MappingSettings(
        TracksFrom.TAGS,
        False,
        False,
        ExhibitorName.EXHIBITOR,
        one_name_is_enough=True,
        only_accepted_roles=False,
        kinds=kinds,
    )
    changed = replace(
        a_mapping(), settings=settings, confirmed_time_zone="Europe/Paris", continuous_sync=True
    )
    changed = changed.mark_written()
    async with committing(mapped) as unit:
        assert await unit.mappings.get(MAPPING) == a_mapping()
        await unit.mappings.update(changed)
    async with mapped.read() as unit:
        assert await unit.mappings.get(MAPPING) == changed
        assert await unit.mappings.get(MappingId("none")) is None


async def test_rule_04_a_sessionboard_event_is_in_one_mapping_only(mapped: UnitOfWorkFactory) -> None:
    with pytest.raises(UniqueViolation) as caught:
        await store(mapped, a_mapping(2, "s1", "g2"))
    assert caught.value.what is UniqueConstraint.SOURCE_EVENT


async def test_rule_04_a_gleanin_event_is_in_one_mapping_only(mapped: UnitOfWorkFactory) -> None:
    with pytest.raises(UniqueViolation) as caught:
        await store(mapped, a_mapping(2, "s2", "g1"))
    assert caught.value.what is UniqueConstraint.DESTINATION_EVENT


async def test_rule_04_the_same_number_in_another_region_is_another_event(mapped: UnitOfWorkFactory) -> None:
    await store(mapped, a_mapping(2, "s1", "g2", url="https://api-eu.sessionboard.com"))
    async with mapped.read() as unit:
        assert len(await unit.mappings.list_by_connection(CONNECTION)) == 2


async def test_rule_05_a_mapping_removed_before_its_first_write_frees_both_events(
    mapped: UnitOfWorkFactory,
) -> None:
    async with committing(mapped) as unit:
        await unit.mappings.update(a_mapping().remove(NOW))
        await unit.mappings.add(a_mapping(2, "s1", "g2"))
        await unit.mappings.add(a_mapping(3, "s2", "g1"))
    async with mapped.read() as unit:
        assert [mapping.id for mapping in await unit.mappings.list_by_organization(ORGANIZATION)] == [
            "map1",
            "map2",
            "map3",
        ]


async def test_rule_05_a_written_mapping_holds_its_events_even_if_removed(mapped: UnitOfWorkFactory) -> None:
    removed = a_mapping().mark_written().remove(NOW)
    async with committing(mapped) as unit:
        await unit.mappings.update(removed)
    with pytest.raises(UniqueViolation):
        await store(mapped, a_mapping(2, "s1", "g2"))
    ended = removed.end_with_connection(NOW)
    async with committing(mapped) as unit:
        await unit.mappings.update(ended)
        await unit.mappings.add(a_mapping(2, "s1", "g2"))


async def test_rule_05_a_removed_mapping_cannot_return_to_mapped_events(
    mapped: UnitOfWorkFactory,
) -> None:
    async with committing(mapped) as unit:
        await unit.mappings.update(a_mapping().remove(NOW))
        await unit.mappings.add(a_mapping(2, "s2", "g1"))
    async with mapped.write() as unit:
        with pytest.raises(UniqueViolation) as caught:
            await unit.mappings.update(a_mapping())
    assert caught.value.what is UniqueConstraint.DESTINATION_EVENT


async def test_only_mappings_that_hold_an_event_are_listed_for_it(
    mapped: UnitOfWorkFactory,
) -> None:
    await store(mapped, a_mapping(2, "s2", "g2"), a_mapping(3, "s3", "g3"), a_mapping(4, "s4", "g4"))
    async with committing(mapped) as unit:
        await unit.mappings.update(a_mapping(3, "s3", "g3").remove(NOW))

    async def holders(sessionboard: str, gleanin: str) -> list[MappingId]:
        url = "https://api.sessionboard.com"
        pair = EventPair(url, SourceEventId(sessionboard), DestinationEventId(gleanin))
        async with mapped.read() as unit:
            return [
                mapping.id
                for mapping in await unit.mappings.list_by_events(
                    pair.source_url, [pair.source_id], [pair.destination_id]
                )
            ]

    assert await holders("s1", "g2") == ["map1", "map2"]
    assert await holders("s3", "g3") == []
    assert await holders("none", "g4") == ["map4"]


async def test_rule_06_each_connection_has_its_own_mappings(two_tenants: UnitOfWorkFactory) -> None:
    theirs = a_mapping_of_other()
    async with two_tenants.read() as unit:
        assert await unit.mappings.list_by_connection(CONNECTION) == [a_mapping()]
        assert await unit.mappings.list_by_connection(ConnectionId("con2")) == [theirs]
        assert await unit.mappings.list_by_organization(OTHER) == [theirs]


async def test_rule_24_a_connection_stores_the_default_of_continuous_sync(units: UnitOfWorkFactory) -> None:
    continuous = replace(a_connection(), continuous_sync=True)
    await store(units, an_organization(), continuous)
    async with committing(units) as unit:
        assert await unit.connections.get_open(ORGANIZATION) == continuous
        await unit.connections.update(a_connection())
    async with units.read() as unit:
        assert await unit.connections.get(CONNECTION) == a_connection()
