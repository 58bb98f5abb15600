"""The texts of notifications, and the messages that are sent."""

from dataclasses import dataclass
from datetime import datetime

from core.domain.ids import MappingId, NotificationId
from core.domain.notifications.notification import Notification
from core.domain.runs.health_change import HealthChange
from core.domain.runs.run import SyncRun
from core.domain.runs.stop_reasons import (
    CRASHED_TWICE,
    DATABASE_UNAVAILABLE,
    INTERNAL_ERROR,
    INTERRUPTED,
    LEASE_EXPIRED,
    NO_PROGRESS,
    StopReason,
)
from core.domain.systems import Systems
from core.domain.tenancy.event_mappings import EventMapping
from core.domain.tenancy.organizations import Organization

MAX_QUOTED_LENGTH = 200
_REASONS = {
    "token_refused": "{system} refused the token.",
    "unreachable": "{system} cannot be reached.",
    "unreadable": "{system} sent a response that cannot be read.",
    "event_gone": "The {system} event no longer exists, or the token has no access to it.",
    "event_refused": "{system} refused access to the event.",
    "plugin_failed": "{system} cannot be used: its plug-in is missing or has failed.",
    "masked_emails": "{source} hides personal data from this token. Create a token that may read personal data in {source}, and "
    "enter it in Settings > {source} access.",
    "time_zones": "The time zones of the two events differ, or one is unknown. Make them the same, or confirm the "
    "time zone in the mapping's settings.",
    **{
        stop.code: stop.sentence
        for stop in (
            CRASHED_TWICE,
            INTERNAL_ERROR,
            INTERRUPTED,
            NO_PROGRESS,
            DATABASE_UNAVAILABLE,
            LEASE_EXPIRED,
        )
    },
}
"""The sentence for a stop, by its code.

A stop reason's sentence may quote the external system and so contain a person's data, which notifications must not.
{system} is the display name of the system that the stop is about, {source} that of the source.
"""
_NO_REASON = "See the run's page for the reason."


@dataclass(frozen=True, slots=True)
class Named:
    id: str
    name: str
    """Shortened, and in one line."""


@dataclass(frozen=True, slots=True)
class Message:
    """A notification to be sent. It contains no token and no personal data."""

    id: NotificationId
    at: datetime
    organization: Named
    change: HealthChange
    text: str
    url: str
    """The page with details."""
    mapping_id: MappingId | None = None
    source_event: Named | None = None
    destination_event: Named | None = None
    """The two events of the mapping; None in a test notification."""

    @property
    def subject(self) -> str:
        about = self.destination_event.name if self.destination_event else self.organization.name
        match self.change:
            case HealthChange.FAILING:
                return f"The sync of {about} has started to fail"
            case HealthChange.HALTED:
                return f"The sync of {about} has stopped: a token was refused"
            case HealthChange.RECOVERED:
                return f"The sync of {about} works again"
            case HealthChange.TEST:
                return f"Test notification for {about}"


def build_notification(
    notification_id: NotificationId, change: HealthChange, mapping: EventMapping, run: SyncRun
) -> Notification:
    """Build the notification of a health change at the end of a run; it is due immediately."""
    assert run.finished_at is not None, "health changes only at the end of a run"
    at, text = run.finished_at, sentence(change, mapping, run.stop)
    return Notification(
        notification_id, mapping.organization_id, mapping.id, run.id, at, change, text, next_attempt_at=at
    )


def sentence(change: HealthChange, mapping: EventMapping, stop: StopReason | None) -> str:
    label = f"{_short(mapping.destination_event_name)} > {_short(mapping.source_event_name)}"
    why = _reason(stop, mapping.systems)
    match change:
        case HealthChange.HALTED:
            return (
                f"The sync of {label} has stopped. {why} Nothing is synced automatically over this connection to "
                f"{mapping.systems.destination} until the token is replaced."
            )
        case HealthChange.FAILING if mapping.continuous_sync:
            return f"The sync of {label} has started to fail. {why} It is retried automatically, at increasing intervals."
        case HealthChange.FAILING:
            return f"The sync of {label} has failed. {why} Resolve this, then sync again."
    return f"The sync of {label} works again."


def build_message(
    notification: Notification, organization: Organization, mapping: EventMapping, url: str
) -> Message:
    return Message(
        notification.id,
        notification.at,
        Named(organization.id, _short(organization.name)),
        notification.change,
        notification.text,
        url,
        mapping.id,
        Named(mapping.events.source_id, _short(mapping.source_event_name)),
        Named(mapping.events.destination_id, _short(mapping.destination_event_name)),
    )


def build_test_message(
    notification_id: NotificationId, at: datetime, organization: Organization, url: str
) -> Message:
    text = "This is a test. You will get a message here when a sync starts to fail and when it works again."
    return Message(
        notification_id, at, Named(organization.id, _short(organization.name)), HealthChange.TEST, text, url
    )


def _reason(stop: StopReason | None, systems: Systems) -> str:
    if stop is None:
        return ""
    system = stop.system or "One of the two systems"
    return _REASONS.get(stop.code, _NO_REASON).format(system=system, source=systems.source)


def _short(text: str, max_length: int = MAX_QUOTED_LENGTH) -> str:
    """Return a text as one line of printable characters, shortened for a subject or a sentence."""
    line = "".join(character for character in " ".join(text.split()) if character.isprintable())
    return line if len(line) <= max_length else f"{line[: max_length - 1]}…"
