"""Fixtures of the use case tests: a new harness for every test."""

import pytest

from core.domain.tenancy.event_mappings import EventMapping
from tests.support.access_harness import AccessHarness
from tests.support.harness import Harness


@pytest.fixture
def harness() -> Harness:
    return Harness()


@pytest.fixture
async def mapping(harness: Harness) -> EventMapping:
    return await harness.mapping()


@pytest.fixture
def access_harness(harness: Harness) -> AccessHarness:
    return AccessHarness(harness)
