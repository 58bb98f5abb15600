"""The rules hold over random histories, in memory and in a database."""

import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from adapters.memory.unit_of_work import InMemoryUnitOfWorkFactory
from adapters.persistence.engine import engine_at
from adapters.persistence.migrate import upgrade
from adapters.persistence.unit_of_work import SqlUnitOfWorkFactory
from tests.unit.rules.machine import RulesMachine


def _search(machine: Callable[[], RulesMachine], examples: int, steps: int) -> None:
    search = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(machine, settings=search)  # type: ignore[arg-type]  # any factory will do


@pytest.mark.parametrize(
    ("examples", "steps"), [(400, 30), pytest.param(1500, 50, marks=pytest.mark.long, id="long")]
)
def test_all_rules_hold_over_random_histories_in_memory(examples: int, steps: int) -> None:
    _search(lambda: RulesMachine(InMemoryUnitOfWorkFactory), examples, steps)


@pytest.mark.parametrize(
    ("examples", "steps"), [(40, 15), pytest.param(100, 30, marks=pytest.mark.long, id="long")]
)
def test_all_rules_hold_over_random_histories_in_sqlite(tmp_path: Path, examples: int, steps: int) -> None:
    migrated = tmp_path / "migrated.db"
    engine = engine_at(f"sqlite:///{migrated}")
    upgrade(engine)
    engine.dispose()
    numbers = count()

    def new_database() -> SqlUnitOfWorkFactory:
        return SqlUnitOfWorkFactory(
            engine_at(f"sqlite:///{shutil.copy(migrated, tmp_path / f'{next(numbers)}.db')}")
        )

    _search(lambda: RulesMachine(new_database, SqlUnitOfWorkFactory.close), examples, steps)
