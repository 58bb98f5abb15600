"""Names for new things."""

import os
import re

import pytest

from adapters.memory.id_generator import SequentialIds
from adapters.system.id_generator import RandomIds
from ports.id_generator import IdGenerator


@pytest.fixture(params=[RandomIds, SequentialIds])
def names(request: pytest.FixtureRequest) -> IdGenerator:
    made: IdGenerator = request.param()
    return made


def test_no_name_is_given_twice(names: IdGenerator) -> None:
    assert len({names.new() for _ in range(1_000)}) == 1_000
    assert names.owner() != names.owner()


def test_names_are_of_lower_case_letters_and_digits(names: IdGenerator) -> None:
    assert all(re.fullmatch(r"[a-z0-9]+", names.new()) for _ in range(100))


def test_an_owner_tells_its_process() -> None:
    _, process, random = RandomIds().owner().rsplit(":", 2)
    assert process == str(os.getpid())
    assert len(random) == 12
