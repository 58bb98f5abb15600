"""When a mapping with continuous sync is due (rule 24)."""

import hashlib
from datetime import datetime, timedelta

from core.domain.mappings import EventMapping
from core.domain.runs import SyncRun

INTERVAL = timedelta(minutes=30)
SPREAD = 0.1
"""By how much of the interval a sync may come earlier or later, so that organizations do not all start together."""


def is_due(mapping: EventMapping, last: SyncRun | None, now: datetime) -> bool:
    """Tell whether it is time for the next sync, counted from the end of the last one."""
    if not (mapping.is_active and mapping.continuous_sync):
        return False
    if last is None:
        return True
    if last.is_open or last.finished_at is None:
        return False
    # Out of what is stored, so that every process comes to the same moment.
    share = int.from_bytes(hashlib.sha256(f"{mapping.id}:{last.id}".encode()).digest()[:4]) / 2**32
    return now >= last.finished_at + INTERVAL * (1 - SPREAD + 2 * SPREAD * share)
