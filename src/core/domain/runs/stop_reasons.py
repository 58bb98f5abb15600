"""Why a run stopped as a whole: only for what concerns all of its records (rule 29)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.domain.errors import TimeZoneUnknown
from core.domain.records.destination_records import GleaninEvent
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


class StoppedBy(StrEnum):
    RULE = "rule"
    OTHER_SIDE = "other_side"
    INTERRUPTION = "interruption"


@dataclass(frozen=True, slots=True)
class Stop:
    code: str
    by: StoppedBy
    sentence: str


TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code
TIME_ZONES = "time_zones"


def token_refused(side: str, said: str) -> Stop:
    return Stop(TOKEN_REFUSED, StoppedBy.OTHER_SIDE, f"{side} refused the token: {said}")


def unreachable(side: str, said: str) -> Stop:
    return Stop("unreachable", StoppedBy.OTHER_SIDE, f"{side} cannot be reached: {said} Sync again later.")


def unreadable(side: str, said: str) -> Stop:
    return Stop("unreadable", StoppedBy.OTHER_SIDE, f"{side}'s answer cannot be read: {said}")


def writes_refused(side: str, said: str) -> Stop:
    return Stop(
        "writes_refused",
        StoppedBy.OTHER_SIDE,
        f"{side} refuses every write, though it takes the token: {said} Ask {side}'s support what the token may write.",
    )


def event_gone(side: str, event: str) -> Stop:
    return Stop(
        "event_gone",
        StoppedBy.OTHER_SIDE,
        f"The {side} event {event} does not exist any more, or the token does not see it.",
    )


def masked_emails(example: str) -> Stop:
    return Stop(
        "masked_emails",
        StoppedBy.RULE,
        f"Sessionboard hides personal data from this token: e-mails come as {example}. "
        "Create a Sessionboard token that may read personal data, and give it to the organization.",
    )


def refused(said: str) -> Stop:
    return Stop("refused", StoppedBy.RULE, said)


DISCONNECTED = Stop("disconnected", StoppedBy.RULE, "The organization was disconnected from Gleanin.")
MAPPING_REMOVED = Stop("mapping_removed", StoppedBy.RULE, "The mapping was removed.")
TAKEN_OVER = Stop(
    "taken_over",
    StoppedBy.INTERRUPTION,
    "The run was interrupted and gave no sign of life; another one has taken its place.",
)
INTERRUPTED = Stop("interrupted", StoppedBy.INTERRUPTION, "The run was interrupted. Sync again to go on.")
TOKEN_REPLACED = Stop(
    "token_replaced",
    StoppedBy.INTERRUPTION,
    "The token was refused, and has been replaced meanwhile. Sync again to go on.",
)
DIED_AGAIN = Stop(
    "died_again",
    StoppedBy.INTERRUPTION,
    "The run ended twice with the process that carried it out. Sync again; if it persists, its log may tell why.",
)
STORE_UNUSABLE = Stop(
    "store_unusable", StoppedBy.INTERRUPTION, "The database could not be used any more. Sync again to go on."
)
FAULT = Stop("fault", StoppedBy.INTERRUPTION, "The run ended by a fault of this program. Its log tells more.")
NO_PROGRESS = Stop(
    "no_progress",
    StoppedBy.OTHER_SIDE,
    "Time and again nothing could be read or written for minutes: Sessionboard or Gleanin answers too slowly, or asks "
    "for ever longer pauses. Sync again later.",
)


def system_in(stop: Stop) -> str:
    """Return which of the two systems a stop is about; empty where it is about neither, or both."""
    about = stop.sentence.removeprefix("The ")
    return next((system for system in (SESSIONBOARD, GLEANIN) if about.startswith(system)), "")


STOPS_ASKED_FOR = {stop.code: stop for stop in (DISCONNECTED, MAPPING_REMOVED)}


def no_time_zone(event: SourceEvent) -> Stop:
    return Stop(TIME_ZONES, StoppedBy.RULE, str(TimeZoneUnknown(event.name, event.time_zone)))


def judge_time_zones(
    source: SourceEvent,
    gleanin: GleaninEvent,
    mapping: EventMapping,
    instants: AbstractSet[datetime],
    now: datetime,
) -> Stop | None:
    """Compare the two events' zones over the event's days (rule 7); None where they agree."""
    ours, theirs = zone_named(source.time_zone), zone_named(gleanin.time_zone)
    if ours is None:
        return no_time_zone(source)
    if theirs is None:
        if mapping.confirmed_time_zone == source.time_zone:
            return None
        reported = gleanin.time_zone
        unknown = f'Gleanin says "{reported:.80}", which is no known time zone. ' if reported else ""
        return Stop(
            TIME_ZONES,
            StoppedBy.RULE,
            f"{unknown}Sessionboard's time zone is {source.time_zone} ({gmt_offsets(ours, now)}), and nobody has "
            "confirmed that the Gleanin event has the same. Confirm it in the mapping's settings.",
        )
    if not instants and not always_disagree(ours, theirs, now):
        return None  # nothing has a time; zones that never agree cannot be meant
    at = first_disagreement(ours, theirs, days_between(instants) or (now,))
    if at is None:
        return None
    return Stop(TIME_ZONES, StoppedBy.RULE, zones_differ_at(ours, theirs, at))
