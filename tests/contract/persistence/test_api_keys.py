"""API keys, portal addresses and their revocations, in every store."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.domain.access.api_keys import hash_secret
from core.domain.access.authorization import Grant, Role
from core.domain.access.portal_links import PersonRef
from core.domain.ids import ApiKeyId, DestinationEventId, OrganizationId, SourceId
from core.domain.records.kinds import EXHIBITOR_CONTACT, SPEAKER
from ports.store.access import PortalTimes
from ports.store.errors import PersistenceError
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.store_samples import (
    EVENT,
    NOW,
    ORGANIZATION,
    OTHER,
    a_key,
    an_organization,
    committing,
    store,
)


async def test_a_key_is_loaded_as_it_was_stored(units: UnitOfWorkFactory) -> None:
    key = replace(a_key(1), grant=Grant(Role.ADMIN, ORGANIZATION))
    revoked = replace(a_key(2, None), grant=Grant(Role.SUPPORT)).revoke(NOW)
    await store(units, an_organization(), key, revoked)
    async with units.read() as unit:
        for stored in (key, revoked):
            assert await unit.api_keys.get(stored.id) == stored
            assert await unit.api_keys.find_by_digest(stored.digest) == stored
        assert await unit.api_keys.get(ApiKeyId("none")) is None
        assert await unit.api_keys.find_by_digest(hash_secret("none")) is None


async def test_only_the_requested_keys_are_listed_newest_first(
    two_organizations: UnitOfWorkFactory,
) -> None:
    keys = a_key(1), a_key(2, None), a_key(3), a_key(4, OTHER), a_key(5, None).revoke(NOW)
    await store(two_organizations, *keys)
    async with two_organizations.read() as unit:
        assert await unit.api_keys.list_by_organization(ORGANIZATION) == [a_key(3), a_key(1)]
        assert await unit.api_keys.list_by_organization(OTHER) == [a_key(4, OTHER)]
        assert await unit.api_keys.list_by_organization(None) == [a_key(5, None).revoke(NOW), a_key(2, None)]
        assert await unit.api_keys.list_by_organization(OrganizationId("none")) == []


async def test_an_update_of_a_key_stores_only_its_revocation(units: UnitOfWorkFactory) -> None:
    await store(units, an_organization(), a_key(1), a_key(2))
    async with committing(units) as unit:
        await unit.api_keys.update(replace(a_key(1), name="Another", grant=Grant(Role.ADMIN)).revoke(NOW))
    async with units.read() as unit:
        assert await unit.api_keys.list_by_organization(ORGANIZATION) == [a_key(2), a_key(1).revoke(NOW)]


async def test_a_key_that_was_never_added_cannot_be_updated(units: UnitOfWorkFactory) -> None:
    async with units.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.api_keys.update(a_key())


async def test_no_two_keys_have_the_same_secret(units: UnitOfWorkFactory) -> None:
    await store(units, an_organization(), a_key(1))
    with pytest.raises(PersistenceError):
        await store(units, replace(a_key(2), digest=a_key(1).digest))


async def test_a_key_needs_an_existing_organization(units: UnitOfWorkFactory) -> None:
    with pytest.raises(PersistenceError):
        await store(units, a_key())


PERSON = PersonRef(ORGANIZATION, EVENT, SPEAKER, SourceId("1"))


async def test_rule_31_a_revocation_applies_to_one_person_only(
    two_organizations: UnitOfWorkFactory,
) -> None:
    later = NOW + timedelta(days=1)
    async with committing(two_organizations) as unit:
        assert await unit.portal_revocations.get(PERSON) is None
        await unit.portal_revocations.save(PERSON, NOW)
        await unit.portal_revocations.save(PERSON, later)
    async with two_organizations.read() as unit:
        assert await unit.portal_revocations.get(PERSON) == later
        for other in (
            replace(PERSON, organization_id=OTHER),
            replace(PERSON, event_id=DestinationEventId("g2")),
            replace(PERSON, kind=EXHIBITOR_CONTACT),
            replace(PERSON, source_id=SourceId("2")),
        ):
            assert await unit.portal_revocations.get(other) is None


async def test_rule_31_a_revocation_needs_an_existing_organization(units: UnitOfWorkFactory) -> None:
    async with units.write() as unit:
        with pytest.raises(PersistenceError):
            await unit.portal_revocations.save(PERSON, NOW)


async def test_rule_39_the_latest_portal_address_of_each_person_is_kept(mapped: UnitOfWorkFactory) -> None:
    other, later = replace(PERSON, source_id=SourceId("other")), NOW + timedelta(days=1)
    of_kind = replace(PERSON, kind=EXHIBITOR_CONTACT)
    async with committing(mapped) as unit:
        assert not await unit.portal_addresses.find([PERSON])
        await unit.portal_addresses.save({PERSON: NOW, other: NOW})
        await unit.portal_addresses.save({PERSON: later})
        await unit.portal_addresses.save({})
        await unit.portal_revocations.save_all([PERSON, of_kind], NOW)
        await unit.portal_revocations.save_all([], NOW)
    async with mapped.read() as unit:
        found = await unit.portal_addresses.find([PERSON, other, of_kind])
        assert await unit.portal_addresses.find([other]) == {other: PortalTimes(NOW)}
        assert not await unit.portal_addresses.find([])
    assert found == {
        PERSON: PortalTimes(later, NOW),
        other: PortalTimes(NOW),
        of_kind: PortalTimes(None, NOW),
    }
