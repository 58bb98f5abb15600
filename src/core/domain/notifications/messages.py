"""Notices in words: what is told, and the message that goes out."""

from dataclasses import dataclass
from datetime import datetime

from core.domain.ids import MappingId, NotificationId
from core.domain.notifications.notification import Notification
from core.domain.runs.health_change import HealthChange
from core.domain.runs.run import SyncRun
from core.domain.runs.stop_reasons import (
    CRASHED_TWICE,
    DATABASE_UNAVAILABLE,
    FAULT,
    INTERRUPTED,
    LEASE_EXPIRED,
    NO_PROGRESS,
    StopReason,
    system_in,
)
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Organization

LONGEST_NAME = 200
_REASONS = {
    "token_refused": "{side} refused the token.",
    "unreachable": "{side} cannot be reached.",
    "unreadable": "{side}'s answer cannot be read.",
    "event_gone": "The {side} event does not exist any more, or the token does not see it.",
    "masked_emails": "Sessionboard hides personal data from this token. Create a Sessionboard token that may read "
    "personal data, and give it to the organization.",
    "time_zones": "The time zones of the two events differ, or one is not known. Make them the same, or confirm the "
    "time zone in the mapping's settings.",
    **{
        stop.code: stop.sentence
        for stop in (CRASHED_TWICE, FAULT, INTERRUPTED, NO_PROGRESS, DATABASE_UNAVAILABLE, LEASE_EXPIRED)
    },
}
"""What is told of a stop, by its code.

A stop's own sentence may have the other side's words in it, and so a person's data; this one goes to places that may
not have them. {side} is one of two names.
"""
_NO_REASON = "The page of the run says why."


@dataclass(frozen=True, slots=True)
class Named:
    id: str
    name: str
    """Short enough, and of one line, whatever the thing is called."""


@dataclass(frozen=True, slots=True)
class Message:
    """A notice as it goes out: nothing in it is a token, or is about a person."""

    id: NotificationId
    at: datetime
    organization: Named
    change: HealthChange
    text: str
    url: str
    """Where somebody reads more."""
    mapping_id: MappingId | None = None
    sessionboard: Named | None = None
    gleanin: Named | None = None
    """The two events of the mapping; None in a trial."""

    @property
    def subject(self) -> str:
        about = self.gleanin.name if self.gleanin else self.organization.name
        match self.change:
            case HealthChange.FAILING:
                return f"The sync of {about} has started to fail"
            case HealthChange.HALTED:
                return f"The sync of {about} has stopped: a token was refused"
            case HealthChange.RECOVERED:
                return f"The sync of {about} works again"
            case HealthChange.TRIAL:
                return f"A trial notice for {about}"


def notice_of(
    notice_id: NotificationId, change: HealthChange, mapping: EventMapping, run: SyncRun
) -> Notification:
    """Put a change that a run has brought into words; it is to be delivered at once."""
    assert run.finished_at is not None, "only the end of a run changes anything"
    at, text = run.finished_at, sentence(change, mapping, run.stop)
    return Notification(
        notice_id, mapping.organization_id, mapping.id, run.id, at, change, text, next_attempt_at=at
    )


def sentence(change: HealthChange, mapping: EventMapping, stop: StopReason | None) -> str:
    label = f"{_short(mapping.gleanin_name)} > {_short(mapping.sessionboard_name)}"
    why = _reason(stop)
    match change:
        case HealthChange.HALTED:
            return (
                f"The sync of {label} has stopped. {why} Nothing of this connection to Gleanin is synced by itself "
                "any more until another token is given."
            )
        case HealthChange.FAILING if mapping.continuous_sync:
            return f"The sync of {label} has started to fail. {why} It is tried again by itself, after growing waits."
        case HealthChange.FAILING:
            return f"The sync of {label} has failed. {why} When that is put right, sync again."
    return f"The sync of {label} works again."


def message_of(notice: Notification, organization: Organization, mapping: EventMapping, url: str) -> Message:
    return Message(
        notice.id,
        notice.at,
        Named(organization.id, _short(organization.name)),
        notice.change,
        notice.text,
        url,
        mapping.id,
        Named(mapping.events.sessionboard_id, _short(mapping.sessionboard_name)),
        Named(mapping.events.gleanin_id, _short(mapping.gleanin_name)),
    )


def trial(notice_id: NotificationId, at: datetime, organization: Organization, url: str) -> Message:
    text = "This is a trial. Notices arrive here when a sync starts to fail, and when it works again."
    return Message(
        notice_id, at, Named(organization.id, _short(organization.name)), HealthChange.TRIAL, text, url
    )


def _reason(stop: StopReason | None) -> str:
    if stop is None:
        return ""
    return _REASONS.get(stop.code, _NO_REASON).format(side=system_in(stop) or "One side")


def _short(text: str, longest: int = LONGEST_NAME) -> str:
    """Make one line of a text, of printable characters, that is not too long for a subject or a sentence."""
    line = "".join(character for character in " ".join(text.split()) if character.isprintable())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
