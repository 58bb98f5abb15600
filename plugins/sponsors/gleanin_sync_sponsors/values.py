"""Single values of Sessionboard's JSON, any of which may be null, missing or of another type."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

from ports.plugins import SourceId, normalize_line, normalize_rich_text

MAX_ID_LENGTH = 255
_TAG = re.compile(r"<[^<>]*>")
# These times exist in every zone.
_FIRST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)


def source_id(value: Any) -> SourceId | None:
    """Return an id; None if the value cannot be one."""
    found = text(value)
    is_usable = found is not None and found.strip() and found.isprintable() and len(found) <= MAX_ID_LENGTH
    return SourceId(found) if found and is_usable else None


def text(value: Any) -> str | None:
    """Return a text, or a number as text; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) else None


def instant(value: Any) -> datetime | None:
    """Return a time with an offset; None for any other, because a guess could be wrong."""
    try:
        found = datetime.fromisoformat(value.strip().upper()) if isinstance(value, str) else None
        found = found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None
    return found if found and _FIRST <= found <= _LAST else None


def plain_texts(value: Any) -> Iterator[str]:
    """Yield the texts of a custom field's value, which can be HTML, without tags; a list has several."""
    for part in value if isinstance(value, list) else (value,):
        rich = normalize_rich_text(text(part))
        if rich and (
            plain := normalize_line(unescape(_TAG.sub(" ", rich)) if "<" in rich else unescape(rich))
        ):
            yield " ".join(plain.split())
