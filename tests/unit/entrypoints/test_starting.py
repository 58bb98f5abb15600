"""A sync that a person requests starts without waiting for the next poll, wherever it was requested."""

from pathlib import Path

SRC = Path(__file__).parents[3] / "src" / "entrypoints" / "http"


def test_every_http_request_for_a_sync_also_starts_it() -> None:
    users = [str(path.relative_to(SRC)) for path in SRC.rglob("*.py") if "RequestSync)" in path.read_text()]
    assert users == ["starting.py"]
