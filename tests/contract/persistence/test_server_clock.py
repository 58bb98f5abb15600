"""Hosts that share a database are told by its clock."""

from datetime import UTC, datetime, timedelta

from adapters.persistence.engine import engine_at
from adapters.persistence.server_clock import server_clock
from tests.support.assertions import present


def test_a_servers_clock_is_read_and_a_file_has_none(empty_database: str) -> None:
    engine = engine_at(empty_database)
    told = server_clock(engine)
    engine.dispose()
    if empty_database.startswith("sqlite"):
        assert told is None
    else:
        assert abs(present(told) - datetime.now(UTC)) < timedelta(seconds=30), "it is the same machine here"
