"""Reasons for outcomes: all sentences that a report can contain (rule 26)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from core.domain.records.kinds import RecordKind
from core.domain.systems import Systems

FIELD_NAMES = {
    "starts_at": "starts at",
    "ends_at": "ends at",
    "email": "e-mail",
    "first_name": "first name",
    "last_name": "last name",
    "job_title": "job title",
    "company_name": "company name",
}

MISSING_FIELD_CODES = frozenset({"missing_fields", "primary_without_email"})
"""Codes of the reasons for a missing required field."""
ENDED_CONNECTION = "ended_connection"
"""The code of the reason for a record that was sent under an ended connection (rule 10)."""
SETTING_CODES = frozenset({"role_off", "role_not_accepted", "not_confirmed"})
"""Codes of the reasons that come from the mapping's settings, not from the source."""


@dataclass(frozen=True, slots=True)
class Reason:
    """The reason for an outcome: a code for machines, a sentence for people, and details or advice."""

    code: str
    sentence: str
    detail: str = ""

    def with_note(self, *notes: str) -> "Reason":
        """Return the reason with notes added to its detail."""
        if not notes:
            return self
        detail = " ".join(text for text in (self.detail, *notes) if text)
        return replace(self, detail=detail)


def field_name(field: str) -> str:
    return FIELD_NAMES.get(field, field.replace("_", " "))


def _listed(fields: Iterable[str]) -> str:
    return ", ".join(field_name(field) for field in fields)


# Written


@cache
def new(systems: Systems) -> Reason:
    return Reason("new", f"New in {systems.destination}.")


@cache
def gone_from_destination(systems: Systems) -> Reason:
    return Reason(
        "gone_from_gleanin",
        f"It was deleted in {systems.destination} but is still in the programme, so it is created again.",
    )


@cache
def still_there(systems: Systems) -> Reason:
    return Reason(
        "still_there", f"{systems.destination} did not list it but still has it, so it is sent again."
    )


UNCONFIRMED = Reason("unconfirmed", "An earlier change was never confirmed, so all fields are sent again.")
FOUND_AGAIN = Reason(
    "found_again", "An earlier run created it but could not record that; it was found by its id."
)
SAME = Reason("same", "Nothing has changed since it was last sent.")


def changed(fields: Iterable[str]) -> Reason:
    return Reason("changed", f"Changed: {_listed(fields)}.")


# Skipped (rules 10, 12, 14, 35, 44)
PASSED = Reason("passed", "The session has passed.")
ABSTRACT = Reason("abstract", "It is an abstract, not a program session.")
COMPOSITION_SOURCE = Reason(
    "composition_source", "It was merged into another session, which is synced instead."
)
SUBSESSION = Reason("subsession", "It is a subsession; only the session it belongs to is synced.")
NO_SYNCING_SESSION = Reason("no_syncing_session", "None of this person's sessions are synced.")
SESSIONS_PASSED = Reason("sessions_passed", "All of this person's sessions have passed.")


@cache
def sessions_blocked(systems: Systems) -> Reason:
    return Reason(
        "sessions_blocked",
        "All sessions this person could be synced for are blocked.",
        f"Correct those sessions in {systems.source}. Their outcomes say how.",
    )


@cache
def role_without_category(systems: Systems) -> Reason:
    return Reason(
        "role_without_category",
        "The person's role has no category (speaker, chairperson or moderator).",
        f"Set the role's category in {systems.source}.",
    )


@cache
def ended_connection(systems: Systems) -> Reason:
    return Reason(
        ENDED_CONNECTION,
        f"It was synced before you disconnected, so it is no longer updated in this {systems.destination} event.",
        f"Edit it in {systems.destination} by hand, or map the event to another {systems.destination} event.",
    )


def not_accepted(status: str | None) -> Reason:
    return Reason("not_accepted", f"Its status is {status or 'not set'}, not accepted.")


