"""Rule 24, told: one notice when a mapping starts to fail, one when it has recovered, whatever breaks meanwhile."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from core.domain.access.audit import Action
from core.domain.errors import InvalidInput, NotFound
from core.domain.ids import DestinationEventId, OrganizationId, SourceEventId
from core.domain.notifications.messages import Message
from core.domain.notifications.notification import Channel, Delivery, Notification, Recipient
from core.domain.records.source_records import SourceEvent
from core.domain.runs.health_change import HealthChange
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.secrets import Token
from core.usecases.runs.apply_retention import ApplyRetention
from ports.notifications import RecipientRefused, RecipientUnavailable
from ports.source import SourceUnavailable
from tests.limits import happens
from tests.present import present
from tests.unit.usecases.power import Killed, Power, killed
from tests.unit.usecases.stage import ELSEWHERE, FAR, TOKEN, Stage

HOOK = "https://hooks.example.org/sync"
DAY = timedelta(days=1)
UNREACHABLE = SourceUnavailable("sessionboard.example.org accepts no connection.")
DOWN = RecipientUnavailable("hooks.example.org accepts no connection.")


async def with_recipient(stage: Stage) -> EventMapping:
    mapping = await stage.mapping()
    await stage.choose_recipient(mapping.organization_id, Channel.WEBHOOK, HOOK)
    return mapping


async def fail(stage: Stage, mapping: EventMapping) -> None:
    stage.source.trouble = UNREACHABLE
    await stage.sync(mapping)
    stage.source.trouble = None


async def outbox(stage: Stage, organization_id: OrganizationId) -> list[Notification]:
    """Give the notices, oldest first."""
    async with stage.units.read() as unit:
        return [*reversed(await unit.notifications.list_by_organization(organization_id))]


def told(stage: Stage) -> list[HealthChange]:
    return [each.message.change for each in stage.messenger.arrived]


async def test_rule_24_failing_three_times_is_told_once(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    for _ in range(3):
        await fail(stage, mapping)
    assert await stage.deliver_notices() == 1
    assert await stage.deliver_notices() == 0
    (arrived,) = stage.messenger.arrived
    assert arrived.message.change is HealthChange.FAILING
    assert arrived.message.mapping_id == mapping.id
    assert arrived.message.url.startswith("https://sync.example.org/runs/")
    assert arrived.recipient.address == HOOK


async def test_rule_24_failing_and_recovering_is_told_twice_in_this_order(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    await fail(stage, mapping)
    await stage.sync(mapping)
    await stage.sync(mapping)
    await stage.deliver_notices()
    assert told(stage) == [HealthChange.FAILING, HealthChange.RECOVERED]


async def test_what_goes_well_is_told_nobody(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    await stage.sync(mapping)
    assert await outbox(stage, mapping.organization_id) == []


async def test_without_a_recipient_nothing_is_kept_to_be_told_later(stage: Stage) -> None:
    mapping = await stage.mapping()
    await fail(stage, mapping)
    await stage.choose_recipient(mapping.organization_id, Channel.EMAIL, "ops@example.org")
    await fail(stage, mapping)
    assert await outbox(stage, mapping.organization_id) == []


@pytest.mark.parametrize("were_synced_before", [True, False])
async def test_rule_24_a_refused_token_of_three_mappings_is_told_once(
    stage: Stage, were_synced_before: bool
) -> None:
    third = SourceEventId("3962"), DestinationEventId("13")
    stage.source.put(SourceEvent(third[0], "GoConf", "Europe/Paris"))
    stage.gleanin.add_event(third[1], "GoConf goes Gleanin")
    first = await with_recipient(stage)
    organization = first.organization_id
    mappings = [first, await stage.map(organization, ELSEWHERE, FAR), await stage.map(organization, *third)]
    for mapping in mappings if were_synced_before else ():
        await stage.sync(mapping)
    stage.gleanin.trouble.refuses_tokens = True
    for mapping in mappings:
        await stage.sync(mapping)
    await stage.deliver_notices()
    assert told(stage) == [HealthChange.HALTED]
    stage.gleanin.trouble.refuses_tokens = False
    await stage.replace_gleanin_token(organization, TOKEN)
    await stage.sync(first)
    await stage.deliver_notices()
    assert told(stage) == [HealthChange.HALTED, HealthChange.RECOVERED]


async def test_a_mapping_that_was_removed_is_not_told_to_fail(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    run = await stage.request_sync(mapping.id)
    async with stage.committing() as unit:
        await unit.mappings.update(mapping.remove(stage.clock.now()))
    await stage.run_sync(run.id)
    assert await outbox(stage, mapping.organization_id) == []


@pytest.mark.parametrize("taken_place", [True, False])
@pytest.mark.parametrize("store", range(1, 9))
async def test_rule_32_a_kill_at_any_store_of_a_run_neither_loses_nor_doubles_a_notice(
    stage: Stage, store: int, taken_place: bool
) -> None:
    mapping = await with_recipient(stage)
    power = Power(stage)
    run = await stage.request_sync(mapping.id)
    stage.source.trouble = UNREACHABLE
    power.fail_at(store=store, taken_place=taken_place)
    try:
        await stage.run_sync(run.id)
    except Killed:
        power.back()
        await stage.take_over(run.id)
        for waiting in await stage.choose_runs(100):
            await stage.run_sync(present(waiting.run_id))
    else:
        power.back()
    assert (await stage.schedule_of(mapping.id)).is_failing
    assert [each.change for each in await outbox(stage, mapping.organization_id)] == [HealthChange.FAILING]


@pytest.mark.parametrize("store", [1, 2])
@pytest.mark.parametrize("taken_place", [True, False])
async def test_a_kill_between_an_attempt_and_its_note_loses_nothing(
    stage: Stage, store: int, taken_place: bool
) -> None:
    mapping = await with_recipient(stage)
    await fail(stage, mapping)
    with killed(stage, store=store, taken_place=taken_place):
        await stage.deliver_notices()
    stage.clock.advance(timedelta(minutes=2))
    await stage.deliver_notices()
    assert {each.message.id for each in stage.messenger.arrived} == {
        each.id for each in await outbox(stage, mapping.organization_id)
    }
    # Twice only if the first attempt had been made and its success was not noted.
    assert len(stage.messenger.arrived) == (2 if (store, taken_place) == (2, False) else 1)


@dataclass(slots=True)
class Watching:
    """A messenger during whose attempts other processes look into the outbox too."""

    stage: Stage
    others: int = 0

    def checked(self, channel: Channel, address: str) -> str:
        return address

    async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
        self.others += await self.stage.deliver_notices()
        await self.stage.messenger.deliver(message, recipient, secret)


async def test_two_processes_do_not_both_make_an_attempt(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    await fail(stage, mapping)
    watching = Watching(stage)
    assert await replace(stage.deliver_notices, messenger=watching)() == 1
    assert watching.others == 0
    assert len(stage.messenger.arrived) == 1


async def test_an_attempt_that_fails_is_made_again_later_and_given_up_after_a_day(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    await fail(stage, mapping)
    stage.messenger.trouble = DOWN
    for _ in range(2000):
        await stage.deliver_notices()
        stage.clock.advance(timedelta(minutes=1))
    (notice,) = await outbox(stage, mapping.organization_id)
    assert notice.state is Delivery.GIVEN_UP
    assert 10 < notice.attempts < 30
    names = [name for name, _ in stage.log.kept if name.startswith("notices.")]
    assert names == ["notices.not_delivered"] * notice.attempts + ["notices.given_up"]
    stage.messenger.trouble = None
    assert await stage.deliver_notices() == 0


async def test_what_did_not_arrive_arrives_once_the_recipient_is_back(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    stage.messenger.trouble = RecipientRefused("hooks.example.org does not take the notice (HTTP 404).")
    await fail(stage, mapping)
    await stage.deliver_notices()
    stage.messenger.trouble = None
    assert await stage.deliver_notices() == 0, "its wait is not over"
    stage.clock.advance(timedelta(minutes=1))
    assert await stage.deliver_notices() == 1


async def test_admins_see_why_a_notice_has_not_arrived_until_it_has(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    said = "hooks.example.org does not take the notice (HTTP 410). Check the webhook's address."
    stage.messenger.trouble = RecipientRefused(said)
    await fail(stage, mapping)
    await stage.deliver_notices()
    (notice,) = await outbox(stage, mapping.organization_id)
    assert (notice.problem, notice.state) == (said, Delivery.WAITING)
    stage.messenger.trouble = None
    stage.clock.advance(timedelta(minutes=1))
    await stage.deliver_notices()
    (notice,) = await outbox(stage, mapping.organization_id)
    assert (notice.problem, notice.state) == ("", Delivery.DELIVERED)


async def test_what_was_given_up_still_says_why(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    stage.messenger.trouble = DOWN
    await fail(stage, mapping)
    await stage.deliver_notices()
    stage.clock.advance(DAY)
    await stage.deliver_notices()
    (notice,) = await outbox(stage, mapping.organization_id)
    assert (notice.problem, notice.state) == (str(DOWN), Delivery.GIVEN_UP)


async def test_an_attempt_that_slept_while_another_process_delivered_leaves_it_delivered(
    stage: Stage,
) -> None:
    mapping = await with_recipient(stage)
    await fail(stage, mapping)

    @dataclass
    class Sleeping(Watching):
        async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
            self.stage.clock.advance(timedelta(minutes=2))
            self.others += await self.stage.deliver_notices()
            raise DOWN

    assert await replace(stage.deliver_notices, messenger=Sleeping(stage))() == 0
    (notice,) = await outbox(stage, mapping.organization_id)
    assert (notice.problem, notice.state) == ("", Delivery.DELIVERED)


async def test_an_attempt_that_is_under_way_is_seen_through_by_a_process_that_ends(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    await fail(stage, mapping)
    begun, go_on = asyncio.Event(), asyncio.Event()

    @dataclass
    class Slow(Watching):
        async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
            begun.set()
            await go_on.wait()
            await self.stage.messenger.deliver(message, recipient, secret)

    delivering = asyncio.create_task(replace(stage.deliver_notices, messenger=Slow(stage))())
    await happens(begun)
    delivering.cancel()
    await asyncio.sleep(0.01)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await delivering
    (notice,) = await outbox(stage, mapping.organization_id)
    assert notice.state is Delivery.DELIVERED
    stage.clock.advance(DAY)
    assert await stage.deliver_notices() == 0, "it arrived once"


async def test_rule_24_a_recovery_leads_to_a_run_that_is_still_there_a_day_later(stage: Stage) -> None:
    mapping = await with_recipient(stage)

    async def by_itself() -> SyncRun | None:
        stage.clock.advance(timedelta(minutes=34))
        return await stage.check(mapping)

    await by_itself()
    stage.source.trouble = UNREACHABLE
    await by_itself()
    stage.source.trouble = None
    assert await by_itself() is not None
    assert await by_itself() is None
    _, recovered = await outbox(stage, mapping.organization_id)
    stage.clock.advance(DAY + timedelta(hours=1))
    await ApplyRetention(stage.units, stage.clock, timedelta(days=90))()
    async with stage.units.read() as unit:
        assert await unit.runs.get(recovered.run_id) is not None


async def test_one_notice_that_meets_a_fault_does_not_stop_the_others(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    other = await stage.organization("Other")
    await stage.choose_recipient(other.id, Channel.EMAIL, "ops@example.org")
    await fail(stage, mapping)
    (notice,) = await outbox(stage, mapping.organization_id)
    async with stage.committing() as unit:
        await unit.notifications.add(replace(notice, id=type(notice.id)("other"), organization_id=other.id))

    @dataclass
    class Faulty(Watching):
        async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
            if recipient.channel is Channel.WEBHOOK:
                raise RuntimeError("jane@example.org")
            await self.stage.messenger.deliver(message, recipient, secret)

    assert await replace(stage.deliver_notices, messenger=Faulty(stage))() == 1
    assert [name for name, _ in stage.log.kept if name.startswith("notices.")] == [
        "notices.failed",
        "notices.delivered",
    ]
    assert "jane@" not in str(stage.log.kept)


async def test_a_recipient_that_was_removed_meanwhile_drops_its_notices(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    await fail(stage, mapping)
    await stage.remove_recipient(mapping.organization_id)
    await stage.choose_recipient(mapping.organization_id, Channel.WEBHOOK, HOOK)
    assert await stage.deliver_notices() == 0
    assert await outbox(stage, mapping.organization_id) == []


async def test_a_recipient_that_is_removed_during_an_attempt_is_no_fault(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    await fail(stage, mapping)

    @dataclass
    class Removing(Watching):
        async def deliver(self, message: Message, recipient: Recipient, secret: Token | None) -> None:
            await self.stage.remove_recipient(mapping.organization_id)

    assert await replace(stage.deliver_notices, messenger=Removing(stage))() == 1
    assert await outbox(stage, mapping.organization_id) == []


async def test_the_secret_of_a_webhook_is_given_once_and_stored_sealed(stage: Stage) -> None:
    mapping = await stage.mapping()
    recipient, secret = await stage.choose_recipient(mapping.organization_id, Channel.WEBHOOK, HOOK)
    assert secret is not None
    assert secret.value not in present(recipient.secret).value
    _, another = await stage.choose_recipient(mapping.organization_id, Channel.WEBHOOK, HOOK)
    assert another != secret
    await stage.try_recipient(mapping.organization_id)
    (arrived,) = stage.messenger.arrived
    assert (arrived.message.change, arrived.secret) == (HealthChange.TRIAL, another)
    _, none = await stage.choose_recipient(mapping.organization_id, Channel.EMAIL, "ops@example.org")
    assert none is None


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        (Channel.EMAIL, "ops@example.org\nBcc: eve@example.org"),
        (Channel.WEBHOOK, "https://127.0.0.1/"),
        (Channel.WEBHOOK, "http://hooks.example.org"),
        (Channel.WEBHOOK, "ops@example.org"),
    ],
)
async def test_what_can_be_no_recipient_is_refused_and_stores_nothing(
    stage: Stage, channel: Channel, address: str, mapping: EventMapping
) -> None:
    with pytest.raises(InvalidInput):
        await stage.choose_recipient(mapping.organization_id, channel, address)
    async with stage.units.read() as unit:
        assert await unit.recipients.get(mapping.organization_id) is None


async def test_nobody_can_be_tried_where_notices_go_nowhere(stage: Stage, mapping: EventMapping) -> None:
    with pytest.raises(NotFound, match="Choose a webhook or an e-mail first"):
        await stage.try_recipient(mapping.organization_id)
    with pytest.raises(NotFound):
        await stage.choose_recipient(OrganizationId("none"), Channel.WEBHOOK, HOOK)


async def test_who_chose_tried_and_removed_a_recipient_is_in_the_audit_log(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    await stage.try_recipient(mapping.organization_id, actor="ada@example.org")
    await stage.remove_recipient(mapping.organization_id)
    assert await stage.remove_recipient(mapping.organization_id) is None
    async with stage.units.read() as unit:
        entries = await unit.audit.page(mapping.organization_id, limit=3)
    assert [(each.action, each.what) for each in reversed(entries)] == [
        (action, "the webhook at hooks.example.org")
        for action in (Action.RECIPIENT_CHOSEN, Action.RECIPIENT_TRIED, Action.RECIPIENT_REMOVED)
    ]


async def test_notices_that_wait_for_nothing_are_forgotten_in_time(stage: Stage) -> None:
    mapping = await with_recipient(stage)
    await fail(stage, mapping)
    await stage.deliver_notices()
    await stage.sync(mapping)
    stage.clock.advance(2 * DAY)
    await ApplyRetention(stage.units, stage.clock, DAY)()
    (left,) = await outbox(stage, mapping.organization_id)
    assert (left.change, left.state) == (HealthChange.RECOVERED, Delivery.WAITING)


async def test_rule_24_mappings_whose_token_is_refused_at_the_same_time_tell_once(stage: Stage) -> None:
    first = await with_recipient(stage)
    second = await stage.map(first.organization_id, ELSEWHERE, FAR)
    stage.gleanin.trouble.refuses_tokens = True
    runs = [await stage.request_sync(each.id) for each in (first, second)]
    await asyncio.gather(*(stage.run_sync(each.id) for each in runs))
    assert [each.change for each in await outbox(stage, first.organization_id)] == [HealthChange.HALTED]
