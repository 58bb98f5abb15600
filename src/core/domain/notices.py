"""Notices: what an organization is told, once, when a mapping starts to fail and when it has recovered."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from core.domain.identifiers import MappingId, NoticeId, OrganizationId, RunId
from core.domain.mappings import EventMapping
from core.domain.organizations import Organization
from core.domain.refusals import BadInput
from core.domain.runs import SyncRun
from core.domain.schedule import Schedule
from core.domain.secrets import SealedToken
from core.domain.stops import Stop

GIVEN_UP_AFTER = timedelta(days=1)
FIRST_WAIT = timedelta(minutes=1)
"""Longer than any attempt lasts, so that no other process begins the next one meanwhile."""
LONGEST_WAIT = timedelta(hours=2)
LONGEST_NAME = 200
LONGEST_REASON = 500
LONGEST_EMAIL = 254
_QUOTING_STOPS = frozenset({"token_refused", "unreachable", "unreadable", "masked_emails"})
"""Their sentences go on, after a colon, with what the other side said: that may be anything, a person's data too."""
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*")
"""What goes into a header of an e-mail as it is; the rule of HTML's e-mail fields."""


class Change(StrEnum):
    FAILING = "failing"
    HALTED = "halted"
    """A token was refused: nothing of the connection goes on by itself."""
    RECOVERED = "recovered"
    TRIAL = "trial"
    """None at all: somebody tries whether notices arrive."""


class Channel(StrEnum):
    WEBHOOK = "webhook"
    EMAIL = "email"


class Delivery(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Where an organization's notices go."""

    organization_id: OrganizationId
    channel: Channel
    address: str
    """A URL, or an e-mail."""
    secret: SealedToken | None = None
    """What a webhook's notices are signed with."""

    def __post_init__(self) -> None:
        if self.channel is Channel.EMAIL and not is_plain_email(self.address):
            raise BadInput(
                f"{self.address!r:.80} is no e-mail address that notices can go to. "
                "Write it in plain letters, as in ops@example.org."
            )
        if (self.channel is Channel.WEBHOOK) != (self.secret is not None):
            message = "a webhook's notices are signed, and no others"
            raise ValueError(message)

    @property
    def label(self) -> str:
        """As the audit log calls it: of a webhook's URL the host only, for the rest of it may be a secret."""
        if self.channel is Channel.EMAIL:
            return f"e-mail to {self.address}"
        return f"the webhook at {self.address.partition('://')[2].partition('/')[0].partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is to be told, and how far its delivery has come."""

    id: NoticeId
    organization_id: OrganizationId
    mapping_id: MappingId
    run_id: RunId
    at: datetime
    change: Change
    text: str
    """A sentence or two for people."""
    state: Delivery = Delivery.WAITING
    attempts: int = 0
    next_attempt_at: datetime | None = None
    """None once nothing is to be tried any more."""

    def attempted(self, now: datetime) -> "Notice":
        """Note an attempt that is about to be made; if nothing more is noted, there is another one after a wait."""
        wait = min(FIRST_WAIT * 2 ** min(self.attempts, 16), LONGEST_WAIT)
        return replace(self, attempts=self.attempts + 1, next_attempt_at=now + wait)

    def delivered(self) -> "Notice":
        return replace(self, state=Delivery.DELIVERED, next_attempt_at=None)

    def is_to_be_given_up(self, now: datetime) -> bool:
        """Tell whether it is too late for another attempt; one that was never tried, as we slept, is tried."""
        return self.attempts > 0 and now >= self.at + GIVEN_UP_AFTER

    def given_up(self) -> "Notice":
        return replace(self, state=Delivery.GIVEN_UP, next_attempt_at=None)


@dataclass(frozen=True, slots=True)
class Named:
    id: str
    name: str
    """Short enough, and of one line, whatever the thing is called."""


@dataclass(frozen=True, slots=True)
class Message:
    """A notice as it goes out: nothing in it is a token, or is about a person."""

    id: NoticeId
    at: datetime
    organization: Named
    change: Change
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
            case Change.FAILING:
                return f"The sync of {about} has started to fail"
            case Change.HALTED:
                return f"The sync of {about} has stopped: a token was refused"
            case Change.RECOVERED:
                return f"The sync of {about} works again"
            case Change.TRIAL:
                return f"A trial notice for {about}"


def is_plain_email(text: str) -> bool:
    return len(text) <= LONGEST_EMAIL and _EMAIL.fullmatch(text) is not None


def change_between(before: Schedule, after: Schedule) -> Change | None:
    """Tell what has changed; None for what is as it was, however often it failed again."""
    if after.is_halted and not before.is_halted:
        return Change.HALTED
    if after.is_failing and not before.is_failing:
        return Change.FAILING
    if before.is_failing and not after.is_failing:
        return Change.RECOVERED
    return None


def notice_of(notice_id: NoticeId, change: Change, mapping: EventMapping, run: SyncRun) -> Notice:
    """Put a change that a run has brought into words; it is to be delivered at once."""
    assert run.finished_at is not None, "only the end of a run changes anything"
    at, text = run.finished_at, sentence(change, mapping, run.stop)
    return Notice(
        notice_id, mapping.organization_id, mapping.id, run.id, at, change, text, next_attempt_at=at
    )


def sentence(change: Change, mapping: EventMapping, stop: Stop | None) -> str:
    label = f"{_short(mapping.gleanin_name)} > {_short(mapping.sessionboard_name)}"
    why = _reason(stop)
    match change:
        case Change.HALTED:
            return (
                f"The sync of {label} has stopped. {why} Nothing of this connection to Gleanin is synced by itself "
                "any more until another token is given."
            )
        case Change.FAILING if mapping.continuous_sync:
            return f"The sync of {label} has started to fail. {why} It is tried again by itself, after growing waits."
        case Change.FAILING:
            return f"The sync of {label} has failed. {why} When that is put right, sync again."
    return f"The sync of {label} works again."


def message_of(notice: Notice, organization: Organization, mapping: EventMapping, url: str) -> Message:
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


def trial(notice_id: NoticeId, at: datetime, organization: Organization, url: str) -> Message:
    text = "This is a trial. Notices arrive here when a sync starts to fail, and when it works again."
    return Message(notice_id, at, Named(organization.id, _short(organization.name)), Change.TRIAL, text, url)


def _reason(stop: Stop | None) -> str:
    if stop is None:
        return ""
    if stop.code in _QUOTING_STOPS:
        return f"{_short(stop.sentence.partition(': ')[0], LONGEST_REASON)}."
    return _short(stop.sentence, LONGEST_REASON)


def _short(text: str, longest: int = LONGEST_NAME) -> str:
    """Make one line of a text, of printable characters, that is not too long for a subject or a sentence."""
    line = "".join(character for character in " ".join(text.split()) if character.isprintable())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
