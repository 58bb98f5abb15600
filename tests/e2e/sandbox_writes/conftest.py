"""A sandbox with an event to write to, served over HTTP, a client, and a clock that tests control."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx
import pytest

from entrypoints.sandbox.server import Sandbox, serve
from entrypoints.sandbox.state import SESSIONBOARD_TOKEN, SandboxState
from tests.support.source_writer import SourceWriter, sandbox_state
from tests.support.timeouts import WITHIN


@dataclass
class Clock:
    at: float = datetime(2027, 3, 1, 12, tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> SandboxState:
    return sandbox_state(clock)


@pytest.fixture
async def sandbox(state: SandboxState) -> AsyncIterator[Sandbox]:
    async with serve(state) as sandbox:
        yield sandbox


@pytest.fixture
async def source(sandbox: Sandbox) -> AsyncIterator[SourceWriter]:
    headers = {"x-access-token": SESSIONBOARD_TOKEN}
    async with httpx.AsyncClient(
        base_url=sandbox.sessionboard_url, headers=headers, verify=False, trust_env=False, timeout=WITHIN
    ) as http:
        yield SourceWriter(http)
