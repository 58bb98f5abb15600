"""Rule 23: a repeated request with the same idempotency key queues no second run, in every database."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from core.domain.access.authorization import COMMAND_LINE, Actor
from core.domain.errors import InvalidInput, NotFound, NotMapped
from core.domain.ids import MappingId
from core.domain.records.kinds import AGENDA, ALL, EXHIBITORS, Scope
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.runs.request_sync import SyncRequest
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.support.access_harness import AccessHarness
from tests.support.harness import ELSEWHERE, FAR, Harness

ADA, BOB = "ada@example.org", "bob@example.org"


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    engine = engine_at(f"sqlite:///{path}")
    migrate.upgrade(engine)
    engine.dispose()
    return path.read_bytes()


@pytest.fixture(params=["memory", "sqlite"])
def units(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UnitOfWorkFactory]:
    if request.param == "memory":
        yield InMemoryUnitOfWorkFactory()
        return
    (tmp_path / "data.db").write_bytes(request.getfixturevalue("migrated"))
    sql = SqlUnitOfWorkFactory(engine_at(f"sqlite:///{tmp_path / 'data.db'}"))
    yield sql
    sql.close()


@pytest.fixture
def harness(units: UnitOfWorkFactory) -> Harness:
    return Harness(units)


@pytest.fixture
async def mapping(harness: Harness) -> EventMapping:
    return await harness.mapping()


async def request_sync(
    harness: Harness, mapping: EventMapping, key: str | None, actor: str = ADA, scope: Scope = ALL
) -> SyncRun:
    return await harness.request(SyncRequest(mapping.id, scope, actor=Actor(actor, id=actor), key=key))


async def finish(harness: Harness, run: SyncRun) -> None:
    await harness.run_sync(run.id)


async def test_rule_23_same_key_always_returns_the_same_run(harness: Harness, mapping: EventMapping) -> None:
    run = await request_sync(harness, mapping, "k1")
    assert (await request_sync(harness, mapping, "k1")).id == run.id
    await finish(harness, run)
    again = await request_sync(harness, mapping, "k1")
    assert (again.id, again.is_open) == (run.id, False)
    assert len(await harness.list_runs(mapping.id)) == 1


async def test_rule_23_another_key_or_none_queues_a_new_run(harness: Harness, mapping: EventMapping) -> None:
    runs = []
    for key in ("k1", "K1", "k1 ", None, None, "k" * 255):
        run = await request_sync(harness, mapping, key)
        await finish(harness, run)
        runs.append(run.id)
    assert len(set(runs)) == 6


async def test_rule_23_same_key_of_another_client_queues_another_run(
    harness: Harness, mapping: EventMapping
) -> None:
    adas = await request_sync(harness, mapping, "k1", ADA)
    await finish(harness, adas)
    bobs = await request_sync(harness, mapping, "k1", BOB)
    assert bobs.id != adas.id
    assert (await request_sync(harness, mapping, "k1", ADA)).id == adas.id
    assert (await request_sync(harness, mapping, "k1", BOB)).id == bobs.id


async def test_rule_23_keys_of_different_clients_cannot_collide(
    harness: Harness, mapping: EventMapping
) -> None:
    """Check that different pairs of client and key do not combine to the same key."""
    adas = await request_sync(harness, mapping, "x k1", "ada")
    await finish(harness, adas)
    assert (await request_sync(harness, mapping, "k1", "ada x")).id != adas.id
    with pytest.raises(InvalidInput):
        SyncRequest(mapping.id, actor=Actor("ada", id="ada"), key="x\nk1")


async def test_rule_23_same_key_for_another_mapping_queues_another_run(
    harness: Harness, mapping: EventMapping
) -> None:
    other = await harness.map(mapping.organization_id, ELSEWHERE, FAR)
    ours, theirs = await request_sync(harness, mapping, "k1"), await request_sync(harness, other, "k1")
    assert (ours.mapping_id, theirs.mapping_id) == (mapping.id, other.id)
    assert (await request_sync(harness, other, "k1")).id == theirs.id


async def test_rule_23_key_belongs_to_the_run_that_its_request_joined(
    harness: Harness, mapping: EventMapping
) -> None:
    waiting = await request_sync(harness, mapping, None, BOB, AGENDA)
    joined = await request_sync(harness, mapping, "k1", ADA, EXHIBITORS)
    assert (joined.id, joined.scope) == (waiting.id, ALL)
    await finish(harness, joined)
    assert (await request_sync(harness, mapping, "k1", ADA, EXHIBITORS)).id == waiting.id
    assert len(await harness.list_runs(mapping.id)) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (AGENDA, EXHIBITORS),
        (EXHIBITORS, AGENDA),
        (AGENDA, ALL),
        (EXHIBITORS, ALL),
    ],
)
async def test_rule_23_key_reused_for_a_larger_scope_is_refused(
    harness: Harness, mapping: EventMapping, first: Scope, second: Scope
) -> None:
    run = await request_sync(harness, mapping, "k1", scope=first)
    for has_ended in (False, True):
        if has_ended:
            await finish(harness, run)
        with pytest.raises(InvalidInput, match=f"another scope \\({first}\\)"):
            await request_sync(harness, mapping, "k1", scope=second)
        assert (await request_sync(harness, mapping, "k1", scope=first)).id == run.id
    assert len(await harness.list_runs(mapping.id)) == 1


async def test_rule_23_concurrent_requests_with_one_key_queue_one_run(
    harness: Harness, access_harness: AccessHarness, mapping: EventMapping
) -> None:
    before = len(await access_harness.audit_log())
    runs = await asyncio.gather(*(request_sync(harness, mapping, "k1") for _ in range(20)))
    assert len({run.id for run in runs}) == 1
    assert len(await access_harness.audit_log()) == before + 1


async def test_rule_23_concurrent_requests_with_different_keys_share_the_queued_run(
    harness: Harness, mapping: EventMapping
) -> None:
    runs = await asyncio.gather(*(request_sync(harness, mapping, f"k{number}") for number in range(20)))
    (waiting,) = {run.id for run in runs}
    await finish(harness, runs[0])
    for number in range(20):
        assert (await request_sync(harness, mapping, f"k{number}")).id == waiting
    assert (await request_sync(harness, mapping, "k20")).id != waiting


async def test_rule_11_repeated_request_succeeds_after_the_mapping_is_removed(
    harness: Harness, mapping: EventMapping
) -> None:
    run = await request_sync(harness, mapping, "k1")
    await harness.remove_mapping(mapping.id)
    assert (await request_sync(harness, mapping, "k1")).id == run.id
    with pytest.raises(NotMapped):
        await request_sync(harness, mapping, "k2")
    with pytest.raises(NotFound):
        await harness.request(SyncRequest(MappingId("nothing"), key="k1", actor=COMMAND_LINE))


@pytest.mark.parametrize("key", ["", "k" * 256, "two\nlines", "nul\0", "\ud800"])
def test_invalid_idempotency_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 255 printable characters"):
        SyncRequest(MappingId("m1"), key=key, actor=COMMAND_LINE)
