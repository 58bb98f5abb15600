"""Generated ids."""

import os
import re

import pytest

from adapters.memory.id_generator import SequentialIds
from adapters.system.id_generator import RandomIds
from ports.id_generator import IdGenerator


@pytest.fixture(params=[RandomIds, SequentialIds])
def ids(request: pytest.FixtureRequest) -> IdGenerator:
    made: IdGenerator = request.param()
    return made


def test_ids_are_unique(ids: IdGenerator) -> None:
    assert len({ids.new() for _ in range(1_000)}) == 1_000
    assert ids.owner() != ids.owner()


def test_ids_have_lower_case_letters_and_digits(ids: IdGenerator) -> None:
    assert all(re.fullmatch(r"[a-z0-9]+", ids.new()) for _ in range(100))


def test_owner_contains_the_process_id() -> None:
    _, process, random = RandomIds().owner().rsplit(":", 2)
    assert process == str(os.getpid())
    assert len(random) == 12