def role_off(roles: Iterable[str]) -> Reason:
    names = " and ".join(sorted(f"{role}s" for role in roles))
    return Reason(
        "role_off", f"The mapping does not sync {names}.", "Turn the role on in the mapping's settings."
    )


@cache
def not_confirmed(systems: Systems) -> Reason:
    return Reason(
        "not_confirmed",
        "It is accepted, but the people in it have not confirmed it.",
        f"When they confirm it in {systems.source}, the next sync sends it. To sync it now, turn off "
        "“only accepted roles” in the mapping's settings.",
    )


@cache
def role_not_accepted(systems: Systems) -> Reason:
    return Reason(
        "role_not_accepted",
        "The person has not accepted a role in any of the sessions that could be synced.",
        f"When they accept one in {systems.source}, the next sync sends them. To sync them now, turn off "
        "“only accepted roles” in the mapping's settings.",
    )


def synced_as_another(kind: RecordKind, other: RecordKind, systems: Systems) -> Reason:
    """Return the reason for a record that is in the destination as one of another kind (rule 44)."""
    as_other, as_this = _with_article(other.singular), _with_article(kind.singular)
    return Reason(
        "synced_as_another",
        f"It is synced already as {as_other}, so it is not synced as {as_this}.",
        f"{systems.destination} has one contact for both. To sync it as {as_this}, remove the person from the "
        f"{other.plural} in {systems.source} and delete the contact in {systems.destination}.",
    )


def _with_article(noun: str) -> str:
    return f"{'an' if noun[:1].lower() in set('aeiou') else 'a'} {noun}"


# Kept (rule 22)


@cache
def not_in_source(systems: Systems) -> Reason:
    return Reason("not_in_sessionboard", f"It is no longer in {systems.source}'s programme.")


NOT_ALL_READ = Reason(
    "not_all_read",
    "Not all of the programme could be read, so this record may or may not still be in it.",
    "The message of this run says what is missing.",
)


def delete_by_hand(systems: Systems) -> str:
    return f"It stays in {systems.destination}. To remove it, an admin must delete it there by hand."


def stays_as_sent(systems: Systems) -> str:
    return f"It stays in {systems.destination} as it was last sent."


# Blocked (rules 13 to 19)
def missing(fields: Iterable[str], systems: Systems) -> Reason:
    fields = tuple(fields)
    subject, pronoun = ("Required field is", "it") if len(fields) == 1 else ("Required fields are", "them")
    return Reason(
        "missing_fields",
        f"{subject} missing: {_listed(fields)}.",
        f"Add {pronoun} in {systems.source}, then sync again.",
    )


def unreadable_times(times: Iterable[tuple[str, str]], systems: Systems) -> Reason:
    found = "; ".join(f"{field_name(field)} is {text!r:.60}" for field, text in times)
    return Reason(
        "unreadable_time",
        f"The time is invalid or has no time zone: {found}.",
        f"Set the time again in {systems.source}.",
    )


@cache
def ends_before_start(systems: Systems) -> Reason:
    return Reason(
        "ends_before_start", "It ends before it starts.", f"Correct starts at or ends at in {systems.source}."
    )


def not_an_address(email: str, systems: Systems) -> Reason:
    return Reason(
        "not_an_address", f"The e-mail {email!r:.80} is not valid.", f"Correct it in {systems.source}."
    )


def same_email(goes: str, blocked: str, email: str, systems: Systems) -> Reason:
    return Reason(
        "same_email",
        f"{blocked} has the same e-mail as {goes} ({email}); only {goes} is synced.",
        f"Give each person their own e-mail in {systems.source}, or merge the two.",
    )


def foreign_contact(email: str, systems: Systems) -> Reason:
    return Reason(
        "foreign_contact",
        f"The e-mail {email} belongs to a contact in {systems.destination} that this sync did not create.",
        f"Delete or disconnect that contact in {systems.destination}.",
    )


def email_of_kept(email: str, holder: str, systems: Systems) -> Reason:
    return Reason(
        "email_of_kept",
        f"The e-mail {email} already belongs to {holder} in {systems.destination}, who was synced earlier.",
        f"Delete that contact in {systems.destination}, or correct one of the two e-mails in {systems.source}.",
    )


