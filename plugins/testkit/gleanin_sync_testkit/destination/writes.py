"""The writes that tests try."""

from collections.abc import Awaitable, Callable, Iterator

from gleanin_sync_testkit.destination.base import ID
from gleanin_sync_testkit.destination.samples import sample
from ports.plugins import Destination, DestinationEventId, DestinationId, FieldChange, RecordKind

Write = Callable[[], Awaitable[object]]


def change_of(kind: RecordKind) -> tuple[FieldChange, ...]:
    """Return a change of one field."""
    name = kind.required[0]
    return (FieldChange(name, None, sample(kind, 2)[name]),)


def both_writes(
    destination: Destination, event: DestinationEventId, kind: RecordKind, record: DestinationId
) -> Iterator[tuple[str, Write]]:
    """Yield a create, and an update of a record, each as words and as a function."""
    yield "a create", lambda: destination.create(event, kind, ID, sample(kind, 2))
    yield "an update", lambda: destination.update(event, kind, record, change_of(kind))
