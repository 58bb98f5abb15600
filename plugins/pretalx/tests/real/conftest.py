"""A pretalx server, a Gleanin in memory, and `gleanin-sync` between them. Without pretalx, nothing is collected."""

import os
from collections.abc import Iterator

import pytest

from entrypoints.sandbox.running import in_thread
from entrypoints.sandbox.state import SandboxState
from plugins.pretalx.tests.real.server import PretalxServer, serving_pretalx
from plugins.pretalx.tests.real.way import Way

PYTHON = os.environ.get("PRETALX_PYTHON")
"""The Python that has pretalx installed, set by `make test-pretalx`."""
collect_ignore_glob = [] if PYTHON else ["test_*.py"]


@pytest.fixture(scope="session")
def pretalx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PretalxServer]:
    assert PYTHON
    with serving_pretalx(PYTHON, tmp_path_factory.mktemp("pretalx")) as server:
        yield server


@pytest.fixture(scope="session")
def way(pretalx: PretalxServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    state = SandboxState(link_delay=0)
    with in_thread(state) as sandbox:
        way = Way(pretalx, state, sandbox.gleanin_url, tmp_path_factory.mktemp("product") / "sync.db")
        way.connect()
        yield way
