"""The errors that the rules raise, and their sentences.

DomainError
├── NotFound             no such organization, mapping, run or event
├── AlreadyExists        an organization with this name
├── NotConnected         the organization has no open connection
├── AlreadyConnected     rule 3
├── DifferentAccount     the new token has no access to the mapped events
├── AlreadyMapped        rule 4
├── BoundToAnother       rule 5
├── TimeZoneUnknown      rule 7, when mapping: the source reports no known time zone
├── TimeZoneUnconfirmed  rule 7, when mapping: the destination reports no known time zone, so an admin must confirm it
├── EventArchived        the destination's event accepts no changes
├── NotConfirmed         rule 8
├── NotMapped            rule 11
├── StillConnected       the organization to be removed is connected
├── NothingToProbe       the destination's plug-in has no checks to run
├── Forbidden            the actor lacks the permission
├── NotAuthenticated     not signed in, or an invalid API key
│   ├── EmailNotVerified   the identity provider has not verified the e-mail
│   └── IdentityMismatch   the account is bound to another identity of the provider
├── InvalidCredentials   wrong e-mail or password
├── TooManyAttempts      too many attempts to sign in
├── Overloaded           too many requests at the same time
├── LinkExpired          a signed link that is no longer valid
└── InvalidInput         an invalid token, name, address or other input
"""

import re
from datetime import timedelta
from typing import ClassVar, TypeVar

from core.domain.systems import ExternalSystem, Systems

