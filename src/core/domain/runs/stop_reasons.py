"""Reasons for which a whole run stops: only what concerns all of its records (rule 29)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from core.domain.errors import TimeZoneUnknown
from core.domain.records.destination_records import DestinationEvent
from core.domain.records.kinds import RecordKind
from core.domain.records.source_records import SourceEvent
from core.domain.systems import ExternalSystem
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.time_zones import (
    always_disagree,
    days_between,
    first_disagreement,
    gmt_offsets,
    zone_named,
    zones_differ_at,
)


class StopCause(StrEnum):
    RULE = "rule"
    EXTERNAL_SYSTEM = "other_side"
    INTERRUPTION = "interruption"


@dataclass(frozen=True, slots=True)
class StopReason:
    code: str
    by: StopCause
    sentence: str
    system: str = field(default="", compare=False)
    """The display name of the system it is about; not stored with the run."""
    identifier: str = field(default="", compare=False)
    """The identifier of the same system."""


TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code
TIME_ZONES = "time_zones"


def token_refused(system: ExternalSystem, message: str) -> StopReason:
    return _about(system, TOKEN_REFUSED, f"{system} refused the token: {message}")


def unreachable(system: ExternalSystem, message: str) -> StopReason:
    return _about(system, "unreachable", f"{system} cannot be reached: {message} Sync again later.")


def unreadable(system: ExternalSystem, message: str) -> StopReason:
    return _about(system, "unreadable", f"{system} sent a response that cannot be read: {message}")


def writes_refused(system: ExternalSystem, message: str) -> StopReason:
    return _about(
        system,
        "writes_refused",
        f"{system} refuses every write, although it accepts the token: {message} "
        f"Ask {system}'s support what the token may write.",
    )


def event_gone(system: ExternalSystem, event: str) -> StopReason:
    return _about(
        system,
        "event_gone",
        f"The {system} event {event} no longer exists, or the token has no access to it.",
    )


def event_refused(system: ExternalSystem, event: str, message: str) -> StopReason:
    """Return the reason for a stop by a token that may read other events: their mappings are not halted."""
    return _about(system, "event_refused", f"{system} refused access to the event {event}: {message}")


def plugin_failed(system: ExternalSystem, message: str) -> StopReason:
    """Return the reason for a stop by a plug-in that failed or is missing; the message names it."""
    return _about(system, "plugin_failed", f"{system} cannot be used: {message}")


def kind_failed(kind: RecordKind, message: str) -> StopReason:
    """Return the reason for a stop by the plug-in of a kind; the message names it."""
    words = kind.plural.capitalize()
    sentence = f"{words} cannot be synced: {message}"
    return StopReason("plugin_failed", StopCause.EXTERNAL_SYSTEM, sentence, words)


def _about(system: ExternalSystem, code: str, sentence: str) -> StopReason:
    return StopReason(code, StopCause.EXTERNAL_SYSTEM, sentence, system.display_name, system.identifier)


def masked_emails(example: str, source: ExternalSystem) -> StopReason:
    return StopReason(
        "masked_emails",
        StopCause.RULE,
        f"{source} hides personal data from this token: e-mails arrive as {example}. "
        f"Create a token that may read personal data in {source}, and enter it in Settings > {source} access.",
    )


def refused(sentence: str) -> StopReason:
    return StopReason("refused", StopCause.RULE, sentence)


DISCONNECTED = StopReason("disconnected", StopCause.RULE, "The organization was disconnected.")
MAPPING_REMOVED = StopReason("mapping_removed", StopCause.RULE, "The mapping was removed.")
LEASE_EXPIRED = StopReason(
    "taken_over",
    StopCause.INTERRUPTION,
    "The run was interrupted and stopped responding, so another run replaced it.",
)
INTERRUPTED = StopReason(
    "interrupted", StopCause.INTERRUPTION, "The run was interrupted. Sync again to continue."
)
TOKEN_REPLACED = StopReason(
    "token_replaced",
    StopCause.INTERRUPTION,
    "The token was refused, but has been replaced since. Sync again to continue.",
)
CRASHED_TWICE = StopReason(
    "died_again",
    StopCause.INTERRUPTION,
    "The process that carried out the run crashed twice. Sync again; if this persists, check its log.",
)
DATABASE_UNAVAILABLE = StopReason(
    "store_unusable", StopCause.INTERRUPTION, "The database became unavailable. Sync again to continue."
)
INTERNAL_ERROR = StopReason(
    "fault", StopCause.INTERRUPTION, "The run ended with an internal error. The log has the details."
)
NO_PROGRESS = StopReason(
    "no_progress",
    StopCause.EXTERNAL_SYSTEM,
    "For minutes, and repeatedly, nothing could be read or written: one of the two systems responds too slowly, or "
    "keeps asking for longer pauses. Sync again later.",
)


REQUESTED_STOPS = {stop.code: stop for stop in (DISCONNECTED, MAPPING_REMOVED)}


def no_time_zone(event: SourceEvent, source: ExternalSystem) -> StopReason:
    return StopReason(TIME_ZONES, StopCause.RULE, str(TimeZoneUnknown(event.name, event.time_zone, source)))


def check_time_zones(
    source: SourceEvent,
    destination: DestinationEvent,
    mapping: EventMapping,
    instants: AbstractSet[datetime],
    now: datetime,
) -> StopReason | None:
    """Return the reason to stop if the two events' zones differ on the event's days (rule 7); None if they agree."""
    systems = mapping.systems
    ours, theirs = zone_named(source.time_zone), zone_named(destination.time_zone)
    if ours is None:
        return no_time_zone(source, systems.source)
    if theirs is None:
        if mapping.confirmed_time_zone == source.time_zone:
            return None
        reported = destination.time_zone
        unknown = (
            f'{systems.destination} reports "{reported:.80}", which is not a known time zone. '
            if reported
            else ""
        )
        return StopReason(
            TIME_ZONES,
            StopCause.RULE,
            f"{unknown}{systems.source}'s time zone is {source.time_zone} ({gmt_offsets(ours, now)}). It is not "
            f"confirmed yet that the {systems.destination} event has the same. Confirm it in the mapping's settings.",
        )
    if not instants and not always_disagree(ours, theirs, now):
        return None  # without any times, only zones that never agree are a mismatch
    at = first_disagreement(ours, theirs, days_between(instants) or (now,))
    if at is None:
        return None
    return StopReason(TIME_ZONES, StopCause.RULE, zones_differ_at(ours, theirs, at, systems))
