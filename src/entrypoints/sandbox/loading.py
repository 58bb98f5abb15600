"""Saved events on their way into a world: the packaged conference, or files, moved ahead if wanted."""

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
"""The conference for the demo, one whose e-mails are masked, one whose time zones do not agree."""


def load_state(
    files: Iterable[Path] = (),
    *,
    shift_dates: bool = False,
    link_delay: float = LINK_DELAY,
    page_size: int = INCLUDED_PAGE_SIZE,
) -> SandboxState:
    """Make a world of saved events; without any, of those in the package, which always lie ahead.

    Raises:
        SourceUnreadable: a file is none of a saved event.
    """
    world = SandboxState(link_delay=link_delay, page_size=page_size)
    given = [load(path) for path in files]
    for saved in [ahead(saved, world.now()) if shift_dates else saved for saved in given] or packaged(
        world.now()
    ):
        world.add(saved)
    return world


def packaged(now: datetime | None = None) -> list[Json]:
    """Give the events in the package, moved so that they lie ahead."""
    data = resources.files("entrypoints.sandbox") / "data"
    return [
        ahead(json.loads((data / f"{name}.json").read_text("utf-8")), now or datetime.now(UTC))
        for name in PACKAGED
    ]


def ahead(saved: Mapping[str, Any], now: datetime) -> Json:
    """Move an event so that it lies ahead.

    Its "first_day", where it has one, is the day that comes to lie ahead: sessions before it have passed.
    """
    first_day = saved.get("first_day")
    return shift_dates(
        dict(saved),
        now,
        days_ahead=DAYS_AHEAD,
        first_day=date.fromisoformat(first_day) if first_day else None,
    )
