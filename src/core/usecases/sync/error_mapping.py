"""Map errors of either system to the reason why the whole run stops (rule 29)."""

from collections.abc import Awaitable
from typing import TypeVar

from core.domain.runs import stop_reasons
from core.domain.runs.stop_reasons import StopReason
from core.domain.selection.failures import KindFailed
from core.domain.tenancy.event_mappings import EventMapping
from ports.destination import (
    DestinationError,
    DestinationEventGone,
    DestinationFailed,
    DestinationMissing,
    DestinationRefused,
    DestinationUnavailable,
    WriteOutcomeUnknown,
)
from ports.source import (
    SourceError,
    SourceEventGone,
    SourceEventRefused,
    SourceFailed,
    SourceMissing,
    SourceRefused,
    SourceUnavailable,
)

T = TypeVar("T")


class SyncStopped(Exception):
    """The sync cannot continue for any record."""

    def __init__(self, stop: StopReason) -> None:
        super().__init__(stop.sentence)
        self.stop = stop


def stop_for(error: SourceError | DestinationError, mapping: EventMapping) -> StopReason:
    """Return the stop reason for an error of one system."""
    system, event = (
        (mapping.systems.source, mapping.source_event_name)
        if isinstance(error, SourceError)
        else (mapping.systems.destination, mapping.destination_event_name)
    )
    match error:
        case SourceEventGone() | DestinationEventGone():
            return stop_reasons.event_gone(system, event)
        case SourceEventRefused():
            return stop_reasons.event_refused(system, event, str(error))
        case SourceRefused() | DestinationRefused():
            return stop_reasons.token_refused(system, str(error))
        case SourceUnavailable() | DestinationUnavailable() | WriteOutcomeUnknown():
            return stop_reasons.unreachable(system, str(error))
        case SourceMissing() | SourceFailed() | DestinationMissing() | DestinationFailed():
            return stop_reasons.plugin_failed(system, str(error))
        case _:
            return stop_reasons.unreadable(system, str(error))


async def stop_on_error(work: Awaitable[T], mapping: EventMapping) -> T:
    """Await work in which an error of either system, or in the code of a kind, stops the whole run."""
    try:
        return await work
    except KindFailed as failed:
        raise SyncStopped(stop_reasons.kind_failed(failed.kind, str(failed))) from failed
    except (SourceError, DestinationError) as error:
        raise SyncStopped(stop_for(error, mapping)) from error
