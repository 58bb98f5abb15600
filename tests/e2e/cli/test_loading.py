"""A command loads only what it needs, so that it starts quickly."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.timeouts import WITHIN

TELL = """
import sys
from entrypoints.cli.main import main
try:
    main()
finally:
    print(*sorted({name.partition(".")[0] for name in sys.modules} | {*sys.modules}), file=sys.stderr)
"""
Loaded = Callable[..., set[str]]


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    """Return a function that runs a command in a separate process and returns the modules it has loaded."""
    own = {"GLEANIN_SYNC_DATABASE_URL": f"sqlite:///{tmp_path / 'data.db'}", "XDG_DATA_HOME": str(tmp_path)}

    def loaded(*arguments: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-c", TELL, *arguments],
            env={**os.environ, **own},
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=True,
        )
        return {*done.stderr.split()}

    return loaded


def test_the_help_knows_no_library_but_that_of_the_command_line(loaded: Loaded) -> None:
    modules = loaded("--help")
    assert "typer" in modules
    assert (
        not {"sqlalchemy", "pydantic", "structlog", "httpx", "dependency_injector", "entrypoints.cli.sync"}
        & modules
    )


def test_the_status_needs_a_database_and_neither_of_the_two_systems(loaded: Loaded) -> None:
    for _ in range(2):  # a new database, and one that is there
        modules = loaded("status")
        assert "sqlalchemy" in modules
        others = {
            "httpx",
            "aiohttp",
            "fastapi",
            "alembic",
            "structlog",
            "cryptography",
            "procrastinate",
            "psycopg",
        }
        assert not others & modules
        assert not {"adapters.gleanin", "adapters.sessionboard", "adapters.http_client"} & modules
