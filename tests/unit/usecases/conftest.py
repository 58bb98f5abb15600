"""A fresh stage for every test."""

import pytest

from core.domain.tenancy.event_mappings import EventMapping
from tests.unit.usecases.doors import Doors
from tests.unit.usecases.stage import Stage


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
async def mapping(stage: Stage) -> EventMapping:
    return await stage.mapping()


@pytest.fixture
def doors(stage: Stage) -> Doors:
    return Doors(stage)
