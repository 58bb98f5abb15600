"""The clock of the database server, by which hosts compare their own."""

from datetime import UTC, datetime, timedelta

from adapters.persistence.engine import engine_at
from adapters.persistence.server_clock import server_clock
from tests.support.assertions import present


def test_a_server_has_a_clock_and_a_file_has_none(empty_database: str) -> None:
    engine = engine_at(empty_database)
    time = server_clock(engine)
    engine.dispose()
    if empty_database.startswith("sqlite"):
        assert time is None
    else:
        assert abs(present(time) - datetime.now(UTC)) < timedelta(seconds=30), (
            "the server runs on this machine"
        )
