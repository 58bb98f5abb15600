"""Load saved events into a sandbox: the packaged conference or files, optionally moved into the future."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from importlib import resources
from pathlib import Path
from typing import Any

from adapters.sessionboard.date_shift import shift_dates
from adapters.sessionboard.saved_events import load
from entrypoints.sandbox.state import INCLUDED_PAGE_SIZE, LINK_DELAY, SandboxState

Json = dict[str, Any]
DAYS_AHEAD = 30
PACKAGED = ("lantern", "masked", "elsewhere")
"""The conference for the demo, one with masked e-mails, and one with different time zones."""


def load_state(
    files: Iterable[Path] = (),
    *,
    shift_dates: bool = False,
    link_delay: float = LINK_DELAY,
    page_size: int = INCLUDED_PAGE_SIZE,
) -> SandboxState:
    """Create a sandbox state from saved events; without files, from the packaged ones, moved into the future.

    Raises:
        SourceUnreadable: a file is not a saved event.
    """
    state = SandboxState(link_delay=link_delay, page_size=page_size)
    loaded = [load(path) for path in files]
    if shift_dates:
        loaded = [ahead(saved, state.now()) for saved in loaded]
    for saved in loaded or packaged(state.now()):
        state.add(saved)
    return state


def packaged(now: datetime | None = None) -> list[Json]:
    """Return the packaged events, moved into the future."""
    data = resources.files("entrypoints.sandbox") / "data"
    return [
        ahead(json.loads((data / f"{name}.json").read_text("utf-8")), now or datetime.now(UTC))
        for name in PACKAGED
    ]


def ahead(saved: Mapping[str, Any], now: datetime) -> Json:
    """Move an event into the future.

    If it has a "first_day", that day is moved into the future, and sessions before it have passed.
    """
    first_day = saved.get("first_day")
    return shift_dates(
        dict(saved),
        now,
        days_ahead=DAYS_AHEAD,
        first_day=date.fromisoformat(first_day) if first_day else None,
    )
