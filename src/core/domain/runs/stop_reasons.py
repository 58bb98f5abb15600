"""Why a run stopped as a whole: only for what concerns all of its records (rule 29)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.errors import TimeZoneUnknown
from core.domain.records.destination_records import DestinationEvent
from core.domain.records.source_records import SourceEvent
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.systems import GLEANIN, SESSIONBOARD
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
    OTHER_SIDE = "other_side"
    INTERRUPTION = "interruption"


@dataclass(frozen=True, slots=True)
class StopReason:
    code: str
    by: StopCause
    sentence: str


TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code
TIME_ZONES = "time_zones"


def token_refused(side: str, said: str) -> StopReason:
    return StopReason(TOKEN_REFUSED, StopCause.OTHER_SIDE, f"{side} refused the token: {said}")


def unreachable(side: str, said: str) -> StopReason:
    return StopReason(
        "unreachable", StopCause.OTHER_SIDE, f"{side} cannot be reached: {said} Sync again later."
    )


def unreadable(side: str, said: str) -> StopReason:
    return StopReason("unreadable", StopCause.OTHER_SIDE, f"{side}'s answer cannot be read: {said}")


def writes_refused(side: str, said: str) -> StopReason:
    return StopReason(
        "writes_refused",
        StopCause.OTHER_SIDE,
        f"{side} refuses every write, though it takes the token: {said} Ask {side}'s support what the token may write.",
    )


def event_gone(side: str, event: str) -> StopReason:
    return StopReason(
        "event_gone",
        StopCause.OTHER_SIDE,
        f"The {side} event {event} does not exist any more, or the token does not see it.",
    )


def masked_emails(example: str) -> StopReason:
    return StopReason(
        "masked_emails",
        StopCause.RULE,
        f"Sessionboard hides personal data from this token: e-mails come as {example}. "
        "Create a Sessionboard token that may read personal data, and give it to the organization.",
    )


def refused(said: str) -> StopReason:
    return StopReason("refused", StopCause.RULE, said)


DISCONNECTED = StopReason("disconnected", StopCause.RULE, "The organization was disconnected from Gleanin.")
MAPPING_REMOVED = StopReason("mapping_removed", StopCause.RULE, "The mapping was removed.")
LEASE_EXPIRED = StopReason(
    "taken_over",
    StopCause.INTERRUPTION,
    "The run was interrupted and gave no sign of life; another one has taken its place.",
)
INTERRUPTED = StopReason(
    "interrupted", StopCause.INTERRUPTION, "The run was interrupted. Sync again to go on."
)
TOKEN_REPLACED = StopReason(
    "token_replaced",
    StopCause.INTERRUPTION,
    "The token was refused, and has been replaced meanwhile. Sync again to go on.",
)
CRASHED_TWICE = StopReason(
    "died_again",
    StopCause.INTERRUPTION,
    "The run ended twice with the process that carried it out. Sync again; if it persists, its log may tell why.",
)
DATABASE_UNAVAILABLE = StopReason(
    "store_unusable", StopCause.INTERRUPTION, "The database could not be used any more. Sync again to go on."
)
FAULT = StopReason(
    "fault", StopCause.INTERRUPTION, "The run ended by a fault of this program. Its log tells more."
)
NO_PROGRESS = StopReason(
    "no_progress",
    StopCause.OTHER_SIDE,
    "Time and again nothing could be read or written for minutes: Sessionboard or Gleanin answers too slowly, or asks "
    "for ever longer pauses. Sync again later.",
)


def system_in(stop: StopReason) -> str:
    """Return which of the two systems a stop is about; empty where it is about neither, or both."""
    about = stop.sentence.removeprefix("The ")
    return next((system for system in (SESSIONBOARD, GLEANIN) if about.startswith(system)), "")


REQUESTED_STOPS = {stop.code: stop for stop in (DISCONNECTED, MAPPING_REMOVED)}


def no_time_zone(event: SourceEvent) -> StopReason:
    return StopReason(TIME_ZONES, StopCause.RULE, str(TimeZoneUnknown(event.name, event.time_zone)))


def check_time_zones(
    source: SourceEvent,
    gleanin: DestinationEvent,
    mapping: EventMapping,
    instants: AbstractSet[datetime],
    now: datetime,
) -> StopReason | None:
    """Compare the two events' zones over the event's days (rule 7); None where they agree."""
    ours, theirs = zone_named(source.time_zone), zone_named(gleanin.time_zone)
    if ours is None:
        return no_time_zone(source)
    if theirs is None:
        if mapping.confirmed_time_zone == source.time_zone:
            return None
        reported = gleanin.time_zone
        unknown = f'Gleanin says "{reported:.80}", which is no known time zone. ' if reported else ""
        return StopReason(
            TIME_ZONES,
            StopCause.RULE,
            f"{unknown}Sessionboard's time zone is {source.time_zone} ({gmt_offsets(ours, now)}), and nobody has "
            "confirmed that the Gleanin event has the same. Confirm it in the mapping's settings.",
        )
    if not instants and not always_disagree(ours, theirs, now):
        return None  # nothing has a time; zones that never agree cannot be meant
    at = first_disagreement(ours, theirs, days_between(instants) or (now,))
    if at is None:
        return None
    return StopReason(TIME_ZONES, StopCause.RULE, zones_differ_at(ours, theirs, at))
