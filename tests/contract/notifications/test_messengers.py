"""What every messenger promises."""

from dataclasses import replace

import pytest

from core.domain.errors import InvalidInput
from core.domain.notifications.messages import Named
from core.domain.notifications.notification import Channel
from ports.notifications import NotDelivered, RecipientRefused, RecipientUnavailable
from tests.contract.notifications.conftest import MESSAGE, TO, SyncedRecordRef


async def test_a_message_arrives_with_its_id_and_its_text(place: SyncedRecordRef) -> None:
    await place.deliver()
    assert place.arrived() == [("notice1", MESSAGE.text)]


async def test_a_trial_arrives_though_it_is_about_no_mapping(place: SyncedRecordRef) -> None:
    await place.deliver(replace(MESSAGE, mapping_id=None, sessionboard=None, gleanin=None))
    assert len(place.arrived()) == 1


async def test_long_and_foreign_names_arrive(place: SyncedRecordRef) -> None:
    name = "会議" * 100
    await place.deliver(replace(MESSAGE, gleanin=Named("g1", name), organization=Named("org1", name)))
    assert len(place.arrived()) == 1


@pytest.mark.parametrize(
    ("trouble", "kind"), [("unavailable", RecipientUnavailable), ("refused", RecipientRefused)]
)
async def test_what_does_not_arrive_is_told_and_arrives_later(
    place: SyncedRecordRef, trouble: str, kind: type[NotDelivered]
) -> None:
    place.trouble(trouble)
    with pytest.raises(kind) as told:
        await place.deliver()
    assert "s3cr3t" not in str(told.value)
    assert TO not in str(told.value)
    place.trouble("")
    await place.deliver()
    assert place.arrived() == [("notice1", MESSAGE.text)]


async def test_an_address_is_given_in_its_normal_form_or_refused(place: SyncedRecordRef) -> None:
    channel = place.recipient.channel
    assert (
        place.messenger.normalize_address(channel, f" {place.recipient.address} ") == place.recipient.address
    )
    for wrong in ("", "nothing", "a@b.org\nBcc: eve@example.org", "ftp://example.org"):
        with pytest.raises(InvalidInput):
            place.messenger.normalize_address(channel, wrong)
    assert Channel(channel)
