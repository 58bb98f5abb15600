"""What the rules refuse, and in which words.

Refusal
├── NotFound              there is no such organization, mapping, run or event
├── AlreadyExists         an organization of that name
├── NotConnected          the organization has no open connection
├── AlreadyConnected      rule 3
├── DifferentAccount          a renewed token that does not see what is mapped
├── AlreadyMapped         rule 4
├── BoundToAnother        rule 5
├── TimeZoneUnknown       rule 7, when mapping: Sessionboard tells none that there is
├── TimeZoneUnconfirmed   rule 7, when mapping: Gleanin tells none that there is, so an admin has to
├── EventArchived         the Gleanin event takes nothing any more
├── NotConfirmed          rule 8
├── NotMapped             rule 11
├── StillConnected        an organization that is to be removed
├── Forbidden             a right that whoever asks does not have
├── NotAuthenticated           nobody is signed in, or the API key is none
├── EmailNotVerified     a provider does not vouch for the e-mail that would tell the account
├── IdentityMismatch     the account is bound to another identity of the provider
├── InvalidCredentials      e-mail and password do not belong together
├── TooManyAttempts       signing in, again and again
├── Overloaded               more is asked for at once than is good for all
├── LinkExpired        a signed address that opens nothing any more
└── InvalidInput              a token, a name or an address that cannot be one
"""

import re
from datetime import timedelta
from typing import ClassVar, TypeVar

T = TypeVar("T")
_NO_TEXT = re.compile("[\x00\ud800-\udfff]")
"""NUL and lone surrogates: databases store neither, and some refuse even to look for them."""


class DomainError(Exception):
    """Something a rule forbids. Its text is the sentence to show; `code` is for machines."""

    code: ClassVar[str] = "refused"
    about: str = ""
    """Which of several inputs is wrong, as `password`; empty where the sentence alone says it."""


class NotFound(DomainError):
    code = "not_found"

    def __init__(self, what: str, asked: str, hint: str = "") -> None:
        super().__init__(" ".join(part for part in (f"There is no {what} {asked!r:.120}.", hint) if part))
        self.what = what
        self.asked = asked


class AlreadyExists(DomainError):
    code = "already_exists"
    about = "name"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is an organization named {name!r:.120} already. Choose another name.")


class NotConnected(DomainError):
    code = "not_connected"

    def __init__(self, organization: str) -> None:
        super().__init__(f"{organization} is not connected to Gleanin. Connect it first.")


class AlreadyConnected(DomainError):
    code = "already_connected"

    def __init__(self, organization: str) -> None:
        super().__init__(
            f"{organization} is connected to Gleanin already, and can have one connection only. "
            "Replace its token, or disconnect first; mind that what was synced cannot be synced again to the same "
            "Gleanin event."
        )


class DifferentAccount(DomainError):
    code = "other_account"

    def __init__(self, event: str) -> None:
        super().__init__(
            f"The token does not see the Gleanin event {event}, which is mapped. Give a token of the same account."
        )


class AlreadyMapped(DomainError):
    code = "already_mapped"

    def __init__(self, side: str, event: str) -> None:
        super().__init__(
            f"The {side} event {event} is in a mapping already, and an event can be in one only. "
            "Remove that mapping first, or choose another event."
        )
        self.side = side


class BoundToAnother(DomainError):
    code = "bound_to_another"

    def __init__(self, side: str, event: str, partner: str) -> None:
        super().__init__(
            f"The {side} event {event} was synced with {partner} under this connection, "
            "and can be mapped to that event only for as long as the connection lasts."
        )
        self.side = side


class TimeZoneUnknown(DomainError):
    code = "time_zone_unknown"

    def __init__(self, event: str, told: str | None) -> None:
        super().__init__(
            f"Sessionboard's time zone of {event} is {told or 'not set'}, which is no known time zone. "
            "Set it on the event's Details page."
        )


class EventArchived(DomainError):
    code = "event_archived"

    def __init__(self, event: str) -> None:
        super().__init__(f"The Gleanin event {event} is archived. Activate it in Gleanin first.")


class TimeZoneUnconfirmed(DomainError):
    code = "time_zone_unconfirmed"

    def __init__(self, zone: str, offsets: str, reported: str | None = None) -> None:
        self.zone = zone
        unknown = (
            f'For this event\'s time zone Gleanin says "{reported:.80}", which is no known time zone.'
            if reported
            else "Gleanin does not tell this event's time zone."
        )
        super().__init__(
            f"{unknown} In Sessionboard it is {zone} ({offsets}). "
            "Make sure that the Gleanin event has the same, then confirm the time zone."
        )


class NotConfirmed(DomainError):
    code = "not_confirmed"

    def __init__(self, organization: str) -> None:
        super().__init__(
            f"Disconnecting {organization} ends all its mappings, and what was synced cannot be synced again "
            "to the same Gleanin events. It needs an explicit confirmation."
        )


class NotMapped(DomainError):
    code = "not_mapped"

    def __init__(self, mapping: str) -> None:
        super().__init__(
            f"The mapping {mapping} was removed. Sync is offered for mapped events only: map them again."
        )


class StillConnected(DomainError):
    code = "still_connected"

    def __init__(self, organization: str) -> None:
        super().__init__(f"{organization} is connected to Gleanin. Disconnect it before you remove it.")


class Forbidden(DomainError):
    code = "forbidden"

    def __init__(self, right: str) -> None:
        super().__init__(f"This needs the right to {right}, which your role does not have. Ask an admin.")


class NotAuthenticated(DomainError):
    code = "not_signed_in"

    def __init__(self, sentence: str = "Sign in first.") -> None:
        super().__init__(sentence)


class EmailNotVerified(NotAuthenticated):
    def __init__(self) -> None:
        super().__init__(
            "Your company's sign-in does not vouch for your e-mail address. Have the address verified there."
        )


class IdentityMismatch(NotAuthenticated):
    def __init__(self, email: str) -> None:
        super().__init__(
            f"The account of {email:.120} is bound to another identity of your company's sign-in. Sign in with that "
            f"one, or ask an operator of this program to unbind the account: gleanin-sync user unbind {email:.120}"
        )


class InvalidCredentials(DomainError):
    code = "wrong_credentials"

    def __init__(self) -> None:
        # Which of the two is wrong, is said to nobody: it would tell who has an account.
        super().__init__("The e-mail or the password is wrong.")


class TooManyAttempts(DomainError):
    code = "too_many_attempts"

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        seconds = max(1, round(wait.total_seconds()))
        told = f"{seconds} seconds" if seconds < 120 else f"{-(-seconds // 60)} minutes"  # noqa: PLR2004 - two minutes
        super().__init__(f"Too many attempts to sign in. Try again in {told}.")


class Overloaded(DomainError):
    code = "too_busy"

    def __init__(self) -> None:
        super().__init__("Too much is asked for at once. Try again in a moment.")


class LinkExpired(DomainError):
    code = "address_expired"

    def __init__(self) -> None:
        super().__init__("This address is not valid any more. Ask whoever sent it to you for a new one.")


class InvalidInput(DomainError):
    code = "bad_input"

    def __init__(self, sentence: str, *, about: str = "") -> None:
        super().__init__(sentence)
        self.about = about


def validate_id(what: str, asked: str) -> None:
    """See that a text can be the id of anything, before a database is asked for it.

    Raises:
        NotFound
    """
    if _NO_TEXT.search(asked):
        raise NotFound(what, asked)


def require(thing: T | None, what: str, asked: str, hint: str = "") -> T:
    """Give the thing, or refuse with the words for one that is not there."""
    if thing is None:
        raise NotFound(what, asked, hint)
    return thing
