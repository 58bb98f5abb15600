"""Rule 23: a request that is repeated with its key books nothing twice, wherever runs are kept."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from adapters.persistence import migrate
from adapters.persistence.engine import engine_at
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from core.domain.access.authorization import COMMAND_LINE
from core.domain.errors import InvalidInput, NotFound, NotMapped
from core.domain.ids import MappingId
from core.domain.records.kinds import Scope
from core.domain.runs.run import SyncRun
from core.domain.tenancy.event_mappings import EventMapping
from core.usecases.runs.request_sync import SyncRequest
from ports.store.unit_of_work import UnitOfWorkFactory
from tests.unit.usecases.doors import Doors
from tests.unit.usecases.stage import ELSEWHERE, FAR, Stage

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
def stage(units: UnitOfWorkFactory) -> Stage:
    return Stage(units)


@pytest.fixture
async def mapping(stage: Stage) -> EventMapping:
    return await stage.mapping()


async def ask(
    stage: Stage, mapping: EventMapping, key: str | None, actor: str = ADA, scope: Scope = Scope.ALL
) -> SyncRun:
    return await stage.request(SyncRequest(mapping.id, scope, actor=actor, key=key, asker=actor))


async def finish(stage: Stage, run: SyncRun) -> None:
    await stage.run_sync(run.id)


async def test_rule_23_the_same_key_gives_the_same_run_for_ever(stage: Stage, mapping: EventMapping) -> None:
    run = await ask(stage, mapping, "k1")
    assert (await ask(stage, mapping, "k1")).id == run.id
    await finish(stage, run)
    again = await ask(stage, mapping, "k1")
    assert (again.id, again.is_open) == (run.id, False)
    assert len(await stage.list_runs(mapping.id)) == 1


async def test_rule_23_another_key_or_none_books_anew(stage: Stage, mapping: EventMapping) -> None:
    runs = []
    for key in ("k1", "K1", "k1 ", None, None, "k" * 255):
        run = await ask(stage, mapping, key)
        await finish(stage, run)
        runs.append(run.id)
    assert len(set(runs)) == 6


async def test_rule_23_somebody_else_with_the_same_key_gets_an_own_run(
    stage: Stage, mapping: EventMapping
) -> None:
    hers = await ask(stage, mapping, "k1", ADA)
    await finish(stage, hers)
    his = await ask(stage, mapping, "k1", BOB)
    assert his.id != hers.id
    assert (await ask(stage, mapping, "k1", ADA)).id == hers.id
    assert (await ask(stage, mapping, "k1", BOB)).id == his.id


async def test_rule_23_keys_of_different_people_cannot_be_made_to_meet(
    stage: Stage, mapping: EventMapping
) -> None:
    """A name and a key put together differently must not give the same."""
    hers = await ask(stage, mapping, "x k1", "ada")
    await finish(stage, hers)
    assert (await ask(stage, mapping, "k1", "ada x")).id != hers.id
    with pytest.raises(InvalidInput):
        SyncRequest(mapping.id, actor="ada", asker="ada", key="x\nk1")


async def test_rule_23_another_mapping_with_the_same_key_gets_an_own_run(
    stage: Stage, mapping: EventMapping
) -> None:
    other = await stage.map(mapping.organization_id, ELSEWHERE, FAR)
    ours, theirs = await ask(stage, mapping, "k1"), await ask(stage, other, "k1")
    assert (ours.mapping_id, theirs.mapping_id) == (mapping.id, other.id)
    assert (await ask(stage, other, "k1")).id == theirs.id


async def test_rule_23_a_key_is_known_for_the_run_that_its_request_joined(
    stage: Stage, mapping: EventMapping
) -> None:
    waiting = await ask(stage, mapping, None, BOB, Scope.AGENDA)
    joined = await ask(stage, mapping, "k1", ADA, Scope.EXHIBITORS)
    assert (joined.id, joined.scope) == (waiting.id, Scope.ALL)
    await finish(stage, joined)
    assert (await ask(stage, mapping, "k1", ADA, Scope.EXHIBITORS)).id == waiting.id
    assert len(await stage.list_runs(mapping.id)) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Scope.AGENDA, Scope.EXHIBITORS),
        (Scope.EXHIBITORS, Scope.AGENDA),
        (Scope.AGENDA, Scope.ALL),
        (Scope.EXHIBITORS, Scope.ALL),
    ],
)
async def test_rule_23_a_key_that_is_given_again_for_more_is_refused(
    stage: Stage, mapping: EventMapping, first: Scope, second: Scope
) -> None:
    run = await ask(stage, mapping, "k1", scope=first)
    for has_ended in (False, True):
        if has_ended:
            await finish(stage, run)
        with pytest.raises(InvalidInput, match=f"another scope \\({first}\\)"):
            await ask(stage, mapping, "k1", scope=second)
        assert (await ask(stage, mapping, "k1", scope=first)).id == run.id
    assert len(await stage.list_runs(mapping.id)) == 1


async def test_rule_23_of_requests_in_parallel_with_one_key_one_books(
    stage: Stage, doors: Doors, mapping: EventMapping
) -> None:
    before = len(await doors.audit_log())
    runs = await asyncio.gather(*(ask(stage, mapping, "k1") for _ in range(20)))
    assert len({run.id for run in runs}) == 1
    assert len(await doors.audit_log()) == before + 1


async def test_rule_23_requests_in_parallel_with_keys_of_their_own_share_the_waiting_run(
    stage: Stage, mapping: EventMapping
) -> None:
    runs = await asyncio.gather(*(ask(stage, mapping, f"k{number}") for number in range(20)))
    (waiting,) = {run.id for run in runs}
    await finish(stage, runs[0])
    for number in range(20):
        assert (await ask(stage, mapping, f"k{number}")).id == waiting
    assert (await ask(stage, mapping, "k20")).id != waiting


async def test_rule_11_a_repeated_request_is_answered_though_the_mapping_is_removed(
    stage: Stage, mapping: EventMapping
) -> None:
    run = await ask(stage, mapping, "k1")
    await stage.remove_mapping(mapping.id)
    assert (await ask(stage, mapping, "k1")).id == run.id
    with pytest.raises(NotMapped):
        await ask(stage, mapping, "k2")
    with pytest.raises(NotFound):
        await stage.request(SyncRequest(MappingId("nothing"), key="k1", actor=COMMAND_LINE))


@pytest.mark.parametrize("key", ["", "k" * 256, "two\nlines", "nul\0", "\ud800"])
def test_a_key_that_cannot_be_one_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 255 printable characters"):
        SyncRequest(MappingId("m1"), key=key, actor=COMMAND_LINE)