def no_primary_contact(exhibitor: str, systems: Systems) -> Reason:
    return Reason(
        "no_primary_contact",
        f"The exhibitor {exhibitor} has no primary contact.",
        f"Choose a primary contact in {systems.source}.",
    )


def primary_without_email(exhibitor: str, primary: str, systems: Systems) -> Reason:
    return Reason(
        "primary_without_email",
        f"The primary contact of the exhibitor {exhibitor}, {primary}, has no e-mail.",
        f"Add the primary contact's e-mail in {systems.source}, then sync again.",
    )


def unreadable(kind: RecordKind, problem: str, systems: Systems) -> Reason:
    return Reason("unreadable", f"{systems.source}'s data for this {kind} cannot be read: {problem}")


@cache
def no_id(systems: Systems) -> Reason:
    return Reason(
        "no_id",
        f"{systems.source} sent it without an id, so the next sync could not recognize it.",
        f"If this persists, contact {systems.source}'s support.",
    )


# Failed
def dependency_failed(email: str) -> Reason:
    return Reason(
        "waited_in_vain",
        f"It needs the e-mail {email}, but the record that has it now could not be updated.",
        "Resolve that record's outcome first, then sync again.",
    )


def rejected(message: str, systems: Systems, *, waited: bool = False) -> Reason:
    """Return the reason for a write that the destination rejected.

    Args:
        message: the destination's own words.
        waited: the record waited for an e-mail that another record had.
    """
    advice = f"Correct what {systems.destination} names, then sync again."
    if waited:
        advice += (
            " If it names the e-mail, another contact still has it. If two people are swapping e-mails, give one of "
            "them a temporary one first."
        )
    return Reason("rejected", f"{systems.destination} rejected it: {message}", advice)


def plugin_failed(message: str) -> Reason:
    """Return the reason for a write that was not sent because a plug-in failed; the message names it."""
    return Reason("plugin_failed", f"It was not sent: {message}")


def forbidden(message: str, systems: Systems) -> Reason:
    return Reason(
        "forbidden",
        f"{systems.destination} refused this write, although it accepts the token: {message}",
        f"A firewall may have blocked words in the text. Change them in {systems.source}, or contact {systems.destination}'s support.",
    )


def no_answer(message: str, systems: Systems) -> Reason:
    return Reason(
        "no_answer",
        f"{systems.destination} did not confirm it: {message}",
        "The next sync looks it up, and sends it again if it is missing.",
    )


def kind_unknown(why: str, systems: Systems) -> Reason:
    return Reason(
        "kind_unknown",
        f"Records of this kind cannot be written safely. {why}",
        f"Ask {systems.destination}'s support whether your account has such records.",
    )


def run_stopped(why: str) -> Reason:
    return Reason("run_stopped", f"Not sent: the sync stopped. {why}", "Resolve this, then sync again.")


# Notes, added to a reason's detail
HEIC_LEFT_OUT = "The picture was left out: browsers do not show .heic pictures."


def picture_left_out(value: str) -> str:
    return f"The picture was left out: {value!r:.80} is not an http(s) URL."


def duplicated(copies: Iterable[str], systems: Systems) -> str:
    return f"{systems.destination} has it more than once ({', '.join(copies)}): delete all but one there by hand."


def also_at(sent_for: str, others: Iterable[str]) -> str:
    return f"Sent once, for {sent_for}; this also covers {', '.join(others)}."


def associations_left_out(people: Iterable[str]) -> str:
    return f"Not linked to {', '.join(people)}: synced before you disconnected and no longer updated."


def sessions_left_out(sessions: Iterable[str], systems: Systems) -> str:
    return f"Not linked to {', '.join(sessions)}: not in {systems.destination} yet."


def roles_not_accepted(sessions: Iterable[str]) -> str:
    return f"Not linked to {', '.join(sessions)}: the role in it is not accepted. A link that was sent earlier stays."