T = TypeVar("T")
MAX_DESCRIPTION_LENGTH = 300
"""Of an unexpected error, in characters."""
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates: databases cannot store them, and some even refuse queries that contain them."""


class DomainError(Exception):
    """An action that a rule forbids. The message is for people, `code` for machines."""

    code: ClassVar[str] = "refused"
    about: str = ""
    """The name of the invalid input, such as `password`; empty if the sentence alone is enough."""


class NotFound(DomainError):
    code = "not_found"

    def __init__(self, what: str, requested: str, hint: str = "") -> None:
        super().__init__(" ".join(part for part in (f"There is no {what} {requested!r:.120}.", hint) if part))
        self.what = what
        self.requested = requested


class AlreadyExists(DomainError):
    code = "already_exists"
    about = "name"

    def __init__(self, name: str) -> None:
        super().__init__(f"An organization named {name!r:.120} already exists. Choose another name.")


class NotConnected(DomainError):
    code = "not_connected"

    def __init__(self, organization: str) -> None:
        super().__init__(f"{organization} is not connected. Connect it first.")


class AlreadyConnected(DomainError):
    code = "already_connected"

    def __init__(self, organization: str, destination: ExternalSystem) -> None:
        super().__init__(
            f"{organization} is already connected to {destination}, and can have only one connection. "
            "Replace its token, or disconnect first. After disconnecting, records that were synced cannot be synced "
            f"again to the same {destination} event."
        )


class DifferentAccount(DomainError):
    code = "other_account"

    def __init__(self, event: str, destination: ExternalSystem) -> None:
        super().__init__(
            f"The token has no access to the {destination} event {event}, which is mapped. Use a token of the same account."
        )


class AlreadyMapped(DomainError):
    code = "already_mapped"

    def __init__(self, system: ExternalSystem, event: str) -> None:
        super().__init__(
            f"The {system} event {event} is already mapped, and an event can be in only one mapping. "
            "Remove that mapping first, or choose another event."
        )
        self.system = system


class BoundToAnother(DomainError):
    code = "bound_to_another"

    def __init__(self, system: ExternalSystem, event: str, partner: str) -> None:
        super().__init__(
            f"The {system} event {event} was synced with {partner} under this connection. "
            "As long as the connection lasts, it can only be mapped to that event."
        )
        self.system = system


class TimeZoneUnknown(DomainError):
    code = "time_zone_unknown"

    def __init__(self, event: str, zone: str | None, source: ExternalSystem) -> None:
        state = f"{zone}, which is not a known time zone" if zone else "not set"
        super().__init__(f"{source}'s time zone of {event} is {state}. Set it in {source}.")


class EventArchived(DomainError):
    code = "event_archived"

    def __init__(self, event: str, destination: ExternalSystem) -> None:
        super().__init__(f"The {destination} event {event} is archived. Activate it in {destination} first.")


class TimeZoneUnconfirmed(DomainError):
    code = "time_zone_unconfirmed"

    def __init__(self, zone: str, offsets: str, systems: Systems, reported: str | None = None) -> None:
        self.zone = zone
        unknown = (
            f'{systems.destination} reports "{reported:.80}" for this event, which is not a known time zone.'
            if reported
            else f"{systems.destination} does not report a time zone for this event."
        )
        super().__init__(
            f"{unknown} In {systems.source} it is {zone} ({offsets}). "
            f"Check that the {systems.destination} event has the same time zone, then confirm it."
        )


class NotConfirmed(DomainError):
    code = "not_confirmed"

    def __init__(self, organization: str) -> None:
        super().__init__(
            f"Disconnecting {organization} ends all its mappings, and records that were synced cannot be synced again "
            "to the same events. Confirm it explicitly."
        )


class NotMapped(DomainError):
    code = "not_mapped"

    def __init__(self, mapping: str) -> None:
        super().__init__(
            f"The mapping {mapping} was removed. Only mapped events can be synced: map them again."
        )


class StillConnected(DomainError):
    code = "still_connected"

    def __init__(self, organization: str) -> None:
        super().__init__(f"{organization} is connected. Disconnect it before you remove it.")


class NothingToProbe(DomainError):
    code = "nothing_to_probe"

    def __init__(self, destination: ExternalSystem) -> None:
        super().__init__(f"{destination} has no checks to run: its plug-in brings none.")


class Forbidden(DomainError):
    code = "forbidden"

    def __init__(self, permission: str) -> None:
        super().__init__("Your role does not allow this. Ask an admin.")
        self.permission = permission


class NotAuthenticated(DomainError):
    code = "not_signed_in"

    def __init__(self, sentence: str = "Sign in first.") -> None:
        super().__init__(sentence)


class EmailNotVerified(NotAuthenticated):
    def __init__(self) -> None:
        super().__init__(
            "Your company's sign-in service has not verified your e-mail address. Verify it there, then sign in again."
        )


class IdentityMismatch(NotAuthenticated):
    def __init__(self, email: str) -> None:
        super().__init__(
            f"The account {email:.120} is bound to another identity at your company's sign-in service. Sign in with that "
            f"identity, or ask your administrator to unbind the account: gleanin-sync user unbind {email:.120}"
        )


class InvalidCredentials(DomainError):
    code = "wrong_credentials"

    def __init__(self) -> None:
        # Do not reveal which of the two is wrong: that would show who has an account.
        super().__init__("The e-mail or password is wrong.")


class TooManyAttempts(DomainError):
    code = "too_many_attempts"

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        seconds = max(1, round(wait.total_seconds()))
        duration = f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"  # noqa: PLR2004 - two minutes
        super().__init__(f"Too many attempts to sign in. Try again in {duration}.")


class Overloaded(DomainError):
    code = "too_busy"

    def __init__(self) -> None:
        super().__init__("The service is busy. Try again in a moment.")


class LinkExpired(DomainError):
    code = "address_expired"

    def __init__(self) -> None:
        super().__init__("This link is no longer valid. Ask the organizer for a new link.")


class InvalidInput(DomainError):
    code = "bad_input"

    def __init__(self, sentence: str, *, about: str = "") -> None:
        super().__init__(sentence)
        self.about = about


def validate_id(what: str, text: str) -> None:
    """Check that a text can be an id, before it is used in a query.

    Raises:
        NotFound: it contains a character that no id has.
    """
    if _NO_TEXT.search(text):
        raise NotFound(what, text)


def require(value: T | None, what: str, requested: str, hint: str = "") -> T:
    """Return the value.

    Raises:
        NotFound: it is None.
    """
    if value is None:
        raise NotFound(what, requested, hint)
    return value


def describe(error: BaseException) -> str:
    """Return an unexpected error in one line: its type and its text, shortened."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:MAX_DESCRIPTION_LENGTH]
