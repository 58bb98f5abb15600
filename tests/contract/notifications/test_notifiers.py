"""The contract of notifiers."""

from dataclasses import replace

import pytest

from core.domain.errors import InvalidInput
from core.domain.notifications.messages import Named
from core.domain.notifications.notification import Channel
from ports.notifications import NotDelivered, RecipientRefused, RecipientUnavailable
from tests.contract.notifications.conftest import MESSAGE, TO, Target


async def test_message_arrives_with_id_and_text(target: Target) -> None:
    await target.deliver()
    assert target.arrived() == [("notice1", MESSAGE.text)]


async def test_test_notification_arrives_without_a_mapping(target: Target) -> None:
    await target.deliver(replace(MESSAGE, mapping_id=None, source_event=None, destination_event=None))
    assert len(target.arrived()) == 1


async def test_long_and_foreign_names_arrive(target: Target) -> None:
    name = "会議" * 100
    await target.deliver(
        replace(MESSAGE, destination_event=Named("g1", name), organization=Named("org1", name))
    )
    assert len(target.arrived()) == 1


@pytest.mark.parametrize(
    ("trouble", "kind"), [("unavailable", RecipientUnavailable), ("refused", RecipientRefused)]
)
async def test_failed_delivery_is_reported_and_can_be_retried(
    target: Target, trouble: str, kind: type[NotDelivered]
) -> None:
    target.trouble(trouble)
    with pytest.raises(kind) as caught:
        await target.deliver()
    assert "s3cr3t" not in str(caught.value)
    assert TO not in str(caught.value)
    target.trouble("")
    await target.deliver()
    assert target.arrived() == [("notice1", MESSAGE.text)]


async def test_address_is_normalized_or_refused(target: Target) -> None:
    channel = target.recipient.channel
    assert (
        target.notifier.normalize_address(channel, f" {target.recipient.address} ")
        == target.recipient.address
    )
    for wrong in ("", "nothing", "a@b.org\nBcc: eve@example.org", "ftp://example.org"):
        with pytest.raises(InvalidInput):
            target.notifier.normalize_address(channel, wrong)
    assert Channel(channel)
