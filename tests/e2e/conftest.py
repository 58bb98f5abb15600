"""What every end-to-end test has."""

import os
from collections.abc import Iterator

import pytest
import structlog

from entrypoints.logs import set_up_logs

RESEND_AFTER_SECONDS = "1"
"""Stand-ins carry out at once what they carry out at all: nobody needs to wait for a minute."""


@pytest.fixture(autouse=True, scope="session")
def short_gap_between_creates() -> None:
    """Shorten the wait before a lost create is sent again, in the processes that tests start too."""
    os.environ.setdefault("GLEANIN_SYNC_RESEND_AFTER_SECONDS", RESEND_AFTER_SECONDS)


@pytest.fixture
def everything_logged() -> Iterator[None]:
    set_up_logs("debug")
    yield
    structlog.reset_defaults()
