"""A fresh stage for every test."""

import pytest

from tests.unit.usecases.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()
