"""The database suites on PostgreSQL."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from entrypoints.sandbox.running import in_thread
from tests.contract.persistence.conftest import Server, postgresql_server
from tests.e2e.http.conftest import Served
from tests.e2e.http.database_suites import ConcurrentRequestsSuite, StrangeTextSuite
from tests.support.http_fixtures import initial_state, seed_database
from tests.support.http_server import serving

__all__ = ["postgresql_server"]


@pytest.fixture(scope="module")
def served(postgresql_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, database_url = tmp_path_factory.mktemp("postgresql"), postgresql_server.new_database()
    keys = {"database_url": database_url, "secret_keys": KEY}
    with in_thread(initial_state()) as sandbox, ExitStack() as clients:
        seeded_database = asyncio.run(seed_database(sandbox, Path(folder), **keys))
        with serving(seeded_database.settings(**keys)) as running:
            yield Served(running, seeded_database, clients)


@pytest.fixture
def fresh(served: Served) -> Served:
    """Return the shared server: these tests do not read what they change."""
    return served


KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
"""A key for these tests: beside a PostgreSQL database there is no key file."""


class TestStrangeText(StrangeTextSuite):
    pass


class TestConcurrentRequests(ConcurrentRequestsSuite):
    pass
